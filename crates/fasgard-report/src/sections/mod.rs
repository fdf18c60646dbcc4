//! The report's sections, one a file. Adding one: add a file and a line in [`ALL`].

mod audit;
mod breakdown;
mod conventions;
mod epc;
mod gallery;
mod histogram;
mod iso;
mod operating;
mod provenance;
mod reliability;
mod roc_det;
mod species;
mod summary;
mod training;

use crate::{
    error::ReportError,
    html::Html,
    inputs::{AuditFile, Run},
    options::ReportOptions,
};

/// What sections are made from.
pub(crate) struct Context<'a> {
    pub(crate) options: &'a ReportOptions,
    pub(crate) runs: &'a [Run],
    /// How the models' test samples differ, if they do.
    pub(crate) different_tests: Option<String>,
    /// Where the gallery's images come from.
    pub(crate) dataset: Option<&'a fasgard_data::Dataset>,
    /// What was found about the datasets.
    pub(crate) audits: &'a [AuditFile],
    /// Samples shown of live and of each species.
    pub(crate) gallery_per_species: usize,
}

/// A section of the document.
pub(crate) struct Section {
    /// Anchor.
    pub(crate) id: &'static str,
    /// Heading.
    pub(crate) title: &'static str,
    /// Whether there is anything to show; a section that is always there says what is missing.
    pub(crate) shown: fn(&Context<'_>) -> bool,
    /// Writes the section's content.
    pub(crate) render: fn(&Context<'_>, &mut Html) -> Result<(), ReportError>,
}

/// Every section, in reading order.
pub(crate) const ALL: [Section; 14] = [
    Section {
        id: "summary",
        title: "Summary",
        shown: |_| true,
        render: summary::render,
    },
    Section {
        id: "conventions",
        title: "Conventions side by side",
        shown: conventions::shown,
        render: conventions::render,
    },
    Section {
        id: "species",
        title: "Attack species",
        shown: |_| true,
        render: species::render,
    },
    Section {
        id: "breakdown",
        title: "Breakdowns",
        shown: breakdown::shown,
        render: breakdown::render,
    },
    Section {
        id: "iso",
        title: "ISO/IEC 30107-3",
        shown: iso::shown,
        render: iso::render,
    },
    Section {
        id: "curves",
        title: "ROC and DET",
        shown: |_| true,
        render: roc_det::render,
    },
    Section {
        id: "operating",
        title: "Operating points",
        shown: operating::shown,
        render: operating::render,
    },
    Section {
        id: "epc",
        title: "Expected performance",
        shown: epc::shown,
        render: epc::render,
    },
    Section {
        id: "scores",
        title: "Scores",
        shown: |_| true,
        render: histogram::render,
    },
    Section {
        id: "reliability",
        title: "Reliability",
        shown: reliability::shown,
        render: reliability::render,
    },
    Section {
        id: "training",
        title: "Training",
        shown: |_| true,
        render: training::render,
    },
    Section {
        id: "gallery",
        title: "What the maps show",
        shown: |_| true,
        render: gallery::render,
    },
    Section {
        id: "audit",
        title: "Audit of the data",
        shown: |ctx| !ctx.audits.is_empty(),
        render: audit::render,
    },
    Section {
        id: "provenance",
        title: "Provenance",
        shown: |_| true,
        render: provenance::render,
    },
];

/// Says plainly which models lack the file a section is made from.
fn missing(into: &mut Html, runs: &[&Run], file: &str, effect: &'static str) {
    if runs.is_empty() {
        return;
    }
    let names: Vec<&str> = runs.iter().map(|r| r.name.as_str()).collect();
    into.raw("<p class=\"missing\"><b>Missing:</b> ")
        .text(file)
        .raw(" of ");
    into.text(names.join(", "))
        .raw(". ")
        .raw(effect)
        .raw("</p>");
}

/// Opens a table that scrolls sideways on narrow screens.
fn open_table(into: &mut Html, caption: &'static str) {
    into.raw("<div class=\"scroll\"><table><caption>")
        .raw(caption)
        .raw("</caption>");
}

/// Closes what [`open_table`] opened.
fn close_table(into: &mut Html) {
    into.raw("</tbody></table></div>");
}
