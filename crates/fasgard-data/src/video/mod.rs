//! Frames of video files, through `ffprobe` and `ffmpeg` as child processes.
//!
//! ```no_run
//! use std::ops::ControlFlow;
//! use fasgard_data::video::{FrameChoice, Tools, VideoLimits};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (tools, limits) = (Tools::find()?, VideoLimits::default());
//! let path = "clip.mp4".as_ref();
//! let info = tools.probe(path, &limits)?;
//! let choice: FrameChoice = "uniform:10".parse()?;
//! let indices = choice.indices(info.frames, "clip");
//! let decoded = tools.frames(path, &info, &indices, false, &limits, &mut |index, image| {
//!     println!("{index}: {} x {}", image.width(), image.height());
//!     ControlFlow::Continue(())
//! })?;
//! if let Some(problem) = decoded.problem {
//!     eprintln!("{problem}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A video is an untrusted file. No shell runs; only local files are read, and only by readers of
//! real containers (a playlist renamed to `.mp4` opens nothing); sizes are checked before pixels
//! are decoded, and time is bounded. One frame at a time is held. Each child uses one thread: run
//! several videos in parallel instead.
//!
//! Frame `i` is the `i`-th picture the decoder puts out, from 0, whatever the time stamps say: a
//! variable frame rate neither repeats nor drops pictures. Pixels are 8-bit RGB as swscale makes
//! them by default: the colour matrix and range that the file names, BT.601 limited range where it
//! names none; 10 bits are reduced to 8. Non-square pixels are not stretched.

mod child;
mod choice;
mod decode;
mod error;
mod found;
mod limits;
mod ppm;
mod probe;
mod select;
mod tail;
mod tools;
mod turn;

pub use choice::{FrameChoice, FrameChoiceError};
pub use decode::Decoded;
pub use error::VideoError;
pub use limits::VideoLimits;
pub use probe::{FrameCount, VideoInfo};
pub use tools::Tools;
pub(crate) use turn::clockwise;
