//! OULU-NPU (Boulkenafet, Komulainen, Li, Feng, Hadid: "OULU-NPU: A Mobile Face Presentation
//! Attack Database with Real-World Variations", FG 2017).

use std::path::Path;

use fasgard_metrics::Split;

use super::annotations::{Annotations, Columns};
use super::dataset::{self, Dataset, Video};
use super::names::number;
use super::{Layout, LayoutError, Scan};
use crate::manifest::ManifestRow;

/// `Train_files/`, `Dev_files/` and `Test_files/` with `PHONE_SESSION_USER_FILE.avi` and, beside
/// each, the eye positions in `.txt`.
///
/// - FILE 1 is live, 2 and 3 are prints, 4 and 5 replays: `print/1 print/2 replay/1 replay/2`.
/// - Users 1 to 20 are train, 21 to 35 dev, 36 to 55 test. The user is the subject; phone and
///   session become attributes. The sample is the video's name, as in the protocol files.
/// - Eye files: `frame,x_right,y_right,x_left,y_left`, frames from 0; zeros mean no face. The face
///   box is made from the eyes ([`box_of_eyes`](super::box_of_eyes)).
pub struct OuluNpu;

const FOLDERS: [(&str, Split, std::ops::RangeInclusive<u32>); 3] = [
    ("Train_files", Split::Train, 1..=20),
    ("Dev_files", Split::Dev, 21..=35),
    ("Test_files", Split::Test, 36..=55),
];

impl Dataset for OuluNpu {
    fn tree(&self) -> &'static str {
        "`Train_files/`, `Dev_files/`, `Test_files/` with PHONE_SESSION_USER_FILE.avi, such as `Train_files/1_1_01_1.avi`"
    }

    fn parse(&self, parts: &[&str]) -> Option<Video> {
        let [above @ .., folder, file] = parts else {
            return None;
        };
        let (folder, split, users) = FOLDERS
            .iter()
            .find(|(name, ..)| name.eq_ignore_ascii_case(folder))?;
        let fields: Option<Vec<u32>> = file.split('_').map(number).collect();
        let &[phone, session, user, take] = fields?.as_slice() else {
            return None;
        };
        if !(1..=6).contains(&phone) || !(1..=3).contains(&session) || !users.contains(&user) {
            return None;
        }
        let species = match take {
            1 => None,
            2 => Some("print/1"),
            3 => Some("print/2"),
            4 => Some("replay/1"),
            5 => Some("replay/2"),
            _ => return None,
        };
        let sample = format!("{phone}_{session}_{user:02}_{take}");
        Some(Video {
            name: format!("{folder}/{sample}"),
            above: above.len(),
            sample,
            split: Some(*split),
            subject: Some(user.to_string()),
            species,
            attributes: vec![
                ("phone", phone.to_string()),
                ("session", session.to_string()),
            ],
        })
    }

    fn official(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (folder, _, users) in FOLDERS {
            for user in users {
                for (phone, session) in (1..=6).flat_map(|p| (1..=3).map(move |s| (p, s))) {
                    for take in 1..=5 {
                        names.push(format!("{folder}/{phone}_{session}_{user:02}_{take}.avi"));
                    }
                }
            }
        }
        names
    }

    fn annotation(&self) -> Option<(Columns, &'static str)> {
        Some((Columns::Eyes, "txt"))
    }
}

impl Layout for OuluNpu {
    fn name(&self) -> &'static str {
        "oulu-npu"
    }

    fn summary(&self) -> &'static str {
        "OULU-NPU: Train_files/, Dev_files/, Test_files/ with PHONE_SESSION_USER_FILE.avi and .txt"
    }

    fn scan(&self, input: &Path) -> Result<Scan, LayoutError> {
        dataset::scan(self, Layout::name(self), input)
    }

    fn annotations(&self, root: &Path, row: &ManifestRow) -> Result<Annotations, LayoutError> {
        dataset::annotations(self, root, row)
    }
}
