//! The document around the sections.

use crate::{
    error::ReportError,
    html::Html,
    sections::{ALL, Context},
};

const STYLE: &str = include_str!("style.css");

/// The whole document.
pub(crate) fn render(ctx: &Context<'_>) -> Result<Html, ReportError> {
    let mut page = Html::new();
    page.raw("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
    // Nothing may be loaded from elsewhere, and no script may run, whatever a file smuggled in.
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">");
    page.raw("<title>").text(&ctx.options.title).raw("</title><style>").raw(STYLE).raw("</style></head>\n<body><header><p class=\"brand\">fasgard · presentation attack detection report</p>");
    page.element("h1", "", &ctx.options.title)
        .raw("<nav aria-label=\"Sections\">");
    let shown: Vec<_> = ALL.iter().filter(|s| (s.shown)(ctx)).collect();
    for section in &shown {
        page.raw("<a href=\"#")
            .raw(section.id)
            .raw("\">")
            .raw(section.title)
            .raw("</a>");
    }
    page.raw("</nav></header>\n<main>");
    for section in shown {
        page.raw("\n<section id=\"")
            .raw(section.id)
            .raw("\"><h2>")
            .raw(section.title)
            .raw("</h2>");
        (section.render)(ctx, &mut page)?;
        page.raw("</section>");
    }
    page.raw("\n</main><footer>A score is higher when a presentation is more likely live; it is accepted if its score is above the threshold. APCER: attacks accepted. BPCER: bona fide (live) presentations rejected.</footer></body></html>\n");
    Ok(page)
}
