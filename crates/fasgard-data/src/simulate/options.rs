//! What is simulated.

use std::collections::BTreeMap;

use fasgard_image::DecodeLimits;
use fasgard_synth::{Attack, MIN_PORTRAIT};

use crate::info::DatasetInfo;
use crate::prepare::{AttackDepth, MAX_WIDE_SCALE, PrepareError, WIDE_SCALE, words};

/// Which picture is printed, shown or worn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Artefact {
    /// The live sample's own.
    #[default]
    Same,
    /// Another live sample of the same subject and split, drawn for each sample, from another
    /// recording if there is one; its own where there is none or the subject is not known.
    Other,
}

words!(Artefact, "same or other", Same = "same", Other = "other");

/// How [`simulate`](super::simulate()) works.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulateOptions {
    /// Name of the dataset; by default the source's with `-simulated`.
    pub name: Option<String>,
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// The attacks to make; at least one, none twice.
    pub attacks: Vec<Attack>,
    /// Attacks made of each live sample, drawn from [`SimulateOptions::attacks`] without repetition;
    /// all of them if absent.
    pub per_live: Option<u32>,
    /// Largest side of the stored wide crop in pixels, 48 to 1024; never more than the source's own.
    pub side: u32,
    /// Side of the stored crop over the longer side of the face box, 1.6 to 4; by default as much
    /// as every source dataset says that it holds ([`DatasetInfo::wide_scale`]), 1.6 if one does
    /// not say.
    ///
    /// [`DatasetInfo::wide_scale`]: crate::DatasetInfo::wide_scale
    pub wide_scale: Option<f32>,
    /// The depth of held pictures (prints and displays): zero, or a plane in the outline of the face
    /// where the live sample has depth. Partial attacks keep the person's depth either way.
    pub attack_depth: AttackDepth,
    /// What prints and displays show.
    pub artefact: Artefact,
    /// Replace a prepared dataset, or an unfinished one, in the output folder.
    pub overwrite: bool,
    /// Bounds on source images.
    pub limits: DecodeLimits,
}

impl Default for SimulateOptions {
    /// Every attack of every live sample, at most 256 pixels, seed 0.
    fn default() -> Self {
        Self {
            name: None,
            seed: 0,
            attacks: Attack::ALL.to_vec(),
            per_live: None,
            side: 256,
            wide_scale: None,
            attack_depth: AttackDepth::Zero,
            artefact: Artefact::Same,
            overwrite: false,
            limits: DecodeLimits::default(),
        }
    }
}

impl SimulateOptions {
    pub(super) fn validate(&self) -> Result<(), PrepareError> {
        let bad = |key, expected, found: String| {
            Err(PrepareError::Option {
                key,
                expected,
                found,
            })
        };
        if !(MIN_PORTRAIT..=1024).contains(&self.side) {
            return bad("side", "48 to 1024 pixels", self.side.to_string());
        }
        if let Some(scale) = self.wide_scale
            && !(WIDE_SCALE..=MAX_WIDE_SCALE).contains(&scale)
        {
            let expected = "1.6 to 4 times the face box's longer side";
            return bad("wide-scale", expected, scale.to_string());
        }
        let mut sorted = self.attacks.clone();
        sorted.sort();
        sorted.dedup();
        if sorted.is_empty() || sorted.len() != self.attacks.len() {
            let names: Vec<_> = self.attacks.iter().map(|a| a.species()).collect();
            let found = format!("`{}`", names.join(","));
            return bad("attacks", "at least one attack and none twice", found);
        }
        if let Some(count) = self.per_live
            && !(1..=self.attacks.len() as u64).contains(&u64::from(count))
        {
            let expected = "1 to the number of attacks";
            return bad("per-live", expected, count.to_string());
        }
        if let Some(name) = &self.name
            && (name.is_empty() || name.len() > 200 || name.chars().any(char::is_control))
        {
            let found = format!("{name:?}");
            return bad("name", "1 to 200 bytes without control characters", found);
        }
        Ok(())
    }

    /// The width of the stored crops: the one that is asked for, or what all sources hold.
    pub(super) fn wide_scale(&self, sources: &[DatasetInfo]) -> f32 {
        let held = || {
            let held = sources.iter().map(|info| info.wide_scale());
            held.map(|scale| scale.map_or(WIDE_SCALE, |s| s as f32))
                .fold(MAX_WIDE_SCALE, f32::min)
                .max(WIDE_SCALE)
        };
        self.wide_scale.unwrap_or_else(held)
    }

    /// What goes into `dataset.toml`.
    pub(super) fn parameters(&self, wide_scale: f32) -> BTreeMap<String, toml::Value> {
        // TOML's integers are signed; a seed beyond them is kept as text.
        let seed =
            i64::try_from(self.seed).map_or_else(|_| self.seed.to_string().into(), Into::into);
        let names: Vec<_> = self.attacks.iter().map(|a| a.species()).collect();
        let per_live = self.per_live.map_or(self.attacks.len() as i64, i64::from);
        BTreeMap::from([
            ("seed".to_owned(), seed),
            ("attacks".to_owned(), names.into()),
            ("per_live".to_owned(), per_live.into()),
            ("side".to_owned(), i64::from(self.side).into()),
            ("wide_scale".to_owned(), crate::info::decimal(wide_scale)),
            (
                "attack_depth".to_owned(),
                self.attack_depth.name().to_owned().into(),
            ),
            (
                "artefact".to_owned(),
                self.artefact.name().to_owned().into(),
            ),
        ])
    }
}
