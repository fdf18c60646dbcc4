//! Raw recordings to a prepared dataset.

mod crop;
mod depth;
mod emptied;
mod error;
mod face;
mod hash;
mod journal;
mod medium;
mod names;
mod options;
mod output;
mod plan;
mod select;
mod store;
mod verify;

use std::ops::ControlFlow;
use std::path::Path;

pub use depth::DEPTH_ATTRIBUTE;
pub use error::PrepareError;
pub use face::Faces;
pub use options::{AttackDepth, CropPolicy, DepthPolicy, PrepareOptions, StoredFormat};
pub use plan::Plan;
pub use verify::{CheckError, CheckReport, Damaged, check};

pub(crate) use emptied::emptied;
pub(crate) use hash::sha256_hex;
pub(crate) use options::words;
pub(crate) use output::{Output, write_folder_file};

use crate::info::{Count, OfficialCount};
use crate::layout::Layout;

/// Side of stored masks and depth maps in pixels.
pub const MAP_SIDE: u32 = 128;

/// Side of the stored crop as a multiple of the face box's longer side, if no other is asked for: room
/// for the crop scales and jitter of the configurations that come with the program.
pub const WIDE_SCALE: f32 = 1.6;

/// The most that may be asked for.
pub(crate) const MAX_WIDE_SCALE: f32 = 4.0;

/// How far long work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Files done.
    pub done: u64,
    /// Files in all.
    pub total: u64,
    /// Failures so far.
    pub failed: u64,
}

/// A sample that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The sample.
    pub sample: String,
    /// Its image, below the input.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// What [`prepare`] found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrepareSummary {
    /// Name of the dataset.
    pub name: String,
    /// Samples per split, label and species: listed by the input, and stored. After a dry run
    /// nothing is stored.
    pub counts: Vec<Count>,
    /// Published sizes beside what the input lists.
    pub official: Vec<OfficialCount>,
    /// Files that the layout expects and the input does not have.
    pub missing: Vec<String>,
    /// Media in the input that the layout does not know.
    pub surplus: Vec<String>,
    /// What a reader must know: how splits were made, what was left out, classes that are absent.
    pub notes: Vec<String>,
    /// What was left out, in the order of the input; also in `failures.csv`.
    pub failures: Vec<Failure>,
    /// Media, images and videos, that the input lists.
    pub listed: u64,
    /// Media that an earlier, interrupted run had done.
    pub resumed: u64,
    /// Samples that were stored.
    pub stored: u64,
    /// Whether nothing was written on purpose.
    pub dry_run: bool,
}

/// Reads `input` by its layout and writes a prepared dataset to the folder `output`.
///
/// Images and the chosen frames of videos are decoded, their faces found if
/// [`PrepareOptions::crop`] or [`PrepareOptions::depth`] asks for it (with `faces`), cut and stored
/// in `faces/`, their maps in `masks/` and `depth/`; then come `failures.csv`, `dataset.toml` and,
/// last, `manifest.csv`: without a manifest a folder is no dataset. Everything that is written is
/// the same for any number of threads. `progress` is called after every file, from many threads;
/// its [`ControlFlow::Break`] stops the work.
///
/// An interrupted preparation goes on where it stopped if the same work is asked for again: nothing
/// that is done is done again.
///
/// A sample that cannot be stored becomes a line of `failures.csv` and the work goes on.
///
/// # Errors
/// [`PrepareError`]: the input is not of the layout, the output is not empty (see
/// [`PrepareOptions::overwrite`]) or not writable, ffmpeg or the face weights are needed and
/// missing, the work was stopped, or failures left nothing, or nothing of a class of a split. The
/// folder then holds no manifest.
pub fn prepare(
    layout: &dyn Layout,
    input: &Path,
    output: &Path,
    options: &PrepareOptions,
    faces: Option<&Faces>,
    progress: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
) -> Result<PrepareSummary, PrepareError> {
    let plan = Plan::new(layout, input, options)?;
    if options.dry_run {
        return Ok(plan.summary());
    }
    plan.run(output, faces, progress)
}
