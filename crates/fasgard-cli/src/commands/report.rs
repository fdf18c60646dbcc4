//! `fasgard report`.

use fasgard_report::{
    ModelFiles, ReportError, ReportOptions, TableFormat, write_report, write_tables,
};

use crate::{args::Report, failure::misuse, progress::say};

pub(super) fn run(args: &Report) -> anyhow::Result<()> {
    let models = args.runs.iter().map(ModelFiles::in_run).collect();
    let mut options = ReportOptions::new(args.title.clone(), models);
    options.data.clone_from(&args.data);
    options.audits.clone_from(&args.audit);
    options.gallery_per_species = args.gallery;
    let summary = write_report(&options, &args.output).map_err(|error| match error {
        ReportError::Io { .. } | ReportError::TooLarge { .. } => error.into(),
        other => misuse(other),
    })?;
    for warning in &summary.warnings {
        say(&format!("warning: {warning}"));
    }
    for missing in &summary.missing {
        say(&format!("note: missing {missing}"));
    }
    if let Some(folder) = &args.tables {
        std::fs::create_dir_all(folder)
            .map_err(|e| misuse(format!("{}: {e}", folder.display())))?;
        for format in TableFormat::ALL {
            write_tables(
                &options,
                &folder.join(format!("tables.{}", format.extension())),
            )?;
        }
    }
    super::print(&format!(
        "report: {} ({} KiB)\n",
        args.output.display(),
        summary.bytes / 1024
    ))
}
