//! Chosen frames, one after another.

use std::ffi::OsString;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

use fasgard_image::RgbImage;

use super::child::Running;
use super::select::Selection;
use super::tools::{Tools, file_argument, input_options};
use super::{VideoError, VideoInfo, VideoLimits, ppm, turn};

const PROGRAM: &str = "ffmpeg";

/// What came out of a video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Frames handed over.
    pub frames: u64,
    /// What went wrong with a video that still gave frames, in one line; `None` if nothing did, or
    /// if the caller stopped.
    pub problem: Option<String>,
}

impl Tools {
    /// Hands the frames of `indices` to `each` in ascending order, upright, until it breaks.
    ///
    /// The video is decoded from its start to the last of them, which is what makes them exact;
    /// only they are converted to RGB. `half_turn` turns by 180 degrees beyond what the file says,
    /// for recordings that are upside down. A damaged video gives the frames that decode, some of
    /// which may be patched up by the decoder, and a problem. Pictures of another size than `info`
    /// says end the video with a problem.
    ///
    /// # Errors
    /// If there is no frame at all, a limit is exceeded or the system refuses a process.
    pub fn frames(
        &self,
        path: &Path,
        info: &VideoInfo,
        indices: &[u64],
        half_turn: bool,
        limits: &VideoLimits,
        each: &mut dyn FnMut(u64, RgbImage) -> ControlFlow<()>,
    ) -> Result<Decoded, VideoError> {
        // Of the caller's making, perhaps: pictures are allocated by its size.
        limits.check(path, info)?;
        let mut wanted = indices.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        let [first, ..] = wanted[..] else {
            return Ok(Decoded {
                frames: 0,
                problem: None,
            });
        };
        let io = |source| VideoError::Io {
            path: path.to_owned(),
            program: PROGRAM,
            source,
        };
        let selection = Selection::new(&wanted);
        let mut command = Command::new(&self.ffmpeg);
        command.args(self.arguments(path, info, &selection, &wanted, limits));
        let (running, mut stdout) = Running::start(&mut command, limits.timeout).map_err(io)?;
        let (width, height) = info.stored();
        let degrees = (info.rotation + if half_turn { 180 } else { 0 }) % 360;
        let (mut passed, mut frames) = (0, 0);
        let mut broken = None;
        while frames < wanted.len() {
            let image = match running.waiting(|| ppm::read(&mut stdout, width, height)) {
                Ok(Some(image)) => image,
                Ok(None) => break,
                // What it has to say about it comes with its end.
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
                Err(error) => {
                    broken = Some(error.to_string());
                    running.kill();
                    break;
                }
            };
            let index = if selection.exact {
                wanted[frames]
            } else {
                first + passed
            };
            passed += 1;
            if index != wanted[frames] {
                continue;
            }
            frames += 1;
            if each(index, turn::clockwise(image, degrees)).is_break() {
                // Dropping the child kills it.
                return Ok(Decoded {
                    frames: frames as u64,
                    problem: None,
                });
            }
        }
        let ended = running.finish().map_err(io)?;
        let mut problems = Vec::new();
        if let Some(missed) = wanted.get(frames) {
            problems.push(format!(
                "expected {} frames, found {frames}: frame {missed} does not decode",
                wanted.len()
            ));
        }
        let seconds = limits.timeout.as_secs();
        if ended.expired {
            problems.push(format!("stopped after {seconds} seconds"));
        }
        problems.extend(broken);
        problems.extend(ended.said);
        if problems.is_empty() && !ended.status.success() {
            problems.push(format!("{PROGRAM} ended with {}", ended.status));
        }
        let path = || path.to_owned();
        match (frames, ended.expired) {
            (0, true) => Err(VideoError::Timeout {
                path: path(),
                program: PROGRAM,
                seconds,
            }),
            (0, false) => Err(VideoError::NoFrames {
                path: path(),
                found: problems.join("; "),
            }),
            _ => Ok(Decoded {
                frames: frames as u64,
                problem: (!problems.is_empty()).then(|| problems.join("; ")),
            }),
        }
    }

    fn arguments(
        &self,
        path: &Path,
        info: &VideoInfo,
        selection: &Selection,
        wanted: &[u64],
        limits: &VideoLimits,
    ) -> Vec<OsString> {
        let (width, height) = info.stored();
        let expression = &selection.expression;
        // The crop cuts nothing. It is a check, done whenever ffmpeg builds the filters anew: it
        // fails for pictures of another size, which would be stretched to the first one's.
        let filters = format!(
            "select='{expression}',crop=w='if(eq(iw,{width})*eq(ih,{height}),iw,0)':h=ih:x=0:y=0:exact=1,format=rgb24"
        );
        let count = match (selection.exact, wanted) {
            (false, [first, .., last]) => last - first + 1,
            _ => wanted.len() as u64,
        };
        let mut arguments = input_options(limits);
        let mut add = |words: &[&str]| arguments.extend(words.iter().map(OsString::from));
        // With a rate forced on the input, a frame's time stamp is its number; the filters' own
        // count starts anew when the pixel format changes within the file.
        add(&["-nostdin", "-nostats", "-noautorotate", "-r", "25", "-i"]);
        arguments.push(file_argument(path));
        let mut add = |words: &[&str]| arguments.extend(words.iter().map(OsString::from));
        add(&["-map", "0:V:0", "-vf", &filters]);
        add(&self.passthrough);
        add(&["-frames:v", &count.to_string(), "-threads", "1"]);
        add(&["-c:v", "ppm", "-f", "image2pipe", "pipe:1"]);
        arguments
    }
}
