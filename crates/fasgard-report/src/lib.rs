//! Reports made from files: HTML, plots, tables and heat-map galleries. No model is ever run.
//!
//! [`write_report`] makes one self-contained HTML document of one run folder or several,
//! [`write_tables`] the same figures as Markdown, LaTeX or CSV, and [`maps`] is the file in which
//! predicted maps are handed over.
//!
//! ```no_run
//! use std::path::Path;
//! use fasgard_report::{ModelFiles, ReportOptions, write_report};
//!
//! let models = vec![ModelFiles::in_run("runs/8x8"), ModelFiles::in_run("runs/ps")];
//! let mut options = ReportOptions::new("Single scale and pyramid", models);
//! options.data.push("data/faces".into());
//! let summary = write_report(&options, Path::new("report.html"))?;
//! assert!(summary.bytes <= options.max_bytes);
//! # Ok::<(), fasgard_report::ReportError>(())
//! ```

mod data_uri;
mod describe;
mod error;
mod evaluation;
mod gallery;
mod html;
mod inputs;
pub mod maps;
mod options;
mod page;
mod plot;
mod report;
mod sections;
mod tables;
mod training_log;

pub use error::ReportError;
pub use options::{ModelFiles, ReportOptions};
pub use report::{ReportSummary, write_report};
pub use tables::{TableFormat, write_tables};
