//! CASIA-MFSD, also called CASIA-FASD (Zhang, Yan, Liu, Lei, Yi, Li: "A Face Antispoofing Database
//! with Diverse Attacks", ICB 2012).

use std::path::Path;

use fasgard_metrics::Split;

use super::annotations::{Annotations, Columns};
use super::dataset::{self, Dataset, Video};
use super::dev::Cut;
use super::names::number;
use super::{Layout, LayoutError, Scan};
use crate::manifest::ManifestRow;

/// `train_release/1` to `20` and `test_release/1` to `30`, each with the twelve videos `1.avi` to
/// `8.avi` and `HR_1.avi` to `HR_4.avi`. Folders named `train` and `test` do as well.
///
/// - 1, 2 and HR_1 are live (normal, low and high quality), 3, 4 and HR_2 warped prints, 5, 6 and
///   HR_3 cut prints, 7, 8 and HR_4 replays: `print/warped print/cut replay/video`. The quality
///   becomes an attribute.
/// - Test subjects are counted on from train: `test_release/1` is subject 21.
/// - CASIA-MFSD has no dev split: about a fifth of train, whole subjects, becomes dev.
/// - Face boxes: `.face` files beside the videos or in `face-locations/`, `frame x y w h`, frames
///   from 0. They come with bob.db.casia_fasd, not with the dataset.
pub struct CasiaMfsd;

const SETS: [(&str, &str, Split, u32, u32); 2] = [
    ("train_release", "train", Split::Train, 20, 0),
    ("test_release", "test", Split::Test, 30, 20),
];

const VIDEOS: [(&str, Option<&str>, &str); 12] = [
    ("1", None, "normal"),
    ("2", None, "low"),
    ("HR_1", None, "high"),
    ("3", Some("print/warped"), "normal"),
    ("4", Some("print/warped"), "low"),
    ("HR_2", Some("print/warped"), "high"),
    ("5", Some("print/cut"), "normal"),
    ("6", Some("print/cut"), "low"),
    ("HR_3", Some("print/cut"), "high"),
    ("7", Some("replay/video"), "normal"),
    ("8", Some("replay/video"), "low"),
    ("HR_4", Some("replay/video"), "high"),
];

impl Dataset for CasiaMfsd {
    fn tree(&self) -> &'static str {
        "`train_release/1` to `20` and `test_release/1` to `30` with `1.avi` to `8.avi` and `HR_1.avi` to `HR_4.avi`"
    }

    fn parse(&self, parts: &[&str]) -> Option<Video> {
        let [above @ .., set, id, file] = parts else {
            return None;
        };
        let (set, _, split, last, offset) = SETS
            .iter()
            .find(|(name, short, ..)| [name, short].iter().any(|n| n.eq_ignore_ascii_case(set)))?;
        let id = number(id).filter(|id| (1..=*last).contains(id))?;
        let (file, species, quality) = VIDEOS
            .iter()
            .find(|(name, ..)| name.eq_ignore_ascii_case(file))?;
        let name = format!("{set}/{id}/{file}");
        Some(Video {
            above: above.len(),
            sample: name.clone(),
            name,
            split: Some(*split),
            subject: Some((id + offset).to_string()),
            species: *species,
            attributes: vec![("quality", (*quality).to_owned())],
        })
    }

    fn official(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (set, _, _, last, _) in SETS {
            for id in 1..=last {
                names.extend(VIDEOS.map(|(file, ..)| format!("{set}/{id}/{file}.avi")));
            }
        }
        names
    }

    fn cut(&self) -> Option<Cut> {
        Some(Cut {
            dataset: "CASIA-MFSD",
            medium: "videos",
            most: 4,
        })
    }

    fn annotation(&self) -> Option<(Columns, &'static str)> {
        Some((Columns::Box, "face"))
    }
}

impl Layout for CasiaMfsd {
    fn name(&self) -> &'static str {
        "casia-mfsd"
    }

    fn summary(&self) -> &'static str {
        "CASIA-MFSD (CASIA-FASD): train_release/ID/ and test_release/ID/ with 1.avi to HR_4.avi"
    }

    fn scan(&self, input: &Path) -> Result<Scan, LayoutError> {
        dataset::scan(self, Layout::name(self), input)
    }

    fn annotations(&self, root: &Path, row: &ManifestRow) -> Result<Annotations, LayoutError> {
        dataset::annotations(self, root, row)
    }
}
