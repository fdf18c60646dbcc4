//! Names of stored files.

use std::collections::BTreeSet;

use super::sha256_hex;
use crate::manifest::{ManifestRow, Rows};
use crate::packed::Finder;

/// A row to be stored and the stem of its files.
pub(super) struct Job {
    pub(super) row: ManifestRow,
    /// The path below `faces/`, `masks/` and `depth/`, without extension.
    pub(super) stem: String,
}

/// The rows to be stored. Their stems are the samples' names, so that people find their files; where a file
/// system may not take the name, or it is taken, part of a hash makes it unique.
pub(super) struct Jobs<'a> {
    rows: &'a Rows,
    /// Rows whose plain stem an earlier row has. Stems are not kept but made anew: there are as many as rows.
    taken: BTreeSet<usize>,
}

impl<'a> Jobs<'a> {
    pub(super) fn new(rows: &'a Rows) -> Self {
        let mut jobs = Self {
            rows,
            taken: BTreeSet::new(),
        };
        let mut stems = Finder::default();
        for index in 0..rows.len() {
            if jobs.note(index, &mut stems) {
                jobs.taken.insert(index);
                // Now it has another one.
                jobs.note(index, &mut stems);
            }
        }
        jobs
    }

    /// Notes a row's stem; true if an earlier row has it.
    fn note(&self, index: usize, stems: &mut Finder) -> bool {
        // Some file systems take `A` and `a` for the same name.
        let stem = |index| self.get(index).map(|job| job.stem.to_lowercase());
        let own = stem(index);
        let same = |other: u32| stem(other as usize) == own;
        stems.find_or_note(&own, index as u32, same).is_some()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<Job> {
        let row = self.rows.get(index)?;
        let parts = row.sample.split('/').map(safe);
        let mut stem = parts.collect::<Vec<_>>().join("/");
        if stem != row.sample || stem.len() > 180 || self.taken.contains(&index) {
            let short: String = stem.chars().take(120).collect();
            let hash = sha256_hex(row.key().as_bytes());
            stem = format!("{}-{}", short.trim_end_matches('/'), &hash[..16]);
        }
        Some(Job { row, stem })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Job> {
        (0..self.len()).filter_map(|index| self.get(index))
    }
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

    use std::collections::HashSet;

    use super::*;
    use crate::manifest::RelativePath;

    #[test]
    fn names_are_safe_and_unique() {
        let names = ["a/b", "A/b", "../x", "a b", "a_b", "/c", "d/", ".hidden"];
        let image = RelativePath::new("x.jpg").unwrap();
        let rows = names.map(|n| ManifestRow::new("d", n, Label::Live, None, image.clone()));
        let rows: Rows = rows.into_iter().collect();
        let jobs: Vec<_> = Jobs::new(&rows).iter().collect();
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
