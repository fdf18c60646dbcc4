//! The protocol file, as types.

use std::collections::BTreeSet;

use fasgard_metrics::{Convention, Criterion, Level, Split};
use serde::{Deserialize, Serialize};

use super::{MAX_FOLDS, Rule};

/// A protocol: `protocols/*.toml`. Either `[[fold]]` with rules, or `[generate]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtocolFile {
    /// Version of the format: 1.
    pub schema: u32,
    /// Short name, as in tables.
    pub name: String,
    /// What it tests.
    #[serde(default)]
    pub title: String,
    /// Where its rules and counts were taken from.
    #[serde(default)]
    pub source: String,
    /// What a reader must know.
    #[serde(default)]
    pub notes: Vec<String>,
    /// What is counted and evaluated as one presentation.
    #[serde(default = "video")]
    pub level: Level,
    /// The convention its results are reported by.
    #[serde(default = "iso")]
    pub convention: Convention,
    /// How the threshold is chosen; the convention's own by default.
    #[serde(default)]
    pub threshold: Option<Criterion>,
    /// How its results are laid out.
    #[serde(default)]
    pub table: TableKind,
    /// Seed of dev splits that are cut from train.
    #[serde(default)]
    pub dev_seed: u64,
    /// Splits that share subjects on purpose.
    #[serde(default)]
    pub overlap: Vec<Overlap>,
    /// The folds.
    #[serde(default)]
    pub fold: Vec<FoldRules>,
    /// How folds are made of the data.
    #[serde(default)]
    pub generate: Option<Generate>,
    /// Published counts.
    #[serde(default)]
    pub expected: Vec<Expected>,
}

fn video() -> Level {
    Level::Video
}

fn iso() -> Convention {
    Convention::Iso
}

/// How results are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableKind {
    /// APCER, BPCER and ACER, mean and deviation over folds.
    #[default]
    Rates,
    /// EER and ACER of every fold, their mean and deviation: folds are held-out types.
    Types,
    /// HTER and AUC of every fold: folds are target datasets.
    Targets,
}

/// Two splits that share subjects on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlap {
    /// The two splits.
    pub splits: [Split; 2],
    /// Why it is so.
    pub why: String,
}

/// The rules of one fold. A row belongs to a split if any rule of the split means it. Without `dev`
/// whole subjects are cut from train.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldRules {
    /// Name of the fold.
    pub name: String,
    /// Training rows.
    pub train: Vec<Rule>,
    /// Development rows.
    #[serde(default)]
    pub dev: Vec<Rule>,
    /// Test rows.
    pub test: Vec<Rule>,
}

/// How folds are made of the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generate {
    /// What a fold is.
    pub kind: GenerateKind,
    /// Which rows take part; all by default.
    #[serde(default)]
    pub rows: Vec<Rule>,
    /// Of leave-one-species-out: the fold is a species or a whole family.
    #[serde(default)]
    pub by: Grouping,
    /// Of leave-one-species-out: where the people of test come from.
    #[serde(default)]
    pub test_rows: TestRows,
    /// The species, families or datasets that are left out, in the order of tables; by default all
    /// of the data, sorted.
    #[serde(default)]
    pub only: Vec<String>,
    /// Of k-fold: number of folds, 3 to 100.
    #[serde(default)]
    pub folds: Option<usize>,
    /// Of k-fold and drawn test rows.
    #[serde(default)]
    pub seed: u64,
}

/// What a fold is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GenerateKind {
    /// A species is in test only; live is shared out by people.
    LeaveOneSpeciesOut,
    /// A dataset is test, the others are train.
    LeaveOneDatasetOut,
    /// Subjects are shared out into k parts; part i is test, part i + 1 dev.
    KFold,
}

/// Species or family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grouping {
    /// `print/1`.
    #[default]
    Species,
    /// `print`.
    Family,
}

/// Where the people of a test that leaves a species out come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TestRows {
    /// The manifest's test split; its dev split is dev. Attacks without a split are train, or test
    /// if their species is left out.
    #[default]
    Official,
    /// A fifth of the subjects, drawn by the seed, the same in every fold; live videos where
    /// subjects are not known.
    Drawn,
}

