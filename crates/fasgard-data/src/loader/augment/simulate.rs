//! Live samples photographed again while they are loaded.

use fasgard_image::random::stream;
use fasgard_image::{AugmentError, GrayImage, RgbImage};
use fasgard_metrics::Label;
use fasgard_synth::{
    Attack, Capture, MIN_PORTRAIT, Portrait, RecaptureError, RecaptureOptions, recapture, suits,
};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::Sample;

/// `[augment.simulate]`: live samples shown as presentation attacks that are simulated anew each
/// epoch, by [`recapture`].
///
/// A simulated attack ends in a simulated camera. So that this camera does not tell the label, some
/// of the live samples that stay live go through it too ([`SimulateAugment::twin`]).
///
/// Under [`Balance::Class`](super::super::Balance::Class) and `Species` the shares stay as they are
/// promised: simulated attacks take their turns from the attacks', so of all live samples that are
/// drawn `probability` are simulated attacks, and of the attacks `probability / (1 - probability)`.
/// Without balance live samples become fewer and attacks more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimulateAugment {
    /// Probability that a live sample drawn for a batch is replaced by a simulated attack of it: 0
    /// (nothing is photographed again) up to 1, 1 excluded; with balanced classes at most 0.5.
    pub probability: f64,
    /// Probability that a live sample that stays live is replaced by its live twin, 0 to 1.
    pub twin: f64,
    /// The attacks, drawn evenly from those that a sample allows: what is worn needs both eyes.
    #[serde(with = "species")]
    pub species: Vec<Attack>,
    /// Largest side of the crop that is photographed in pixels, 48 to 1024; never more than the
    /// sample's own. The crop is as wide as the widest input that is drawn, where the sample's
    /// picture is; 1.6 times the face box at least.
    pub side: u32,
}

impl Default for SimulateAugment {
    /// Nothing; if switched on, every attack, and every second live sample as its twin.
    fn default() -> Self {
        Self {
            probability: 0.0,
            twin: 0.5,
            species: Attack::ALL.to_vec(),
            side: 256,
        }
    }
}

/// Species by their names.
mod species {
    use fasgard_synth::Attack;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(species: &[Attack], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(species.iter().map(|a| a.species()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Attack>, D::Error> {
        Vec::<String>::deserialize(d)?
            .iter()
            .map(|name| name.parse().map_err(D::Error::custom))
            .collect()
    }
}

impl SimulateAugment {
    pub(super) fn validate(&self) -> Result<(), AugmentError> {
        let wrong = |key, expected: &str, found: String| {
            Err(AugmentError {
                key,
                expected: expected.to_owned(),
                found,
            })
        };
        if !(0.0..1.0).contains(&self.probability) {
            let expected = "0 up to 1, 1 excluded";
            return wrong(
                "simulate.probability",
                expected,
                self.probability.to_string(),
            );
        }
        if !(0.0..=1.0).contains(&self.twin) {
            return wrong("simulate.twin", "0 to 1", self.twin.to_string());
        }
        if !(MIN_PORTRAIT..=1024).contains(&self.side) {
            return wrong("simulate.side", "48 to 1024 pixels", self.side.to_string());
        }
        let mut sorted = self.species.clone();
        sorted.sort();
        sorted.dedup();
        if sorted.is_empty() || sorted.len() != self.species.len() {
            let names: Vec<_> = self.species.iter().map(|a| a.species()).collect();
            let expected = "at least one attack and none twice";
            return wrong("simulate.species", expected, format!("{names:?}"));
        }
        Ok(())
    }

    /// Whether anything is photographed again.
    pub(in super::super) fn is_on(&self) -> bool {
        self.probability > 0.0
    }

    /// The attacks that can be made of a sample; none of an attack.
    fn attacks(&self, sample: &Sample) -> Vec<Attack> {
        let row = &sample.row;
        match row.face {
            Some(face) if row.label.is_live() => (self.species.iter().copied())
                .filter(|&attack| suits(face, row.eyes, Some(attack)))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Whether an attack can be made of a sample.
    pub(in super::super) fn allows(&self, sample: &Sample) -> bool {
        !self.attacks(sample).is_empty()
    }

    /// How a sample is shown that is drawn for the time `cycle` of an epoch; `attack` says that a
    /// simulated attack takes its place, `wide_scale` how much of the scene is looked at in face
    /// boxes.
    pub(in super::super) fn show(
        &self,
        sample: &Sample,
        attack: bool,
        wide_scale: f32,
        (seed, epoch, cycle): (u64, u64, u32),
    ) -> Shown {
        let key = sample.row.key();
        let mut rng = stream(seed, &format!("simulate {cycle}"), epoch, &key);
        let (choice, twin) = (rng.random::<f64>(), rng.random::<f64>());
        let attacks = self.attacks(sample);
        let attack = attack
            .then(|| {
                attacks
                    .get((choice * attacks.len() as f64) as usize)
                    .copied()
            })
            .flatten();
        let row = &sample.row;
        let suited = row.label.is_live() && row.face.is_some_and(|f| suits(f, row.eyes, None));
        if attack.is_none() && !(self.is_on() && suited && twin < self.twin) {
            return Shown::Own;
        }
        Shown::Again(Recapture {
            attack,
            seed,
            // A picture of its own each time, also the camera's.
            key: format!("{epoch}/{cycle}/{key}"),
            side: self.side,
            wide_scale,
        })
    }
}

/// How a sample is shown.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Shown {
    /// As it is stored.
    Own,
    /// Photographed again.
    Again(Recapture),
}

impl Shown {
    /// The simulated attack, if one takes the sample's place.
    pub(in super::super) fn attack(&self) -> Option<Attack> {
        match self {
            Self::Again(again) => again.attack,
            Self::Own => None,
        }
    }

    /// The label of what is shown.
    pub(in super::super) fn label(&self, own: Label) -> Label {
        self.attack().map_or(own, |_| Label::Attack)
    }
}

/// A live sample's new photograph.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Recapture {
    /// The attack; none: the live twin.
    pub(in super::super) attack: Option<Attack>,
    seed: u64,
    key: String,
    side: u32,
    wide_scale: f32,
}

impl Recapture {
    /// Takes it. `depth` is the live sample's, if it is wanted.
    pub(in super::super) fn take(
        &self,
        sample: &Sample,
        picture: &RgbImage,
        depth: Option<&GrayImage>,
    ) -> Result<Capture, RecaptureError> {
        let row = &sample.row;
        let (w, h) = (picture.width() as f32, picture.height() as f32);
        // Always known of samples that are shown again; without one all is the face.
        let face = row.face.unwrap_or(fasgard_image::FaceBox {
            x: 0.0,
            y: 0.0,
            w,
            h,
        });
        // No wider than the picture, whose box is off by less than a pixel: beyond it the input is
        // black anyway, as it is of a sample that is shown as it is stored.
        let (x, y) = (face.x + face.w / 2.0, face.y + face.h / 2.0);
        let reach = 2.0 * (x.max(y).max(w - x).max(h - y) - 1.0) / face.w.max(face.h);
        let portrait = Portrait {
            picture,
            face,
            eyes: row.eyes,
            depth,
            shown: None,
        };
        let options =
            RecaptureOptions::with_side(self.side).with_wide_scale(self.wide_scale.min(reach));
        recapture(&portrait, self.attack, &options, self.seed, &self.key)
    }
}
