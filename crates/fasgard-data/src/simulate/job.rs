//! One live sample: decoded once, photographed again as a twin and as attacks.

use std::path::Path;

use fasgard_image::{Eyes, GrayImage, RgbImage, decode, decode_gray, encode_png_gray, random};
use fasgard_metrics::Label;
use fasgard_synth::{Attack, Capture, Portrait, RecaptureOptions, recapture};
use rand::Rng;

use super::SimulateOptions;
use crate::dataset::Sample;
use crate::manifest::ManifestRow;
use crate::prepare::{AttackDepth, Failure, PrepareError, sha256_hex, write_folder_file};
use crate::writing::{Made, own_path, part};

/// A live sample to re-capture.
pub(super) struct Job<'a> {
    pub(super) live: &'a Sample,
    /// Number among the source's live samples; names the files.
    pub(super) number: usize,
    /// The sample's name in the output, without the presentation.
    pub(super) name: String,
    /// Whose picture is printed, shown or worn; the sample's own if none.
    pub(super) shown: Option<&'a Sample>,
}

impl Job<'_> {
    /// The attacks to make: all, or as many as wanted by a draw of the sample's own.
    pub(super) fn attacks(&self, options: &SimulateOptions) -> Vec<Attack> {
        let mut attacks = options.attacks.clone();
        if let Some(count) = options.per_live {
            let key = self.live.row.key();
            let mut rng = random::stream(options.seed, "simulate-choice", 0, &key);
            let count = (count as usize).min(attacks.len());
            for i in 0..count {
                let j = rng.random_range(i..attacks.len());
                attacks.swap(i, j);
            }
            attacks.truncate(count);
            attacks.sort();
        }
        attacks
    }

    /// The row of a presentation before anything is stored.
    pub(super) fn row(
        &self,
        dataset: &str,
        attack: Option<Attack>,
    ) -> Result<ManifestRow, PrepareError> {
        let source = &self.live.row;
        let presentation = attack.map_or("live", Attack::species);
        let (label, species) = match attack {
            None => (Label::Live, None),
            Some(attack) => {
                let parsed = attack.species().parse();
                let parsed = parsed.map_err(|_| invalid("a PAI species", attack.to_string()))?;
                (Label::Attack, Some(parsed))
            }
        };
        let sample = format!("{}/{presentation}", self.name);
        let image = own_path(&self.file("faces", attack, "jpg"))?;
        let mut row = ManifestRow::new(dataset, sample, label, species, image);
        row.split = source.split;
        row.subject.clone_from(&source.subject);
        // A recording has one label, so each presentation is a recording of its own.
        row.video = source.video.as_ref().map(|v| format!("{v}/{presentation}"));
        row.frame = source.video.as_ref().and(source.frame);
        row.attributes.clone_from(&source.attributes);
        Ok(row)
    }

    fn file(&self, folder: &str, attack: Option<Attack>, extension: &str) -> String {
        let presentation = attack.map_or_else(|| "live".into(), |a| a.species().replace('/', "-"));
        let split = part(self.live.row.split);
        format!(
            "{folder}/{split}/{:06}-{presentation}.{extension}",
            self.number
        )
    }

    /// Stores twin and attacks. What is wrong with the sample becomes failures; an output that
    /// cannot be written is an error.
    pub(super) fn write(
        &self,
        output: &Path,
        dataset: &str,
        options: &SimulateOptions,
        wide_scale: f32,
    ) -> Result<Made, PrepareError> {
        let mut made = Made::default();
        let failure = |name: String, reason: String| Failure {
            sample: name,
            path: self.live.row.image.to_string(),
            reason,
        };
        let taken = pixels(self.live, options).and_then(|own| {
            let other = self.shown.map(|shown| pixels(shown, options));
            Ok((own, other.transpose()?))
        });
        let ((picture, depth), other) = match taken {
            Ok(taken) => taken,
            Err(reason) => {
                made.failures.push(failure(self.name.clone(), reason));
                return Ok(made);
            }
        };
        let Some(face) = self.live.row.face else {
            let reason = "expected a face box (box_x, box_y, box_w, box_h), found none; prepare the source with a crop policy that stores one";
            made.failures
                .push(failure(self.name.clone(), reason.to_owned()));
            return Ok(made);
        };
        // One without a box shows nobody: the sample's own is taken.
        let shown = self.shown.zip(other.as_ref());
        let shown = shown.and_then(|(sample, (picture, depth))| {
            Some(Portrait {
                picture,
                face: sample.row.face?,
                eyes: sample.row.eyes,
                depth: depth.as_ref(),
                shown: None,
            })
        });
        let portrait = Portrait {
            picture: &picture,
            face,
            eyes: self.live.row.eyes,
            depth: depth.as_ref(),
            shown: shown.as_ref(),
        };
        let planar = options.attack_depth == AttackDepth::Planar;
        let size = (RecaptureOptions::with_side(options.side).with_planar(planar))
            .with_wide_scale(wide_scale);
        let key = self.live.row.key();
        let attacks = self.attacks(options);
        for attack in std::iter::once(None).chain(attacks.into_iter().map(Some)) {
            let mut row = self.row(dataset, attack)?;
            match recapture(&portrait, attack, &size, options.seed, &key) {
                Ok(taken) => {
                    self.store(output, &mut row, (attack, planar), &taken)?;
                    made.rows.push(row);
                }
                // Without its twin no attack is kept: they fail for the same reason.
                Err(error) if attack.is_none() => {
                    made.failures
                        .push(failure(self.name.clone(), error.to_string()));
                    return Ok(made);
                }
                Err(error) => made.failures.push(failure(row.sample, error.to_string())),
            }
        }
        Ok(made)
    }

    fn store(
        &self,
        output: &Path,
        row: &mut ManifestRow,
        (attack, planar): (Option<Attack>, bool),
        taken: &Capture,
    ) -> Result<(), PrepareError> {
        for (key, value) in &taken.conditions {
            // The source's own `device` and `light` are those of the first camera.
            let inserted = row.attributes.insert(&format!("sim_{key}"), value);
            inserted.map_err(|e| invalid("an attribute of a capture", e.0))?;
        }
        row.face = Some(taken.face);
        row.eyes = self.live.row.eyes.map(|_| Eyes {
            right: taken.eyes[0],
            left: taken.eyes[1],
        });
        row.sha256 = Some(sha256_hex(&taken.jpeg));
        write_folder_file(&row.image.under(output), &taken.jpeg)?;
        let png = |map| encode_png_gray(map).map_err(|e| invalid("a map", e.to_string()));
        let partial = attack.is_some_and(Attack::is_partial);
        if partial {
            let mask = own_path(&self.file("masks", attack, "png"))?;
            let bytes = png(&taken.mask)?;
            write_folder_file(&mask.under(output), &bytes)?;
            row.mask_sha256 = Some(sha256_hex(&bytes).into());
            row.mask = Some(mask);
        }
        // Of a whole-image attack the constant mask and the depth 0 are exact without files.
        if self.live.row.depth.is_some() && (partial || planar || attack.is_none()) {
            let depth = own_path(&self.file("depth", attack, "png"))?;
            let bytes = png(&taken.depth)?;
            write_folder_file(&depth.under(output), &bytes)?;
            row.depth_sha256 = Some(sha256_hex(&bytes).into());
            row.depth = Some(depth);
        }
        Ok(())
    }
}

type Pixels = (RgbImage, Option<GrayImage>);

/// A sample's picture and depth; the reason in words if one cannot be decoded.
fn pixels(sample: &Sample, options: &SimulateOptions) -> Result<Pixels, String> {
    let picture = decode(sample.image_path(), &options.limits, true);
    let depth = sample
        .depth_path()
        .map(|path| decode_gray(path, &options.limits));
    let depth = depth.transpose().map_err(|e| e.to_string())?;
    Ok((picture.map_err(|e| e.to_string())?, depth))
}

fn invalid(expected: &'static str, found: String) -> PrepareError {
    PrepareError::Option {
        key: "simulate",
        expected,
        found,
    }
}
