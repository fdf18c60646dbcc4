//! Writing a score file: whole or not at all.

use std::{
    io::{self, Write},
    path::Path,
};

use super::{
    COLUMNS, ScoreFileError, ScoreRow,
    check::{check, refuse_duplicates},
    read,
};

pub(super) fn to_csv(path: &Path, rows: &[ScoreRow]) -> Result<Vec<u8>, ScoreFileError> {
    let io_error = |source: io::Error| ScoreFileError::Io {
        action: "write",
        path: path.to_owned(),
        source,
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let csv_error = |error: csv::Error| io_error(error.into());
    writer.write_record(COLUMNS).map_err(csv_error)?;
    // No field holds a line break, so every row is one line, after the header.
    let line = |i: usize| i as u64 + 2;
    for (i, row) in rows.iter().enumerate() {
        check(row, line(i), path)?;
        let number = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
        writer
            .write_record([
                row.sample.as_str(),
                &row.dataset,
                &row.split.map(|s| s.to_string()).unwrap_or_default(),
                &row.subject,
                &row.video,
                &row.frame.map(|f| f.to_string()).unwrap_or_default(),
                &row.label.to_string(),
                row.species.as_ref().map_or("", |s| s.as_str()),
                &row.attributes.to_string(),
                &number(row.score),
                &number(row.logit),
                &row.status.to_string(),
            ])
            .map_err(csv_error)?;
    }
    refuse_duplicates(rows, line, path)?;
    writer
        .into_inner()
        .map_err(|error| io_error(error.into_error()))
}

pub(super) fn write(path: &Path, rows: &[ScoreRow]) -> Result<String, ScoreFileError> {
    let bytes = to_csv(path, rows)?;
    replace(path, &bytes).map_err(|source| ScoreFileError::Io {
        action: "write",
        path: path.to_owned(),
        source,
    })?;
    Ok(read::sha256_hex(&bytes))
}

/// Puts `bytes` at `path` by way of a temporary file beside it, so that no reader ever sees half.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".scores-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Temporary files are private by default; a result has the permissions of any new file
        // (the process's mask still applies).
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
