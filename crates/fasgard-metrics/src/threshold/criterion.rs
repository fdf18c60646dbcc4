//! The rule by which a threshold is chosen.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How a threshold comes about. Text form: `eer`, `bpcer=1%`, `apcer=0.01`, `value=0.5`,
/// `min-acer`, `target-eer`.
///
/// A presentation is accepted as live if score > t. Candidates for t are minus infinity and every
/// distinct score of the set the threshold is chosen on (non-responses left out), so a threshold
/// is always a score that was seen, or minus infinity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Criterion {
    /// On the dev set: the candidate of smallest |APCER - BPCER| with all attacks pooled; the
    /// lowest one on ties. Needs live and attack presentations.
    Eer,
    /// On the dev set: the **highest** candidate whose BPCER is at most this fraction: as strict
    /// with attacks as the allowance permits. Needs live presentations. Always exists, because
    /// minus infinity rejects nobody.
    Bpcer(f64),
    /// On the dev set: the **lowest** candidate whose APCER, aggregated as the convention does, is
    /// at most this fraction: as lenient with live people as the allowance permits. Needs attack
    /// presentations. Always exists, because the highest score rejects everybody.
    Apcer(f64),
    /// Given by the user; needs no set.
    Value(f64),
    /// On the dev set: the candidate of smallest ACER, aggregated as the convention does; the lowest
    /// one on ties. Needs live and attack presentations.
    MinAcer,
    /// As `Eer`, but on the evaluated set itself. Flattering: no deployed system can choose its
    /// threshold on the presentations it will be judged by.
    TargetEer,
}

impl Criterion {
    /// True if the threshold is chosen on a dev set.
    pub fn needs_dev(self) -> bool {
        matches!(
            self,
            Self::Eer | Self::Bpcer(_) | Self::Apcer(_) | Self::MinAcer
        )
    }
}

impl fmt::Display for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eer => f.write_str("eer"),
            Self::Bpcer(rate) => write!(f, "bpcer={}", percent(*rate)),
            Self::Apcer(rate) => write!(f, "apcer={}", percent(*rate)),
            Self::Value(value) => write!(f, "value={value}"),
            Self::MinAcer => f.write_str("min-acer"),
            Self::TargetEer => f.write_str("target-eer"),
        }
    }
}

/// As a percentage if that text reads back as the same number, else as a fraction.
fn percent(rate: f64) -> String {
    let percent = (rate * 100.0 * 1e9).round() / 1e9;
    if percent / 100.0 == rate {
        format!("{percent}%")
    } else {
        format!("{rate}")
    }
}

/// The text is no criterion.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseCriterionError {
    /// Not one of the forms.
    #[error(
        "expected a threshold `eer`, `bpcer=1%`, `apcer=1%`, `min-acer`, `value=0.5` or `target-eer`, found `{0}`"
    )]
    Form(String),
    /// A rate outside [0, 1).
    #[error(
        "expected a rate from 0% to below 100% (or a fraction from 0 to below 1) after `{key}=`, found `{found}`"
    )]
    Rate {
        /// `bpcer` or `apcer`.
        key: String,
        /// What stands after the `=`.
        found: String,
    },
    /// A value that is no finite number.
    #[error("expected a finite number after `value=`, found `{0}`")]
    Value(String),
}

impl FromStr for Criterion {
    type Err = ParseCriterionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            None if text == "eer" => Ok(Self::Eer),
            None if text == "min-acer" => Ok(Self::MinAcer),
            None if text == "target-eer" => Ok(Self::TargetEer),
            Some(("bpcer", rate)) => parse_rate("bpcer", rate).map(Self::Bpcer),
            Some(("apcer", rate)) => parse_rate("apcer", rate).map(Self::Apcer),
            Some(("value", value)) => match value.trim().parse::<f64>() {
                // Adding 0 turns -0 into 0.
                Ok(number) if number.is_finite() => Ok(Self::Value(number + 0.0)),
                _ => Err(ParseCriterionError::Value(value.to_owned())),
            },
            _ => Err(ParseCriterionError::Form(text.to_owned())),
        }
    }
}

fn parse_rate(key: &str, text: &str) -> Result<f64, ParseCriterionError> {
    let trimmed = text.trim();
    let number = match trimmed.strip_suffix('%') {
        Some(percent) => percent.trim_end().parse::<f64>().map(|p| p / 100.0),
        None => trimmed.parse::<f64>(),
    };
    match number {
        Ok(rate) if (0.0..1.0).contains(&rate) => Ok(rate + 0.0),
        _ => Err(ParseCriterionError::Rate {
            key: key.to_owned(),
            found: text.to_owned(),
        }),
    }
}

impl TryFrom<String> for Criterion {
    type Error = ParseCriterionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Criterion> for String {
    fn from(criterion: Criterion) -> Self {
        criterion.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_and_fraction_are_the_same() {
        assert_eq!("bpcer=1%".parse(), Ok(Criterion::Bpcer(0.01)));
        assert_eq!("bpcer=0.01".parse(), Ok(Criterion::Bpcer(0.01)));
        assert_eq!("apcer=0.1 %".parse(), Ok(Criterion::Apcer(0.001)));
        assert_eq!("value=-2.5".parse(), Ok(Criterion::Value(-2.5)));
        assert_eq!("eer".parse(), Ok(Criterion::Eer));
        assert_eq!("min-acer".parse(), Ok(Criterion::MinAcer));
        assert_eq!(Criterion::MinAcer.to_string(), "min-acer");
        assert_eq!("target-eer".parse(), Ok(Criterion::TargetEer));
    }

    #[test]
    fn text_reads_back_as_the_same_number() {
        for i in 0..1000 {
            let rate = f64::from(i) / 1000.0;
            for c in [Criterion::Bpcer(rate), Criterion::Apcer(rate / 3.0)] {
                assert_eq!(c.to_string().parse(), Ok(c));
            }
        }
        assert_eq!(Criterion::Bpcer(0.07).to_string(), "bpcer=7%");
    }

    #[test]
    fn refuses_what_is_no_criterion() {
        for text in [
            "",
            "EER",
            "bpcer",
            "bpcer=",
            "bpcer=100%",
            "bpcer=1",
            "bpcer=-1%",
            "bpcer=nan",
            "apcer=x",
            "value=",
            "value=inf",
            "value=nan",
            "eer=1",
            "fpr=1%",
        ] {
            let error = text.parse::<Criterion>().unwrap_err().to_string();
            assert!(error.starts_with("expected"), "{text}: {error}");
        }
    }
}
