//! The interface as an OpenAPI document.

use std::sync::LazyLock;

use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

use crate::{Code, assets::File, routes};

/// A form with an image.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "only its shape is of use: forms are read piece by piece"
)]
pub(crate) struct ImageForm {
    /// The image's bytes; its part may declare a media type.
    #[schema(value_type = String, format = Binary)]
    image: Vec<u8>,
}

/// An image's bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only its shape is of use")]
pub(crate) struct ImageBytes(Vec<u8>);

#[derive(OpenApi)]
#[openapi(
    info(
        title = "fasgard serve",
        description = "Face presentation attack detection: live, attack or no decision. Every refusal is a problem document (RFC 9457) whose `code` is stable.",
        license(name = "MIT OR Apache-2.0"),
    ),
    paths(
        routes::predict::predict,
        routes::sessions::create,
        routes::sessions::frame,
        routes::sessions::verdict,
        routes::sessions::give_up,
        routes::health::info,
        routes::health::alive,
        routes::health::ready,
        routes::health::metrics,
        routes::files::onnx,
        routes::files::face_onnx,
        routes::files::openapi,
    ),
    components(schemas(Code)),
    modifiers(&Key),
    tags(
        (name = "judge", description = "Judge an image"),
        (name = "sessions", description = "Several frames, one verdict, used once"),
        (name = "operate", description = "Whether it lives, what it counts, how it is used"),
        (name = "page", description = "What the web page needs"),
    ),
)]
struct Document;

struct Key;

impl Modify for Key {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        if let Some(components) = &mut openapi.components {
            let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
            components.add_security_scheme("key", bearer);
        }
    }
}

static SERVED: LazyLock<File> =
    LazyLock::new(|| File::new("application/json", openapi_json().into_bytes()));

/// The document, JSON.
pub fn openapi_json() -> String {
    // Made of constants: it always serialises, which a test shows.
    Document::openapi().to_pretty_json().unwrap_or_default()
}

/// The document as it is served.
pub(crate) fn file() -> &'static File {
    &SERVED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_the_document_where_it_is_answered() {
        let document: serde_json::Value = serde_json::from_str(&openapi_json()).unwrap();
        let names: Vec<&str> = document["components"]["schemas"]["Code"]["enum"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|name| name.as_str())
            .collect();
        let expected: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names, expected);
        // A description that names a code has the code's status.
        let mut named = std::collections::BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                let Some(responses) = operation["responses"].as_object() else {
                    continue;
                };
                for (status, response) in responses {
                    let text = response["description"].as_str().unwrap();
                    for code in Code::ALL {
                        if status != "default" && text.contains(&format!("`{}`", code.as_str())) {
                            assert_eq!(status, code.status().as_str(), "{path} {}", code.as_str());
                            named.insert(code.as_str());
                        }
                    }
                }
            }
        }
        let missing: Vec<_> = expected
            .iter()
            .filter(|name| !named.contains(*name))
            .collect();
        assert_eq!(
            missing,
            [
                &"not-http",
                &"header-slow",
                &"header-too-large",
                &"method-not-allowed"
            ]
        );
    }

    #[test]
    fn the_guide_names_every_code_and_every_key() {
        let guide = include_str!("../../../docs/serve.md");
        for code in Code::ALL {
            let row = format!("| `{}` | {} |", code.as_str(), code.status().as_u16());
            assert!(guide.contains(&row), "{row}");
        }
        let some = Some(std::path::PathBuf::from("x"));
        let config = crate::ServeConfig {
            model: some.clone(),
            threshold: Some(0.5),
            page_assets: some.clone(),
            onnx: some.clone(),
            face_onnx: some.clone(),
            api_keys_file: some,
            ..crate::ServeConfig::default()
        };
        let keys = toml::Table::try_from(config).unwrap();
        for key in keys.keys() {
            assert!(guide.contains(&format!("`{key}`")), "{key}");
        }
    }
}
