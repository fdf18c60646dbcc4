//! A writer of markup that cannot be injected into.
//!
//! Markup is only ever `&'static str` (text of this crate); whatever comes from a file goes
//! through [`Html::text`], which escapes it for element content and for quoted attributes alike.

use std::fmt::{self, Display, Write};

/// A growing piece of HTML or SVG.
#[derive(Clone, Debug, Default)]
pub(crate) struct Html(String);

impl Html {
    /// An empty piece.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Appends markup written in this crate.
    pub(crate) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Appends `value` escaped.
    pub(crate) fn text(&mut self, value: impl Display) -> &mut Self {
        // Writing into a String cannot fail unless Display itself does.
        let _ = write!(Escaped(&mut self.0), "{value}");
        self
    }

    /// Appends `<tag class="class">text</tag>`; no class attribute if `class` is empty.
    pub(crate) fn element(
        &mut self,
        tag: &'static str,
        class: &'static str,
        text: impl Display,
    ) -> &mut Self {
        self.open(tag, class).text(text).close(tag)
    }

    /// Appends `<tag class="class">`.
    pub(crate) fn open(&mut self, tag: &'static str, class: &'static str) -> &mut Self {
        self.raw("<").raw(tag);
        if !class.is_empty() {
            self.raw(" class=\"").raw(class).raw("\"");
        }
        self.raw(">")
    }

    /// Appends `</tag>`.
    pub(crate) fn close(&mut self, tag: &'static str) -> &mut Self {
        self.raw("</").raw(tag).raw(">")
    }

    /// Appends ` name="value"`, the value escaped.
    pub(crate) fn attr(&mut self, name: &'static str, value: impl Display) -> &mut Self {
        self.raw(" ").raw(name).raw("=\"").text(value).raw("\"")
    }

    /// The markup so far.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                // Control characters are not allowed in HTML and could hide text.
                c if c.is_control() && c != '\n' && c != '\t' => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_attributes_are_escaped() {
        let mut html = Html::new();
        html.raw("<a").attr("title", "\" onclick='x'").raw(">");
        html.text("<script>&\u{0}").close("a");
        assert_eq!(
            html.as_str(),
            "<a title=\"&quot; onclick=&#39;x&#39;\">&lt;script&gt;&amp;\u{fffd}</a>"
        );
    }
}
