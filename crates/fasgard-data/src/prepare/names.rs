//! Names of stored files.

use std::collections::HashSet;

use super::sha256_hex;
use crate::manifest::ManifestRow;

/// A row to be stored and the stem of its files.
pub(super) struct Job<'a> {
    pub(super) row: &'a ManifestRow,
    /// The path below `faces/`, `masks/` and `depth/`, without extension.
    pub(super) stem: String,
}

/// Stems: the sample's name, so that people find their files. Where a file system may not take the
/// name, or it is taken, part of a hash makes it unique.
pub(super) fn jobs(rows: &[ManifestRow]) -> Vec<Job<'_>> {
    let mut taken = HashSet::new();
    let jobs = rows.iter().map(|row| {
        let parts = row.sample.split('/').map(safe);
        let mut stem = parts.collect::<Vec<_>>().join("/");
        // Some file systems take `A` and `a` for the same name.
        if stem != row.sample || stem.len() > 180 || taken.contains(&stem.to_lowercase()) {
            let short: String = stem.chars().take(120).collect();
            let hash = sha256_hex(row.key().as_bytes());
            stem = format!("{}-{}", short.trim_end_matches('/'), &hash[..16]);
        }
        taken.insert(stem.to_lowercase());
        Job { row, stem }
    });
    jobs.collect()
}

fn safe(part: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let part: String = part
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    // No hidden files, no `.` and `..`, no empty part.
    match part.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None if part.is_empty() => "_".to_owned(),
        None => part,
    }
}

#[cfg(test)]
mod tests {
    use fasgard_metrics::Label;

    use super::*;
    use crate::manifest::RelativePath;

    #[test]
    fn names_are_safe_and_unique() {
        let names = ["a/b", "A/b", "../x", "a b", "a_b", "/c", "d/", ".hidden"];
        let image = RelativePath::new("x.jpg").unwrap();
        let rows: Vec<_> = names
            .iter()
            .map(|n| ManifestRow::new("d", *n, Label::Live, None, image.clone()))
            .collect();
        let jobs = jobs(&rows);
        let mut stems = HashSet::new();
        for job in &jobs {
            assert!(
                RelativePath::new(&job.stem).is_ok_and(|p| p.as_str() == job.stem),
                "{}",
                job.stem
            );
            assert!(stems.insert(job.stem.to_lowercase()), "{}", job.stem);
        }
        assert_eq!(jobs[0].stem, "a/b");
        assert_eq!(jobs[4].stem, "a_b");
    }
}
