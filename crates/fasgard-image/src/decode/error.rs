//! Why a file gave no pixels.

use std::io;
use std::path::PathBuf;

/// A file that could not be decoded; every message names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The file could not be opened or read.
    #[error("{}: cannot read the image: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The file holds nothing.
    #[error("{}: expected an image, found a file of zero bytes", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// More bytes than [`DecodeLimits::max_bytes`](super::DecodeLimits::max_bytes).
    #[error("{}: expected at most {limit} bytes, found {found}; raise max_bytes if the file is trusted", path.display())]
    TooManyBytes {
        /// The file.
        path: PathBuf,
        /// Its size, or the number of bytes read before giving up where the size is not known.
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// The content is of no supported format, whatever the file's extension says.
    #[error("{}: expected a JPEG, PNG, WebP or BMP image, found {found}", path.display())]
    NotAnImage {
        /// The file.
        path: PathBuf,
        /// What the content looks like.
        found: String,
    },
    /// The header announces an image beyond the limits; nothing was allocated for it.
    #[error("{}: expected at most {limit}, found {width} x {height} pixels in the header; raise the limit if the file is trusted", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Width in the header.
        width: u32,
        /// Height in the header.
        height: u32,
        /// The limit that was crossed, in words.
        limit: String,
    },
    /// The file ends before the image does.
    #[error("{}: truncated {format}: {detail}, found the end of the file at byte {bytes}; copy the file again", path.display())]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: &'static str,
        /// What was expected.
        detail: &'static str,
        /// The length of the file.
        bytes: u64,
    },
    /// The content breaks the format's rules.
    #[error("{}: expected a well-formed {format}, found: {detail}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: &'static str,
        /// The decoder's complaint.
        detail: String,
    },
}

impl DecodeError {
    /// A short stable word for the kind of failure, as in a score file's status `error:KIND`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Read { .. } => "read",
            Self::Empty { .. } => "empty",
            Self::TooManyBytes { .. } | Self::TooLarge { .. } => "too-large",
            Self::NotAnImage { .. } => "not-an-image",
            Self::Truncated { .. } => "truncated",
            Self::Malformed { .. } => "malformed",
        }
    }
}
