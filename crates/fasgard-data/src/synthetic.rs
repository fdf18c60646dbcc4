//! Prepared datasets of rendered faces.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use fasgard_image::{Eyes, encode_png_gray};
use fasgard_metrics::{Label, Split};
use fasgard_synth::{CaptureOptions, Identity, Presentation, capture};

use crate::dataset::{Dataset, DatasetError};
use crate::info::{DatasetInfo, counts, decimal};
use crate::manifest::{ManifestRow, RelativePath};
use crate::prepare::{PrepareError, Progress, WIDE_SCALE, sha256_hex, write_folder_file};
use crate::writing::{Made, write_dataset};

/// What is rendered: identities x presentations x shots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntheticOptions {
    /// Name of the dataset.
    pub name: String,
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// People per split, in the order train, dev, test. No one is in two splits.
    pub identities: [u32; 3],
    /// Photographs of each person and presentation.
    pub shots: u32,
    /// Presentations per split, in the order train, dev, test; each split that has people needs
    /// [`Presentation::Live`], so that every attacked person is also seen live.
    pub presentations: [Vec<Presentation>; 3],
    /// Side of the stored wide crop in pixels, 32 to 1024.
    pub side: u32,
    /// Replace a prepared dataset, or an unfinished one, in the output folder.
    pub overwrite: bool,
}

impl Default for SyntheticOptions {
    /// 24 + 8 + 12 people, 3 shots, live, print and replay everywhere and, in test only, the half
    /// mask and the paper eyes, which training never sees; 160 pixels.
    fn default() -> Self {
        use Presentation::{Live, Print, Replay};
        let known = vec![Live, Print, Replay];
        Self {
            name: "synthetic".to_owned(),
            seed: 0,
            identities: [24, 8, 12],
            shots: 3,
            presentations: [known.clone(), known, Presentation::ALL.to_vec()],
            side: 160,
            overwrite: false,
        }
    }
}

/// A synthetic dataset that was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SyntheticError {
    /// An option is out of range, or the output is not empty or not writable.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// What was written cannot be opened.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}

/// One photograph to take.
struct Job {
    split: Split,
    person: u32,
    presentation: Presentation,
    shot: u32,
}

/// Renders a prepared dataset into the folder `output` and opens it: a pure function of the
/// options, the same files for any number of threads.
///
/// Live rows have depth maps, partial attacks (paper eyes, half mask) have masks; for whole-image
/// attacks the constant mask and the flat depth are exact. Every capture is a video of its own.
/// `progress` is called after every image, from many threads; its [`ControlFlow::Break`] stops.
///
/// # Errors
/// [`SyntheticError`]: an option out of range, an output that is not empty or not writable, or the
/// work was stopped. The folder then holds no manifest.
pub fn write_synthetic(
    output: &Path,
    options: &SyntheticOptions,
    progress: &(dyn Fn(Progress) -> ControlFlow<()> + Sync),
) -> Result<Dataset, SyntheticError> {
    options.validate()?;
    let jobs = options.jobs();
    write_dataset(
        (output, options.overwrite),
        &jobs,
        &|job: &Job| {
            Ok(Made {
                rows: vec![job.write(output, options)?],
                failures: Vec::new(),
            })
        },
        |made| {
            let mut info = DatasetInfo::new(&options.name, "synthetic");
            info.parameters = options.parameters();
            info.notes.push(
                "rendered faces: nobody is shown, and results say nothing of real attacks"
                    .to_owned(),
            );
            info.counts = counts(&made.rows, &made.rows);
            Ok::<_, SyntheticError>(info)
        },
        progress,
        &Split::ALL.map(Some),
    )?;
    Ok(Dataset::open(output)?)
}

impl SyntheticOptions {
    fn validate(&self) -> Result<(), PrepareError> {
        let bad = |key, expected, found: String| {
            Err(PrepareError::Option {
                key,
                expected,
                found,
            })
        };
        if !(32..=1024).contains(&self.side) {
            return bad("side", "32 to 1024 pixels", self.side.to_string());
        }
        if !(1..=10_000).contains(&self.shots) {
            return bad("shots", "1 to 10000", self.shots.to_string());
        }
        let people: u64 = self.identities.iter().map(|&n| u64::from(n)).sum();
        if !(1..=1_000_000).contains(&people) {
            return bad("identities", "1 to 1000000 in all", people.to_string());
        }
        if self.name.is_empty() || self.name.len() > 200 || self.name.chars().any(char::is_control)
        {
            let found = format!("{:?}", self.name);
            return bad("name", "1 to 200 bytes without control characters", found);
        }
        for (presentations, &people) in self.presentations.iter().zip(&self.identities) {
            if people > 0 && !presentations.contains(&Presentation::Live) {
                let found = format!("{presentations:?}");
                return bad(
                    "presentations",
                    "live in every split that has people",
                    found,
                );
            }
        }
        Ok(())
    }

