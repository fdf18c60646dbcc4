//! SiW-M (Liu, Stehouwer, Jourabloo, Liu: "Deep Tree Learning for Zero-shot Face Anti-Spoofing",
//! CVPR 2019), its first version.

use std::collections::BTreeSet;
use std::path::Path;

use fasgard_metrics::Split;

use super::dataset::{self, Dataset, Video};
use super::names::number;
use super::{Layout, LayoutError, Scan};
use crate::info::OfficialCount;
use crate::manifest::{ManifestRow, Rows};

/// `Live/Train/`, `Live/Test/` and a folder of each kind of attack; the prefix of a file's name
/// says what it is (`Mask_Half_7.mov`), the number after it has no meaning.
///
/// - Live videos are train or test as their folder is; attacks have no split: a protocol
///   (leave one type out) assigns it.
/// - Names carry no subject. `Partial_Eye` and `Partial_Mouth` are one species, `partial/paper`,
///   told apart by the attribute `part`.
/// - The release numbers its videos with gaps, so a missing number is a hint, no proof.
/// - There are no annotations.
pub struct SiwM;

struct Kind {
    folder: &'static str,
    prefix: &'static str,
    /// Of attacks.
    species: Option<&'static str>,
    part: Option<&'static str>,
    /// The highest number seen in public lists of the release.
    last: u32,
}

const fn kind(
    folder: &'static str,
    prefix: &'static str,
    species: &'static str,
    part: Option<&'static str>,
    last: u32,
) -> Kind {
    Kind {
        folder,
        prefix,
        species: Some(species),
        part,
        last,
    }
}

const KINDS: [Kind; 15] = [
    Kind {
        folder: "Live",
        prefix: "Live",
        species: None,
        part: None,
        last: 660,
    },
    kind("Replay", "Replay", "replay/any", None, 99),
    kind("Paper", "Paper", "print/any", None, 118),
    kind("Mask/HalfMask", "Mask_Half", "mask/half", None, 72),
    kind(
        "Mask/SiliconeMask",
        "Mask_Silicone",
        "mask/silicone",
        None,
        27,
    ),
    kind(
        "Mask/TransparentMask",
        "Mask_Trans",
        "mask/transparent",
        None,
        88,
    ),
    kind("Mask/PaperMask", "Mask_Paper", "mask/paper", None, 17),
    kind(
        "Mask/MannequinHead",
        "Mask_Mann",
        "mask/mannequin",
        None,
        40,
    ),
    kind(
        "Makeup/Obfuscation",
        "Makeup_Ob",
        "makeup/obfuscation",
        None,
        23,
    ),
    kind(
        "Makeup/Impersonation",
        "Makeup_Im",
        "makeup/impersonation",
        None,
        63,
    ),
    kind("Makeup/Cosmetic", "Makeup_Co", "makeup/cosmetic", None, 54),
    kind(
        "Partial/FunnyeyeGlasses",
        "Partial_Funnyeye",
        "partial/funny-eye",
        None,
        160,
    ),
    kind(
        "Partial/PaperGlasses",
        "Partial_Paperglass",
        "partial/paper-glasses",
        None,
        127,
    ),
    kind(
        "Partial/PaperCut",
        "Partial_Eye",
        "partial/paper",
        Some("eye"),
        57,
    ),
    kind(
        "Partial/PaperCut",
        "Partial_Mouth",
        "partial/paper",
        Some("mouth"),
        29,
    ),
];

/// Published sizes: 660 live and 968 attack videos (README of DeepFAS). The kinds are counted in the
/// lists that the dataset's authors published with their STDN (ECCV 2020; `trainlist.txt`,
/// `testlist.txt` of yaojieliu/ECCV20-STDN at c79f1f8). Two are not whole there: replay has the
/// numbers 1 to 99 without 62, and makeup/cosmetic, of which 14 are listed, is what remains of 968.
const PUBLISHED: [(&str, u64); 13] = [
    ("replay/any", 99),
    ("print/any", 118),
    ("mask/half", 72),
    ("mask/silicone", 27),
    ("mask/transparent", 88),
    ("mask/paper", 17),
    ("mask/mannequin", 40),
    ("makeup/obfuscation", 23),
    ("makeup/impersonation", 61),
    ("makeup/cosmetic", 50),
    ("partial/funny-eye", 160),
    ("partial/paper-glasses", 127),
    ("partial/paper", 86),
];

fn find(file: &str) -> Option<(&'static Kind, u32)> {
    let (prefix, digits) = file.rsplit_once('_')?;
    let kind = KINDS
        .iter()
        .find(|k| k.prefix.eq_ignore_ascii_case(prefix))?;
    Some((kind, number(digits).filter(|n| *n > 0)?))
}

