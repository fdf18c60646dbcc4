//! Why a video gave no frames.

use std::path::PathBuf;

/// A video, or the tools to read it, that could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VideoError {
    /// `ffmpeg` or `ffprobe` is not installed, or not where `FASGARD_FFMPEG` says.
    #[error(
        "{program} was not found {place}; install ffmpeg (Debian and Ubuntu: `apt install ffmpeg`, macOS: `brew install ffmpeg`, Windows: `winget install ffmpeg`) or set FASGARD_FFMPEG to the program or its folder"
    )]
    Missing {
        /// The program.
        program: &'static str,
        /// Where it was looked for.
        place: String,
    },
    /// A tool is there but does not run.
    #[error("{}: expected a working program, found: {found}; install ffmpeg again or set FASGARD_FFMPEG to another", path.display())]
    Broken {
        /// The program.
        path: PathBuf,
        /// What happened.
        found: String,
    },
    /// The file is missing or not a regular file.
    #[error("{}: expected a video file, found {found}", path.display())]
    File {
        /// The video.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// No reader takes the file for a video, or it has no picture stream.
    #[error("{}: expected a video (mp4, mov, avi, mkv, webm, mpg, ts, wmv, flv, ogv), found: {found}", path.display())]
    Unreadable {
        /// The video.
        path: PathBuf,
        /// The tool's last words.
        found: String,
    },
    /// A bound of [`VideoLimits`](super::VideoLimits) is exceeded.
    #[error("{}: {key} allows {allowed}, found {found}; raise the limit if the file is meant", path.display())]
    Limit {
        /// The video.
        path: PathBuf,
        /// The limit's name.
        key: &'static str,
        /// Its value.
        allowed: String,
        /// What the file has.
        found: String,
    },
    /// Nothing decodes.
    #[error("{}: expected at least one frame, found none: {found}", path.display())]
    NoFrames {
        /// The video.
        path: PathBuf,
        /// The tool's last words.
        found: String,
    },
    /// A child took longer than allowed and was stopped before its first frame.
    #[error("{}: {program} was stopped after {seconds} seconds without an answer; raise the time limit if the file is meant", path.display())]
    Timeout {
        /// The video.
        path: PathBuf,
        /// The program.
        program: &'static str,
        /// The limit.
        seconds: u64,
    },
    /// The system refused a pipe or a process.
    #[error("{}: cannot run {program}: {source}", path.display())]
    Io {
        /// The video.
        path: PathBuf,
        /// The program.
        program: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
}