    fn jobs(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        let mut first = 0;
        for ((split, &people), presentations) in Split::ALL
            .into_iter()
            .zip(&self.identities)
            .zip(&self.presentations)
        {
            for person in first..first + people {
                for presentation in Presentation::ALL {
                    if presentations.contains(&presentation) {
                        jobs.extend((0..self.shots).map(|shot| Job {
                            split,
                            person,
                            presentation,
                            shot,
                        }));
                    }
                }
            }
            first += people;
        }
        jobs
    }

    fn parameters(&self) -> BTreeMap<String, toml::Value> {
        // TOML's integers are signed; a seed beyond them is kept as text.
        let seed =
            i64::try_from(self.seed).map_or_else(|_| self.seed.to_string().into(), Into::into);
        let mut parameters = BTreeMap::from([
            ("seed".to_owned(), seed),
            ("shots".to_owned(), i64::from(self.shots).into()),
            ("side".to_owned(), i64::from(self.side).into()),
            ("wide_scale".to_owned(), decimal(WIDE_SCALE)),
        ]);
        for (i, split) in Split::ALL.into_iter().enumerate() {
            let people = i64::from(self.identities[i]);
            parameters.insert(format!("{split}_identities"), people.into());
            let names: Vec<_> = self.presentations[i].iter().map(|p| p.name()).collect();
            parameters.insert(format!("{split}_presentations"), names.into());
        }
        parameters
    }
}

impl Job {
    fn write(
        &self,
        output: &Path,
        options: &SyntheticOptions,
    ) -> Result<ManifestRow, PrepareError> {
        let Self {
            split,
            person,
            presentation,
            shot,
        } = self;
        let identity = Identity::new(options.seed, u64::from(*person));
        let size = CaptureOptions::with_side(options.side);
        let taken = capture(&identity, *presentation, u64::from(*shot), &size);
        let name = format!("{split}/{person:04}-{presentation}-{shot}");
        let path = |folder: &str, extension: &str| {
            let path = format!("{folder}/{name}.{extension}");
            RelativePath::new(&path).map_err(|expected| invalid(expected, path))
        };
        let (label, species) = match presentation.species() {
            None => (Label::Live, None),
            Some(species) => {
                let parsed = species.parse();
                let parsed = parsed.map_err(|_| invalid("a PAI species", species.to_owned()))?;
                (Label::Attack, Some(parsed))
            }
        };
        let image = path("faces", "jpg")?;
        let mut row = ManifestRow::new(&*options.name, &*name, label, species, image);
        row.split = Some(*split);
        row.subject = Some(format!("{person:04}"));
        row.video = Some(name.clone());
        row.frame = Some(0);
        for (key, value) in &taken.conditions {
            let inserted = row.attributes.insert(key, value);
            inserted.map_err(|e| invalid("an attribute of a capture", e.0))?;
        }
        row.face = Some(taken.face);
        let [right, left] = taken.eyes;
        row.eyes = Some(Eyes { right, left });
        row.sha256 = Some(sha256_hex(&taken.jpeg));
        write_folder_file(&row.image.under(output), &taken.jpeg)?;
        let png = |map| encode_png_gray(map).map_err(|e| invalid("a map", e.to_string()));
        let partial = matches!(
            presentation,
            Presentation::PaperEyes | Presentation::HalfMask
        );
        let stored = |folder: &str, map| {
            let (path, bytes) = (path(folder, "png")?, png(map)?);
            write_folder_file(&path.under(output), &bytes)?;
            Ok::<_, PrepareError>((Some(path), Some(sha256_hex(&bytes).into())))
        };
        if partial {
            (row.mask, row.mask_sha256) = stored("masks", &taken.mask)?;
        }
        // The part of the head that is not covered keeps its depth.
        if partial || label.is_live() {
            (row.depth, row.depth_sha256) = stored("depth", &taken.depth)?;
        }
        Ok(row)
    }
}

fn invalid(expected: &'static str, found: String) -> PrepareError {
    PrepareError::Option {
        key: "synthetic",
        expected,
        found,
    }
}
