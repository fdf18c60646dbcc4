//! One raw file, an image or a video: read, its faces found, its samples stored.

use std::ops::ControlFlow;
use std::path::Path;

use fasgard_image::{FaceBox, decode_bytes, read_bounded};

use super::face::{Faces, Found, find};
use super::journal::Entry;
use super::names::Job;
use super::output::write_folder_file;
use super::store::{Frame, extension};
use super::{Failure, PrepareError, PrepareOptions};
use crate::layout::{Annotations, Layout, Turn, is_video};
use crate::manifest::ManifestRow;
use crate::video::{Tools, clockwise};

/// What every medium is prepared with.
pub(super) struct Work<'a> {
    pub(super) layout: &'a dyn Layout,
    pub(super) root: &'a Path,
    pub(super) output: &'a Path,
    pub(super) options: &'a PrepareOptions,
    pub(super) faces: Option<&'a Faces>,
    pub(super) tools: Option<Tools>,
}

impl Work<'_> {
    /// Stores the samples of a medium. What is wrong with the medium becomes a failure in the
    /// entry; only an output that cannot be written is an error.
    pub(super) fn store(&self, job: &Job) -> Result<Entry, PrepareError> {
        let mut entry = Entry {
            planned: 1,
            ..Entry::default()
        };
        let done = self.layout.annotations(self.root, &job.row);
        let done = match done {
            Err(error) => Err(Trouble::Medium(error.to_string())),
            Ok(annotations) if is_video(job.row.image.as_str()) => {
                self.video(job, &annotations, &mut entry)
            }
            Ok(annotations) => self.image(job, &annotations, &mut entry),
        };
        match done {
            Ok(()) => Ok(entry),
            Err(Trouble::Output(error)) => Err(error),
            Err(Trouble::Medium(reason)) => {
                entry.failures.push(failure(&job.row, reason));
                Ok(entry)
            }
        }
    }

    fn image(
        &self,
        job: &Job,
        annotations: &Annotations,
        entry: &mut Entry,
    ) -> Result<(), Trouble> {
        let limits = &self.options.limits;
        let path = job.row.image.under(self.root);
        let bytes = read_bounded(&path, limits).map_err(medium)?;
        let mut image = decode_bytes(&path, &bytes, limits, true).map_err(medium)?;
        let mut file = Some((bytes.as_slice(), extension(job.row.image.as_str())));
        if self.layout.turn(&job.row) == Turn::Half {
            image = clockwise(image, 180);
            file = None;
        }
        let frame = Frame {
            image: &image,
            file,
            row: job.row.clone(),
            root: self.root,
            stem: &job.stem,
        };
        self.frame(frame, annotations, 0, None, entry)?;
        Ok(())
    }

    fn video(
        &self,
        job: &Job,
        annotations: &Annotations,
        entry: &mut Entry,
    ) -> Result<(), Trouble> {
        let Some(tools) = &self.tools else {
            return Err(Trouble::Medium("expected ffmpeg, found none".to_owned()));
        };
        let limits = &self.options.video_limits;
        let path = job.row.image.under(self.root);
        let info = tools.probe(&path, limits).map_err(medium)?;
        let indices = self.options.frames.indices(info.frames, &job.row.key());
        entry.planned = (indices.len() as u64).max(1);
        let half = self.layout.turn(&job.row) == Turn::Half && info.rotation != 180;
        let mut near: Option<FaceBox> = None;
        let mut trouble = None;
        let decoded = tools.frames(&path, &info, &indices, half, limits, &mut |index, image| {
            let mut row = job.row.clone();
            row.video.get_or_insert_with(|| job.row.sample.clone());
            row.sample = format!("{}/{index:05}", job.row.sample);
            row.frame = Some(index);
            let frame = Frame {
                image: &image,
                file: None,
                row,
                root: self.root,
                stem: &format!("{}/{index:05}", job.stem),
            };
            match self.frame(frame, annotations, index, near, entry) {
                Ok(found) => near = found.or(near),
                Err(Trouble::Medium(_)) => {}
                Err(error) => {
                    trouble = Some(error);
                    return ControlFlow::Break(());
                }
            }
            ControlFlow::Continue(())
        });
        if let Some(trouble) = trouble {
            return Err(trouble);
        }
        match decoded.map_err(medium)?.problem {
            // The frames that decode are stored; what did not is told.
            Some(problem) => Err(Trouble::Medium(problem)),
            None => Ok(()),
        }
    }

    /// Stores one frame, or notes why not; where its face is.
    fn frame(
        &self,
        frame: Frame<'_>,
        annotations: &Annotations,
        index: u64,
        previous: Option<FaceBox>,
        entry: &mut Entry,
    ) -> Result<Option<FaceBox>, Trouble> {
        let given = annotations.at(index, frame.image.dimensions());
        let row = frame.row.clone();
        let made = find(frame.image, &row, given, self.options, self.faces, previous)
            .and_then(|found: Found| Ok((frame.stored(&found, self.options)?, found.near)));
        match made {
            Ok((stored, near)) => {
                for (path, bytes) in &stored.files {
                    write_folder_file(&path.under(self.output), bytes).map_err(Trouble::Output)?;
                }
                entry.rows.push(stored.row);
                Ok(near)
            }
            Err(reason) => {
                entry.failures.push(failure(&row, reason));
                Ok(None)
            }
        }
    }
}

enum Trouble {
    /// The medium's own: a line of `failures.csv`.
    Medium(String),
    /// The work cannot go on.
    Output(PrepareError),
}

fn medium(error: impl std::fmt::Display) -> Trouble {
    Trouble::Medium(error.to_string())
}

fn failure(row: &ManifestRow, reason: String) -> Failure {
    Failure {
        sample: row.sample.clone(),
        path: row.image.to_string(),
        reason,
    }
}