impl Dataset for SiwM {
    fn tree(&self) -> &'static str {
        "`Live/Train/`, `Live/Test/`, `Replay/`, `Paper/`, `Mask/`, `Makeup/`, `Partial/` with names such as `Mask/HalfMask/Mask_Half_1.mov`"
    }

    fn parse(&self, parts: &[&str]) -> Option<Video> {
        let (file, folders) = parts.split_last()?;
        let (kind, number) = find(file)?;
        let sample = format!("{}_{number}", kind.prefix);
        let ends_in = |own: &[&str]| {
            let start = folders.len().checked_sub(own.len());
            start.filter(|&s| {
                (s..)
                    .zip(own)
                    .all(|(i, o)| folders[i].eq_ignore_ascii_case(o))
            })
        };
        // Kinds are told by names, so that other foldings of the same files do as well.
        let (folder, split, above) = if kind.species.is_none() {
            match (ends_in(&["Live", "Train"]), ends_in(&["Live", "Test"])) {
                (Some(above), _) => ("Live/Train".to_owned(), Some(Split::Train), above),
                (_, Some(above)) => ("Live/Test".to_owned(), Some(Split::Test), above),
                _ => (folders.join("/"), None, 0),
            }
        } else {
            let own: Vec<&str> = kind.folder.split('/').collect();
            match ends_in(&own) {
                Some(above) => (kind.folder.to_owned(), None, above),
                None => (folders.join("/"), None, 0),
            }
        };
        Some(Video {
            name: format!("{folder}/{sample}"),
            above,
            sample,
            split,
            subject: None,
            species: kind.species,
            attributes: kind
                .part
                .map(|p| ("part", p.to_owned()))
                .into_iter()
                .collect(),
        })
    }

    fn official(&self) -> Vec<String> {
        let of = |k: &'static Kind| {
            let folder = if k.species.is_none() {
                "Live/*"
            } else {
                k.folder
            };
            (1..=k.last).map(move |n| format!("{folder}/{}_{n}.mov", k.prefix))
        };
        KINDS.iter().flat_map(of).collect()
    }

    /// By number, in whatever folder the others are; which of its two folders a live video belongs
    /// to is not known without it.
    fn missing(&self, found: &BTreeSet<String>) -> Vec<String> {
        let file = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        let found: BTreeSet<String> = found.iter().map(|name| file(name)).collect();
        let missing = |path: &String| !found.contains(&file(super::names::stem(path)));
        self.official().into_iter().filter(missing).collect()
    }

    fn counts(&self, rows: &Rows) -> Vec<OfficialCount> {
        let part =
            |part: &str, expected: u64, matches: &dyn Fn(&ManifestRow) -> bool| OfficialCount {
                part: part.to_owned(),
                expected,
                found: rows.iter().filter(matches).count() as u64,
            };
        let live = |split| move |r: &ManifestRow| r.species.is_none() && r.split == Some(split);
        let mut counts = vec![
            part("live", 660, &|r| r.species.is_none()),
            part("attack", 968, &|r| r.species.is_some()),
            // Public lists of the two folders (gradgpad) have 659 of the 660.
            part("train live", 528, &live(Split::Train)),
            part("test live", 131, &live(Split::Test)),
        ];
        counts
            .extend(PUBLISHED.map(|(species, expected)| {
                part(species, expected, &|r| r.class_name() == species)
            }));
        counts
    }

    fn notes(&self, rows: &Rows) -> Vec<String> {
        let mut notes = vec![
            "SiW-M assigns no split to attacks: a protocol does".to_owned(),
            "files are called missing by their numbers up to the highest that public lists have; the release has gaps in its numbers, so the published counts decide".to_owned(),
        ];
        let live = rows.iter().filter(|r| r.species.is_none());
        let unsplit = live.filter(|r| r.split.is_none()).count();
        if unsplit > 0 {
            notes.push(format!(
                "{unsplit} live videos are in neither `Live/Train/` nor `Live/Test/` and have no split"
            ));
        }
        notes
    }
}

impl Layout for SiwM {
    fn name(&self) -> &'static str {
        "siw-m"
    }

    fn summary(&self) -> &'static str {
        "SiW-M: Live/Train/, Live/Test/, Replay/, Paper/, Mask/, Makeup/, Partial/"
    }

    fn scan(&self, input: &Path) -> Result<Scan, LayoutError> {
        dataset::scan(self, Layout::name(self), input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_sizes_add_up() {
        assert_eq!(PUBLISHED.iter().map(|(_, n)| n).sum::<u64>(), 968);
        let named: BTreeSet<_> = KINDS.iter().filter_map(|k| k.species).collect();
        assert_eq!(named, PUBLISHED.iter().map(|(s, _)| *s).collect());
    }
}
