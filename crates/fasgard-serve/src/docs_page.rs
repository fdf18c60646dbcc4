//! The OpenAPI document and the problem codes as one page, without scripts.

use std::{fmt::Write, sync::LazyLock};

use serde_json::Value;

use crate::{Code, assets::File, openapi};

/// Methods in the order in which they are shown.
const METHODS: [&str; 3] = ["get", "post", "delete"];

const STYLE: &str = "\
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, .path { font-family: ui-monospace, monospace; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid; }
h3 .method { text-transform: uppercase; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8886; }
";

static PAGE: LazyLock<File> = LazyLock::new(|| {
    let document = serde_json::from_str(&openapi::openapi_json()).unwrap_or_default();
    File::new("text/html; charset=utf-8", html(&document).into_bytes())
});
static SHEET: LazyLock<File> =
    LazyLock::new(|| File::new("text/css; charset=utf-8", STYLE.as_bytes()));

/// The page.
pub(crate) fn file() -> &'static File {
    &PAGE
}

/// Its style.
pub(crate) fn style() -> &'static File {
    &SHEET
}

fn html(document: &Value) -> String {
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>fasgard: the interface</title>\n<link rel=\"stylesheet\" href=\"/docs.css\">\n</head>\n<body>\n",
    );
    let info = &document["info"];
    // Writing to a string cannot fail, here and below.
    let _ = write!(
        out,
        "<h1>{} {}</h1>\n<p>{}</p>\n<p>The same for programs: <a href=\"/openapi.json\">openapi.json</a>. \
         <a href=\"#problems\">Problem codes</a>, <a href=\"#schemas\">shapes</a>.</p>\n",
        text(&info["title"]),
        text(&info["version"]),
        text(&info["description"]),
    );
    for tag in entries(&document["tags"]) {
        let _ = writeln!(out, "<h2>{}</h2>", text(&tag["description"]));
        for (path, item) in fields(&document["paths"]) {
            for method in METHODS {
                let operation = &item[method];
                if entries(&operation["tags"]).any(|name| name == &tag["name"]) {
                    write_operation(&mut out, method, path, operation);
                }
            }
        }
    }
    write_problems(&mut out);
    out += "<h2 id=\"schemas\">Shapes</h2>\n";
    for (name, schema) in fields(&document["components"]["schemas"]) {
        write_schema(&mut out, name, schema);
    }
    out + "</body>\n</html>\n"
}

fn write_operation(out: &mut String, method: &str, path: &str, operation: &Value) {
    let _ = writeln!(
        out,
        "<h3><span class=\"method\">{method}</span> <span class=\"path\">{}</span></h3>\n<p>{}.</p>",
        escaped(path),
        text(&operation["summary"]),
    );
    let mut rows = String::new();
    for parameter in entries(&operation["parameters"]) {
        let _ = writeln!(
            rows,
            "<tr><td>{}</td><td><code>{}</code></td><td>{}</td></tr>",
            text(&parameter["in"]),
            text(&parameter["name"]),
            text(&parameter["description"]),
        );
    }
    for (kind, body) in fields(&operation["requestBody"]["content"]) {
        let _ = writeln!(
            rows,
            "<tr><td>body</td><td><code>{}</code></td><td>{}</td></tr>",
            escaped(kind),
            shape(&body["schema"]),
        );
    }
    if !rows.is_empty() {
        let _ = writeln!(
            out,
            "<table>\n<tr><th>takes</th><th></th><th></th></tr>\n{rows}</table>"
        );
    }
    *out += "<table>\n<tr><th>answers</th><th></th><th></th></tr>\n";
    for (status, response) in fields(&operation["responses"]) {
        let shapes: Vec<String> = fields(&response["content"])
            .map(|(_, body)| shape(&body["schema"]))
            .collect();
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(status),
            shapes.join(", "),
            codes(&text(&response["description"])),
        );
    }
    *out += "</table>\n";
}

