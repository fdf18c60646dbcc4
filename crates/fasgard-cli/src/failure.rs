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

/// The error and its causes, each said once: many errors quote their cause already.
pub(crate) fn message(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |text, cause| {
        let cause = cause.to_string();
        match text.is_empty() {
            true => cause,
            false if text.contains(&cause) => text,
            false => format!("{text}: {cause}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn causes_are_said_once() {
        let inner = anyhow::anyhow!("disk full");
        let error = Err::<(), _>(inner)
            .context("a.csv: cannot write: disk full")
            .unwrap_err();
        assert_eq!(message(&error), "a.csv: cannot write: disk full");
        let error = Err::<(), _>(error).context("twin ps").unwrap_err();
        assert_eq!(message(&error), "twin ps: a.csv: cannot write: disk full");
    }
}
