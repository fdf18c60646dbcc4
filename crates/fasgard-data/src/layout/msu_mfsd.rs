//! MSU-MFSD (Wen, Han, Jain: "Face Spoof Detection with Image Distortion Analysis", IEEE TIFS 2015).

use std::path::Path;

use fasgard_metrics::Split;

use super::annotations::{Annotations, Columns, Turn};
use super::dataset::{self, Dataset, Video};
use super::dev::Cut;
use super::names::number;
use super::{Layout, LayoutError, Scan};
use crate::manifest::ManifestRow;

/// `scene01/real/` and `scene01/attack/` with videos (android .mp4, laptop .mov) and, beside them,
/// `.face` files.
///
/// - The instrument gives the species: `replay/ipad replay/iphone print/photo`. The client is the
///   subject, the camera an attribute.
/// - The split is that of the official subject lists; there is no dev split: about a fifth of
///   train, whole subjects, becomes dev.
/// - The android videos of the live clients 3, 5, 6, 7, 8 and 9 are stored upside down.
/// - `.face` files: `frame,x1,y1,x2,y2` and the `x,y` of two eyes, frames from 0. No source says
///   whether they mean stored or upright frames where the two differ: eyes in the lower half of
///   the boxes tell that the numbers are of stored frames, and these are then turned.
pub struct MsuMfsd;

const TRAIN: [u32; 15] = [2, 3, 5, 6, 7, 8, 9, 11, 12, 21, 22, 34, 53, 54, 55];
const TEST: [u32; 20] = [
    1, 13, 14, 23, 24, 26, 28, 29, 30, 32, 33, 35, 36, 37, 39, 42, 48, 49, 50, 51,
];
/// Clients whose live android video is upside down.
const TURNED: [u32; 6] = [3, 5, 6, 7, 8, 9];
const CAMERAS: [(&str, &str); 2] = [("android", "mp4"), ("laptop", "mov")];
const INSTRUMENTS: [(&str, &str, &str); 3] = [
    ("ipad", "video", "replay/ipad"),
    ("iphone", "video", "replay/iphone"),
    ("printed", "photo", "print/photo"),
];

fn real(client: u32, camera: &str) -> String {
    format!("real/real_client{client:03}_{camera}_SD_scene01")
}

impl Dataset for MsuMfsd {
    fn tree(&self) -> &'static str {
        "`scene01/real/` and `scene01/attack/`, such as `scene01/real/real_client001_android_SD_scene01.mp4`"
    }

    fn parse(&self, parts: &[&str]) -> Option<Video> {
        let [above @ .., folder, file] = parts else {
            return None;
        };
        let (folder, lower) = (folder.to_ascii_lowercase(), file.to_ascii_lowercase());
        let fields: Vec<&str> = lower.split('_').collect();
        let (client, camera, instrument) = match (folder.as_str(), fields.as_slice()) {
            ("real", ["real", client, camera, "sd", "scene01"]) => (client, camera, None),
            ("attack", ["attack", client, camera, "sd", a, b, "scene01"]) => {
                let known = |i: &&(&str, &str, &str)| (i.0, i.1) == (*a, *b);
                (client, camera, Some(INSTRUMENTS.iter().find(known)?))
            }
            _ => return None,
        };
        let client = number(client.strip_prefix("client")?)?;
        let split = match (TRAIN.contains(&client), TEST.contains(&client)) {
            (true, _) => Split::Train,
            (_, true) => Split::Test,
            _ => return None,
        };
        let (camera, _) = CAMERAS.iter().find(|(name, _)| name == camera)?;
        let name = match instrument {
            None => real(client, camera),
            Some((a, b, _)) => {
                format!("attack/attack_client{client:03}_{camera}_SD_{a}_{b}_scene01")
            }
        };
        Some(Video {
            above: above.len(),
            sample: name.clone(),
            name,
            split: Some(split),
            subject: Some(format!("{client:03}")),
            species: instrument.map(|(.., species)| *species),
            attributes: vec![("camera", (*camera).to_owned())],
        })
    }

    fn official(&self) -> Vec<String> {
        let mut names = Vec::new();
        for client in TRAIN.into_iter().chain(TEST) {
            for (camera, extension) in CAMERAS {
                names.push(format!("{}.{extension}", real(client, camera)));
                names.extend(INSTRUMENTS.map(|(a, b, _)| {
                    format!(
                        "attack/attack_client{client:03}_{camera}_SD_{a}_{b}_scene01.{extension}"
                    )
                }));
            }
        }
        names
    }

    fn cut(&self) -> Option<Cut> {
        Some(Cut {
            dataset: "MSU-MFSD",
            medium: "videos",
            most: 3,
        })
    }

    fn annotation(&self) -> Option<(Columns, &'static str)> {
        Some((Columns::CornersEyes, "face"))
    }

    fn turn(&self, sample: &str) -> Turn {
        let turned = TURNED.iter().any(|&c| real(c, "android") == sample);
        if turned { Turn::Half } else { Turn::None }
    }
}

impl Layout for MsuMfsd {
    fn name(&self) -> &'static str {
        "msu-mfsd"
    }

    fn summary(&self) -> &'static str {
        "MSU-MFSD: scene01/real/ and scene01/attack/ with videos and .face files"
    }

    fn scan(&self, input: &Path) -> Result<Scan, LayoutError> {
        dataset::scan(self, Layout::name(self), input)
    }

    fn annotations(&self, root: &Path, row: &ManifestRow) -> Result<Annotations, LayoutError> {
        dataset::annotations(self, root, row)
    }

    fn turn(&self, row: &ManifestRow) -> Turn {
        Dataset::turn(self, &row.sample)
    }
}