/// Published counts of a fold; what is not known is left out. Where dev is cut from train, `train`
/// counts both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The fold; `*` = every fold.
    pub fold: String,
    /// Of train.
    #[serde(default)]
    pub train: Counts,
    /// Of dev.
    #[serde(default)]
    pub dev: Counts,
    /// Of test.
    #[serde(default)]
    pub test: Counts,
    /// Of the three together.
    #[serde(default)]
    pub total: Counts,
}

/// Numbers of presentations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Live ones.
    #[serde(default)]
    pub live: Option<u64>,
    /// Attacks.
    #[serde(default)]
    pub attack: Option<u64>,
}

impl ProtocolFile {
    /// Parses and checks; the error is the reason.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
        // The version comes first: a later version may have keys that this one does not know.
        if let Some(schema) = table.get("schema").filter(|s| s.as_integer() != Some(1)) {
            return Err(format!("key `schema`: expected 1, found {schema}"));
        }
        let file: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        file.validate()?;
        Ok(file)
    }

    fn validate(&self) -> Result<(), String> {
        let printable = |key: &str, text: &str| {
            let ok = !text.is_empty() && text.len() <= 100 && !text.contains(char::is_control);
            match ok {
                true => Ok(()),
                false => Err(format!(
                    "key `{key}`: expected 1 to 100 printable characters, found {text:?}"
                )),
            }
        };
        printable("name", &self.name)?;
        match (&self.generate, self.fold.is_empty()) {
            (None, true) => {
                return Err("expected [[fold]] tables or a [generate] table, found none".to_owned());
            }
            (Some(_), false) => {
                return Err("expected [[fold]] tables or a [generate] table, found both".to_owned());
            }
            (Some(generate), true) => generate.validate()?,
            (None, false) => {}
        }
        if self.fold.len() > MAX_FOLDS {
            let found = self.fold.len();
            return Err(format!("expected at most {MAX_FOLDS} folds, found {found}"));
        }
        let mut names = BTreeSet::new();
        for fold in &self.fold {
            printable("fold.name", &fold.name)?;
            if !names.insert(&fold.name) {
                let name = &fold.name;
                return Err(format!(
                    "fold `{name}`: expected every fold once, found two"
                ));
            }
            for (split, rules) in [
                ("train", &fold.train),
                ("dev", &fold.dev),
                ("test", &fold.test),
            ] {
                if rules.is_empty() && split != "dev" {
                    let name = &fold.name;
                    return Err(format!(
                        "fold `{name}`: key `{split}`: expected a rule, found none"
                    ));
                }
                for rule in rules {
                    let place = |e| format!("fold `{}`: {split}: {e}", fold.name);
                    rule.validate().map_err(place)?;
                }
            }
        }
        for overlap in &self.overlap {
            if overlap.splits[0] == overlap.splits[1] {
                let split = overlap.splits[0];
                return Err(format!(
                    "key `overlap.splits`: expected two different splits, found {split} twice"
                ));
            }
        }
        for expected in &self.expected {
            let known = expected.fold == "*" || names.contains(&expected.fold);
            if self.generate.is_none() && !known {
                let fold = &expected.fold;
                return Err(format!(
                    "key `expected.fold`: expected a fold or *, found `{fold}`"
                ));
            }
        }
        Ok(())
    }
}

impl Generate {
    fn validate(&self) -> Result<(), String> {
        for rule in &self.rows {
            rule.validate().map_err(|e| format!("generate.rows: {e}"))?;
        }
        match (self.kind, self.folds) {
            (GenerateKind::KFold, Some(3..=100)) => {}
            (GenerateKind::KFold, found) => {
                let found = found.map_or("none".to_owned(), |f| f.to_string());
                return Err(format!(
                    "key `generate.folds`: expected 3 to 100, found {found}"
                ));
            }
            (_, Some(_)) => {
                return Err("key `generate.folds`: expected only with kind `k-fold`".to_owned());
            }
            (_, None) => {}
        }
        if self.only.len() > MAX_FOLDS {
            let found = self.only.len();
            return Err(format!(
                "key `generate.only`: expected at most {MAX_FOLDS}, found {found}"
            ));
        }
        if self.only.iter().collect::<BTreeSet<_>>().len() < self.only.len() {
            return Err("key `generate.only`: expected every name once".to_owned());
        }
        Ok(())
    }
}
