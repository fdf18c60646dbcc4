//! Names of stored files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, RandomState};

use super::sha256_hex;
use crate::manifest::ManifestRow;

/// A row to be stored and the stem of its files.
pub(super) struct Job<'a> {
    pub(super) row: &'a ManifestRow,
    /// The path below `faces/`, `masks/` and `depth/`, without extension.
    pub(super) stem: Cow<'a, str>,
}

/// Stems: the sample's name, so that people find their files. Where a file system may not take the
/// name, or it is taken, part of a hash makes it unique.
pub(super) fn jobs(rows: &[ManifestRow]) -> Vec<Job<'_>> {
    let mut taken = Taken::default();
    let mut jobs: Vec<Job<'_>> = Vec::with_capacity(rows.len());
    for row in rows {
        let parts = row.sample.split('/').map(safe);
        let stem = parts.collect::<Vec<_>>().join("/");
        let odd = stem != row.sample || stem.len() > 180;
        let stem = if odd || taken.has(&stem, &jobs) {
            let short: String = stem.chars().take(120).collect();
            let hash = sha256_hex(row.key().as_bytes());
            Cow::Owned(format!("{}-{}", short.trim_end_matches('/'), &hash[..16]))
        } else {
            Cow::Borrowed(row.sample.as_str())
        };
        taken.insert(&stem, jobs.len());
        jobs.push(Job { row, stem });
    }
    jobs
}

/// Stems by the hash of their lower case: some file systems take `A` and `a` for the same name. The stems
/// themselves are the jobs'.
#[derive(Default)]
struct Taken {
    jobs: HashMap<u64, usize>,
    hasher: RandomState,
}

impl Taken {
    fn has(&self, stem: &str, jobs: &[Job<'_>]) -> bool {
        let stem = stem.to_lowercase();
        let mut slot = self.hasher.hash_one(&stem);
        while let Some(&job) = self.jobs.get(&slot) {
            if jobs.get(job).is_some_and(|j| j.stem.to_lowercase() == stem) {
                return true;
            }
            // Two stems of one hash: the next place.
            slot = slot.wrapping_add(1);
        }
        false
    }

    fn insert(&mut self, stem: &str, job: usize) {
        let mut slot = self.hasher.hash_one(stem.to_lowercase());
        loop {
            match self.jobs.entry(slot) {
                Entry::Vacant(free) => {
                    free.insert(job);
                    return;
                }
                Entry::Occupied(_) => slot = slot.wrapping_add(1),
            }
        }
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
