//! The files behind the report.

use super::{Context, close_table, open_table};
use crate::{error::ReportError, html::Html, inputs::FileNote};

pub(super) fn render(ctx: &Context<'_>, into: &mut Html) -> Result<(), ReportError> {
    into.raw("<p>Made from these files alone; no model was run. Written by fasgard-report ");
    into.text(env!("CARGO_PKG_VERSION")).raw(".</p>");
    open_table(into, "Input files and their SHA-256.");
    into.raw("<thead><tr><th>Model</th><th>File</th><th>Bytes</th><th>SHA-256</th></tr></thead><tbody class=\"files\">");
    for run in ctx.runs {
        for file_note in &run.files {
            file(into, &run.name, file_note);
        }
    }
    for found in ctx.audits {
        file(into, "", &found.note);
    }
    close_table(into);
    for dir in &ctx.options.data {
        into.raw("<p>Images: ").text(dir.display()).raw("</p>");
    }
    for run in ctx.runs {
        if let Some(config) = &run.config {
            into.raw("<details><summary>Config of ")
                .text(&run.name)
                .raw("</summary><pre>");
            into.text(toml::to_string(config).unwrap_or_default())
                .raw("</pre></details>");
        }
    }
    Ok(())
}

/// One file's row.
fn file(into: &mut Html, run: &str, file: &FileNote) {
    into.raw("<tr><th scope=\"row\">")
        .text(run)
        .raw("<small>")
        .raw(file.role);
    into.raw("</small></th><td>")
        .text(file.path.display())
        .raw("</td>");
    match &file.found {
        Some((bytes, hash)) => {
            into.raw("<td class=\"num\">")
                .text(bytes)
                .raw("</td><td class=\"hash\">");
            into.text(hash).raw("</td></tr>");
        }
        None => {
            into.raw("<td>–</td><td>missing</td></tr>");
        }
    }
}