fn write_problems(out: &mut String) {
    *out += "<h2 id=\"problems\">Problem codes</h2>\n<p>Every refusal is <code>application/problem+json</code>; \
        programs decide by <code>code</code>.</p>\n<table>\n<tr><th>code</th><th>status</th><th>means</th></tr>\n";
    for code in Code::ALL {
        let (name, status) = (code.as_str(), code.status().as_u16());
        let title = escaped(code.title());
        let _ = writeln!(
            out,
            "<tr id=\"{name}\"><td><code>{name}</code></td><td>{status}</td><td>{title}</td></tr>"
        );
    }
    *out += "</table>\n";
}

fn write_schema(out: &mut String, name: &str, schema: &Value) {
    let _ = writeln!(
        out,
        "<h3 id=\"shape-{0}\">{0}</h3>\n<p>{1}</p>",
        escaped(name),
        text(&schema["description"]),
    );
    let parts = entries(&schema["allOf"]).chain([schema]);
    let mut rows = String::new();
    for part in parts {
        if part.get("$ref").is_some() {
            let _ = writeln!(
                rows,
                "<tr><td></td><td>{}</td><td>all of its fields</td></tr>",
                shape(part)
            );
        }
        for (field, of) in fields(&part["properties"]) {
            let _ = writeln!(
                rows,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                escaped(field),
                shape(of),
                codes(&text(&of["description"])),
            );
        }
    }
    if !rows.is_empty() {
        let _ = writeln!(
            out,
            "<table>\n<tr><th>field</th><th>kind</th><th></th></tr>\n{rows}</table>"
        );
    }
}

/// What kind of value a schema describes, with a link where it is named.
fn shape(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
        let name = escaped(name);
        return format!("<a href=\"#shape-{name}\">{name}</a>");
    }
    let either: Vec<String> = ["oneOf", "anyOf", "allOf"]
        .iter()
        .flat_map(|key| entries(&schema[*key]))
        .map(shape)
        .collect();
    if !either.is_empty() {
        return either.join(" or ");
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", shape(&schema["items"])),
        Value::String(kind) => escaped(kind),
        Value::Array(kinds) => {
            let kinds: Vec<String> = kinds
                .iter()
                .filter_map(Value::as_str)
                .map(|kind| match kind {
                    "array" => format!("list of {}", shape(&schema["items"])),
                    other => escaped(other),
                })
                .collect();
            kinds.join(" or ")
        }
        _ => "any".into(),
    }
}

fn entries(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    escaped(value.as_str().unwrap_or_default())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Escaped text with its `marked` words as code; problem codes with a link to what they mean.
fn codes(escaped: &str) -> String {
    let mut out = String::new();
    for (i, part) in escaped.split('`').enumerate() {
        let known = Code::ALL.iter().any(|code| code.as_str() == part);
        let _ = match (i % 2 == 1, known) {
            (true, true) => write!(out, "<a href=\"#{part}\"><code>{part}</code></a>"),
            (true, false) => write!(out, "<code>{part}</code>"),
            (false, _) => write!(out, "{part}"),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_code_and_shape_is_shown_and_every_link_leads_somewhere() {
        let page = std::str::from_utf8(&file().bytes).unwrap().to_owned();
        let document: Value = serde_json::from_str(&openapi::openapi_json()).unwrap();
        for (path, _) in fields(&document["paths"]) {
            assert!(
                page.contains(&format!("<span class=\"path\">{path}</span>")),
                "{path}"
            );
        }
        for code in Code::ALL {
            assert!(page.contains(&format!("<tr id=\"{}\">", code.as_str())));
        }
        for link in page
            .split("href=\"#")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            assert!(page.contains(&format!("id=\"{link}\"")), "#{link}");
        }
        assert!(!page.contains("<script") && !page.contains("http://"));
        assert_eq!(
            codes("a `busy` b `x`"),
            "a <a href=\"#busy\"><code>busy</code></a> b <code>x</code>"
        );
        assert_eq!(escaped("<\"&"), "&lt;&quot;&amp;");
    }
}
