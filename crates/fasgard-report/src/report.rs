//! From options to a written document.

use std::path::Path;

use fasgard_data::Dataset;
use fasgard_image::write_atomic;

use crate::{error::ReportError, inputs, options::ReportOptions, page, sections::Context};

/// More samples a species than this are not shown, whatever was asked for.
const MOST_PER_SPECIES: usize = 24;

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSummary {
    /// Size of the document in bytes.
    pub bytes: usize,
    /// The models' names, as shown.
    pub models: Vec<String>,
    /// Files that were missing, as `model: path`.
    pub missing: Vec<String>,
    /// Samples shown of live and of each species, after thinning to fit the size limit.
    pub gallery_per_species: usize,
    /// What the reader of the report is warned of.
    pub warnings: Vec<String>,
}

/// Makes the report of `options` from files only and writes it to `output`, whole or not at all.
///
/// If the document exceeds [`ReportOptions::max_bytes`] it is made again with half as many gallery
/// samples, down to none.
///
/// # Errors
/// [`ReportError`], naming the file and what is wrong; `output` is as it was then.
pub fn write_report(options: &ReportOptions, output: &Path) -> Result<ReportSummary, ReportError> {
    let runs = inputs::load_all(options)?;
    let different_tests = inputs::compare_test_sets(&runs, options.allow_different_test_sets)?;
    let dataset = match options.data.is_empty() {
        true => None,
        false => Some(Dataset::open_all(&options.data)?),
    };
    let audits = inputs::load_audits(options)?;
    let mut context = Context {
        options,
        runs: &runs,
        different_tests,
        dataset: dataset.as_ref(),
        audits: &audits,
        gallery_per_species: options.gallery_per_species.min(MOST_PER_SPECIES),
    };
    let page = loop {
        let page = page::render(&context)?;
        if page.as_str().len() <= options.max_bytes {
            break page;
        }
        if context.gallery_per_species == 0 {
            return Err(ReportError::TooLarge {
                bytes: page.as_str().len(),
                limit: options.max_bytes,
            });
        }
        context.gallery_per_species /= 2;
    };
    write_atomic(output, page.as_str().as_bytes()).map_err(|e| ReportError::Io {
        action: "write",
        path: output.to_owned(),
        source: e.source,
    })?;
    let mut warnings = Vec::new();
    if let Some(what) = &context.different_tests {
        warnings.push(format!(
            "the models were tested on different samples ({what})"
        ));
    }
    for run in &runs {
        for doubt in &run.doubts {
            warnings.push(format!("{}: {doubt}", run.name));
        }
        for warning in run.evaluation.iter().flat_map(|e| &e.warnings) {
            warnings.push(format!("{}: {}", run.name, warning.text));
        }
    }
    for found in &audits {
        let undeclared = found
            .audit
            .leaks
            .iter()
            .filter(|l| l.is_undeclared())
            .count();
        if undeclared > 0 {
            warnings.push(format!(
                "{}: {undeclared} leak(s) between splits that no protocol declares",
                found.note.path.display()
            ));
        }
    }
    Ok(ReportSummary {
        bytes: page.as_str().len(),
        models: runs.iter().map(|r| r.name.clone()).collect(),
        missing: runs
            .iter()
            .flat_map(|r| {
                let gone = r.files.iter().filter(|f| f.found.is_none());
                gone.map(|f| format!("{}: {}", r.name, f.path.display()))
            })
            .collect(),
        gallery_per_species: context.gallery_per_species,
        warnings,
    })
}
