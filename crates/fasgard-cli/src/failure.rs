//! Exit codes: 1 failed, 2 misused.

use std::process::ExitCode;

/// The user's arguments or files are at fault: exit code 2.
#[derive(Debug)]
pub(crate) struct Misuse(pub(crate) String);

impl std::fmt::Display for Misuse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misuse {}

/// Turns any error into a misuse.
pub(crate) fn misuse(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow::Error::new(Misuse(error.to_string()))
}

/// 2 for a misuse, 1 for everything else.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    match error.chain().any(|e| e.is::<Misuse>()) {
        true => ExitCode::from(2),
        false => ExitCode::from(1),
    }
}
