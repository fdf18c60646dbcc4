//! What a tree is that is not of the layout asked for.

use std::path::Path;

use super::dataset::{Dataset, parts};
use super::names::stem;
use super::walk::Tree;
use super::{CasiaMfsd, MsuMfsd, OuluNpu, ReplayAttack, SiwM, celeba_spoof};

/// What was found instead of a dataset, and the layout that it looks like.
pub(super) fn found(root: &Path, tree: &Tree, asked: &str) -> String {
    let what = match (
        tree.media.len() + tree.unnamed.len(),
        tree.media.iter().next(),
    ) {
        (0, _) => "no image or video in it".to_owned(),
        (n, Some(first)) => {
            format!("{n} images and videos, none of such a name (first: `{first}`)")
        }
        (n, None) => format!("{n} images and videos whose names are not UTF-8"),
    };
    match other(root, tree).filter(|name| *name != asked) {
        Some(name) => format!("{what}; it looks like the layout `{name}`"),
        None => what,
    }
}

fn other(root: &Path, tree: &Tree) -> Option<&'static str> {
    if celeba_spoof::base(root).is_some() {
        return Some("celeba-spoof");
    }
    if root.join("ClientRaw").is_dir() && root.join("ImposterRaw").is_dir() {
        return Some("nuaa");
    }
    let datasets: [(&dyn Dataset, &'static str); 5] = [
        (&OuluNpu, "oulu-npu"),
        (&SiwM, "siw-m"),
        (&CasiaMfsd, "casia-mfsd"),
        (&ReplayAttack, "replay-attack"),
        (&MsuMfsd, "msu-mfsd"),
    ];
    let named = datasets.map(|(dataset, name)| {
        let parsed = |path: &&str| dataset.parse(&parts(stem(path))).is_some();
        (tree.media.iter().filter(parsed).count(), name)
    });
    let best = named.into_iter().max_by_key(|(count, _)| *count);
    if let Some((count, name)) = best
        && count > 0
    {
        return Some(name);
    }
    let sorted = |class: &str| {
        let splits = ["", "train/", "dev/", "test/"];
        splits.iter().any(|s| root.join(s).join(class).is_dir())
    };
    (sorted("live") && sorted("attack")).then_some("folder")
}
