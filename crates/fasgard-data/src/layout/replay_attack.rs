//! Replay-Attack (Chingovska, Anjos, Marcel: "On the Effectiveness of Local Binary Patterns in Face
//! Anti-spoofing", BIOSIG 2012).

use std::path::Path;

use fasgard_metrics::Split;

use super::annotations::{Annotations, Columns};
use super::dataset::{self, Dataset, Video};
use super::names::number;
use super::{Layout, LayoutError, Scan};
use crate::manifest::ManifestRow;

/// `train/`, `devel/` and `test/`, each with `real/` and `attack/{fixed,hand}/`.
///
/// - The device before the camera gives the species: `print/paper replay/mobile replay/highdef`.
/// - devel is dev. The client is the subject; light (controlled, adverse), support of attacks
///   (fixed, hand), their original (photo, video) and the take of live videos become attributes.
/// - `enroll/` is left out: it serves face recognition.
/// - Face boxes: `.face` files in `face-locations/` (or `replayattack-face-locations*/`) or beside
///   the videos, `frame x y w h`, frames from 0; zeros mean no face.
pub struct ReplayAttack;

const SETS: [(&str, Split, &[u32]); 3] = [
    (
        "train",
        Split::Train,
        &[1, 2, 4, 6, 7, 8, 12, 16, 18, 25, 27, 103, 105, 108, 110],
    ),
    (
        "devel",
        Split::Dev,
        &[
            3, 5, 10, 15, 17, 22, 29, 30, 101, 111, 113, 114, 116, 118, 119,
        ],
    ),
    (
        "test",
        Split::Test,
        &[
            9, 11, 13, 14, 19, 20, 21, 23, 24, 26, 28, 31, 102, 104, 106, 107, 109, 112, 115, 117,
        ],
    ),
];

const SUPPORTS: [&str; 2] = ["fixed", "hand"];
const LIGHTS: [&str; 2] = ["adverse", "controlled"];
/// Device, what it showed: camera and kind of the original; and the species.
const ATTACKS: [(&str, &str, &str, &str); 5] = [
    ("print", "highdef", "photo", "print/paper"),
    ("mobile", "mobile", "photo", "replay/mobile"),
    ("mobile", "mobile", "video", "replay/mobile"),
    ("highdef", "highdef", "photo", "replay/highdef"),
    ("highdef", "highdef", "video", "replay/highdef"),
];

fn one_of<'a>(known: &[&'a str], text: &str) -> Option<&'a str> {
    known.iter().find(|k| k.eq_ignore_ascii_case(text)).copied()
}

fn client(text: &str, clients: &[u32]) -> Option<u32> {
    let digits = text.get(6..).filter(|_| {
        text.get(..6)
            .is_some_and(|t| t.eq_ignore_ascii_case("client"))
    })?;
    number(digits).filter(|id| clients.contains(id))
}

impl Dataset for ReplayAttack {
    fn tree(&self) -> &'static str {
        "`train/`, `devel/`, `test/` with `real/` and `attack/{fixed,hand}/`, such as `train/real/client001_session01_webcam_authenticate_adverse_1.mov`"
    }

    fn parse(&self, parts: &[&str]) -> Option<Video> {
        let (above, set, support, file) = match parts {
            [above @ .., set, attack, support, file] if attack.eq_ignore_ascii_case("attack") => {
                (above, set, Some(one_of(&SUPPORTS, support)?), file)
            }
            [above @ .., set, real, file] if real.eq_ignore_ascii_case("real") => {
                (above, set, None, file)
            }
            _ => return None,
        };
        let (set, split, clients) = SETS.iter().find(|(s, ..)| s.eq_ignore_ascii_case(set))?;
        let lower = file.to_ascii_lowercase();
        let fields: Vec<&str> = lower.split('_').collect();
        let (name, id, species, attributes) = match (support, fields.as_slice()) {
            (None, [id, "session01", "webcam", "authenticate", light, take]) => {
                let (id, light) = (client(id, clients)?, one_of(&LIGHTS, light)?);
                let take = one_of(&["1", "2"], take)?;
                let name = format!(
                    "{set}/real/client{id:03}_session01_webcam_authenticate_{light}_{take}"
                );
                let attributes = vec![("light", light.to_owned()), ("take", take.to_owned())];
                (name, id, None, attributes)
            }
            (Some(support), ["attack", device, id, "session01", from, kind, light]) => {
                let (id, light) = (client(id, clients)?, one_of(&LIGHTS, light)?);
                let known =
                    |a: &&(&str, &str, &str, &str)| (a.0, a.1, a.2) == (*device, *from, *kind);
                let (device, from, kind, species) = ATTACKS.iter().find(known)?;
                let name = format!(
                    "{set}/attack/{support}/attack_{device}_client{id:03}_session01_{from}_{kind}_{light}"
                );
                let attributes = vec![
                    ("light", light.to_owned()),
                    ("original", (*kind).to_owned()),
                    ("support", support.to_owned()),
                ];
                (name, id, Some(*species), attributes)
            }
            _ => return None,
        };
        Some(Video {
            above: above.len(),
            sample: name.clone(),
            name,
            split: Some(*split),
            subject: Some(format!("{id:03}")),
            species,
            attributes,
        })
    }

    fn official(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (set, _, clients) in SETS {
            for id in clients {
                for light in LIGHTS {
                    names.extend([1, 2].map(|take| {
                        format!("{set}/real/client{id:03}_session01_webcam_authenticate_{light}_{take}.mov")
                    }));
                    for support in SUPPORTS {
                        names.extend(ATTACKS.map(|(device, from, kind, _)| {
                            format!("{set}/attack/{support}/attack_{device}_client{id:03}_session01_{from}_{kind}_{light}.mov")
                        }));
                    }
                }
            }
        }
        names
    }

    fn aside(&self, parts: &[&str]) -> Option<&'static str> {
        let enrolled = parts.iter().any(|p| p.eq_ignore_ascii_case("enroll"));
        let named = |p: &&str| p.to_ascii_lowercase().contains("_webcam_enroll_");
        (enrolled && parts.last().is_some_and(named)).then_some("enrollment videos")
    }

    fn annotation(&self) -> Option<(Columns, &'static str)> {
        Some((Columns::Box, "face"))
    }
}

impl Layout for ReplayAttack {
    fn name(&self) -> &'static str {
        "replay-attack"
    }

    fn summary(&self) -> &'static str {
        "Replay-Attack: train/, devel/, test/ with real/ and attack/{fixed,hand}/, and face-locations/"
    }

    fn scan(&self, input: &Path) -> Result<Scan, LayoutError> {
        dataset::scan(self, Layout::name(self), input)
    }

    fn annotations(&self, root: &Path, row: &ManifestRow) -> Result<Annotations, LayoutError> {
        dataset::annotations(self, root, row)
    }
}
