//! Rules over manifest rows.

use std::collections::BTreeMap;

use fasgard_metrics::Split;
use serde::{Deserialize, Serialize};

use super::Rows;
use crate::manifest::ManifestRow;

/// Which rows are meant: those for which every key that is given holds. A rule without keys means
/// every row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Names of datasets, or of their layouts (`oulu-npu`): one of them.
    #[serde(default)]
    pub dataset: Option<Vec<String>>,
    /// The split in the manifest: one of `train`, `dev`, `test`, `none`.
    #[serde(default)]
    pub official: Option<Vec<String>>,
    /// Subjects: names, or ranges of numbers such as `21-35` (both ends included; leading zeros do
    /// not matter). Rows whose subject is not known do not match.
    #[serde(default)]
    pub subjects: Option<Vec<String>>,
    /// `live`, `attack`, a family (`print`) or a species (`print/1`): one of them.
    #[serde(default)]
    pub classes: Option<Vec<String>>,
    /// Of each key one of the values.
    #[serde(default)]
    pub attributes: Option<BTreeMap<String, Vec<String>>>,
}

impl Rule {
    /// Whether the rule means this row.
    pub(crate) fn matches(&self, row: &ManifestRow, rows: &Rows<'_>) -> bool {
        let any = |of: &Option<Vec<String>>, holds: &dyn Fn(&str) -> bool| {
            of.as_ref().is_none_or(|of| of.iter().any(|v| holds(v)))
        };
        any(&self.dataset, &|v| {
            v == row.dataset || v == rows.layout(row)
        }) && any(&self.official, &|v| v == split_name(row.split))
            && any(&self.subjects, &|v| {
                row.subject.as_deref().is_some_and(|s| is_subject(v, s))
            })
            && any(&self.classes, &|v| is_class(v, row))
            && self.attributes.as_ref().is_none_or(|wanted| {
                wanted.iter().all(|(key, values)| {
                    let found = row.attributes.get(key);
                    found.is_some_and(|f| values.iter().any(|v| v == f))
                })
            })
    }

    /// What is wrong with the rule's values; the key and what was expected and found.
    pub(super) fn validate(&self) -> Result<(), String> {
        let wrong = |key: &str, expected: &str, found: &str| {
            Err(format!("key `{key}`: expected {expected}, found `{found}`"))
        };
        for (key, list) in [
            ("dataset", &self.dataset),
            ("official", &self.official),
            ("subjects", &self.subjects),
            ("classes", &self.classes),
        ] {
            if list.as_ref().is_some_and(Vec::is_empty) {
                return wrong(key, "at least one value, or no key at all", "[]");
            }
        }
        for value in self.official.iter().flatten() {
            if value != "none" && value.parse::<Split>().is_err() {
                return wrong("official", "train, dev, test or none", value);
            }
        }
        for value in self.subjects.iter().flatten() {
            if let Some((from, to)) = range(value)
                && from > to
            {
                return wrong("subjects", "a range from low to high", value);
            }
        }
        for value in self.classes.iter().flatten() {
            let family = format!("{value}/any").parse::<fasgard_metrics::Species>();
            let species = value.parse::<fasgard_metrics::Species>();
            if family.is_err() && species.is_err() {
                let expected = "live, attack, a family `print` or a species `print/1`";
                return wrong("classes", expected, value);
            }
        }
        for (key, values) in self.attributes.iter().flatten() {
            if values.is_empty() {
                return wrong(&format!("attributes.{key}"), "at least one value", "[]");
            }
        }
        Ok(())
    }
}

/// The name of a manifest's split in rules.
pub(super) fn split_name(split: Option<Split>) -> &'static str {
    match split {
        Some(Split::Train) => "train",
        Some(Split::Dev) => "dev",
        Some(Split::Test) => "test",
        None => "none",
    }
}

/// The two ends of `21-35`.
fn range(text: &str) -> Option<(u64, u64)> {
    let (from, to) = text.split_once('-')?;
    Some((whole(from)?, whole(to)?))
}

fn whole(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn is_subject(wanted: &str, found: &str) -> bool {
    wanted == found
        || range(wanted)
            .zip(whole(found))
            .is_some_and(|((from, to), n)| (from..=to).contains(&n))
}

fn is_class(wanted: &str, row: &ManifestRow) -> bool {
    match &row.species {
        None => wanted == row.label.to_string(),
        Some(s) => wanted == "attack" || wanted == s.family() || wanted == s.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use fasgard_metrics::Label;

    use super::*;
    use crate::manifest::RelativePath;

    fn row(subject: &str, species: Option<&str>) -> ManifestRow {
        let label = if species.is_some() {
            Label::Attack
        } else {
            Label::Live
        };
        let image = RelativePath::new("a.png").unwrap();
        let species = species.map(|s| s.parse().unwrap());
        let mut row = ManifestRow::new("mine", "a", label, species, image);
        row.subject = (!subject.is_empty()).then(|| subject.to_owned());
        row.attributes = "phone=2;session=1".parse().unwrap();
        row
    }

    #[test]
    fn every_key_narrows() {
        let live = row("021", None);
        let print = row("7", Some("print/1"));
        let all = [&live, &print];
        let rows = Rows::new(all, [("mine", "oulu-npu")]);
        for (text, expected) in [
            ("", [true, true]),
            ("dataset = ['mine']", [true, true]),
            ("dataset = ['oulu-npu']", [true, true]),
            ("dataset = ['siw-m']", [false, false]),
            ("official = ['none']", [true, true]),
            ("official = ['train', 'dev']", [false, false]),
            ("subjects = ['21-35']", [true, false]),
            ("subjects = ['7']", [false, true]),
            ("subjects = ['21']", [false, false]),
            ("classes = ['live']", [true, false]),
            ("classes = ['attack']", [false, true]),
            ("classes = ['print']", [false, true]),
            ("classes = ['print/2', 'live']", [true, false]),
            ("attributes = { phone = ['2', '3'] }", [true, true]),
            (
                "attributes = { phone = ['2'], session = ['2'] }",
                [false, false],
            ),
            ("attributes = { light = ['2'] }", [false, false]),
        ] {
            let rule: Rule = toml::from_str(text).unwrap();
            assert_eq!(rule.validate(), Ok(()), "{text}");
            assert_eq!(all.map(|r| rule.matches(r, &rows)), expected, "{text}");
        }
        let unknown = row("", None);
        let rule: Rule = toml::from_str("subjects = ['0-99']").unwrap();
        assert!(!rule.matches(&unknown, &rows));
    }
}
