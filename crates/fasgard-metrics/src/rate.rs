//! An error rate with its counts and its interval, as JSON carries it.

use serde::{Deserialize, Serialize};

use crate::interval::clopper_pearson;

/// A figure of an evaluation: a fraction in [0, 1], never a percentage.
///
/// As JSON: `{"value","errors","of","ci95":[lo,hi]}`, plus `reason` where the figure is undefined.
///
/// * A **proportion** (APCER of a species, BPCER, ...) has `errors` of `of` presentations and the
///   95 % Clopper-Pearson interval, which takes the presentations to be independent.
/// * A **composite** (ACER, EER, HTER, AUC) has a value only.
/// * An **undefined** figure has the value null and says why in `reason`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// The fraction; null if undefined.
    pub value: Option<f64>,
    /// Number of errors; null for composites.
    pub errors: Option<u64>,
    /// Number of presentations that could have been errors; null for composites.
    pub of: Option<u64>,
    /// Exact 95 % confidence interval `[lo, hi]`; null for composites and undefined figures.
    pub ci95: Option<[f64; 2]>,
    /// Why the figure is undefined; absent where it is defined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Rate {
    /// `errors` of `of` with its interval; undefined with `reason_if_none` if `of` is 0.
    /// `errors` above `of` are counted as `of`.
    pub fn proportion(errors: u64, of: u64, reason_if_none: &str) -> Self {
        if of == 0 {
            return Self {
                value: None,
                errors: Some(0),
                of: Some(0),
                ci95: None,
                reason: Some(reason_if_none.to_owned()),
            };
        }
        let errors = errors.min(of);
        Self {
            value: Some(errors as f64 / of as f64),
            errors: Some(errors),
            of: Some(of),
            ci95: clopper_pearson(errors, of),
            reason: None,
        }
    }

    /// A figure made of several proportions. A value that is not finite is undefined.
    pub fn composite(value: f64) -> Self {
        if !value.is_finite() {
            return Self::undefined("the value is not finite");
        }
        Self {
            value: Some(value),
            errors: None,
            of: None,
            ci95: None,
            reason: None,
        }
    }

    /// A figure that does not exist, and why.
    pub fn undefined(reason: impl Into<String>) -> Self {
        Self {
            value: None,
            errors: None,
            of: None,
            ci95: None,
            reason: Some(reason.into()),
        }
    }

    /// The mean of two figures as a composite; undefined for the reasons of its parts.
    pub fn mean_of(a: &Self, b: &Self) -> Self {
        match (a.value, b.value) {
            (Some(x), Some(y)) => Self::composite((x + y) / 2.0),
            _ => {
                let mut reasons: Vec<&str> = [a, b]
                    .iter()
                    .filter_map(|rate| rate.reason.as_deref())
                    .collect();
                reasons.dedup();
                Self::undefined(reasons.join("; "))
            }
        }
    }

    /// True if the figure has a value.
    pub fn is_defined(&self) -> bool {
        self.value.is_some()
    }

    /// Percent with counts and interval, such as `0.83 % (1/120, 0.02–4.56)`; `n/a (reason)` if
    /// undefined.
    pub fn percent(&self) -> String {
        let Some(value) = self.value else {
            return match &self.reason {
                Some(reason) => format!("n/a ({reason})"),
                None => "n/a".to_owned(),
            };
        };
        let mut text = format!("{:.2} %", 100.0 * value);
        if let (Some(errors), Some(of)) = (self.errors, self.of) {
            match self.ci95 {
                Some([lo, hi]) => text.push_str(&format!(
                    " ({errors}/{of}, {:.2}–{:.2})",
                    100.0 * lo,
                    100.0 * hi
                )),
                None => text.push_str(&format!(" ({errors}/{of})")),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_exactly_the_agreed_keys() {
        let json = serde_json::to_value(Rate::proportion(0, 20, "none")).unwrap();
        let keys: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["ci95", "errors", "of", "value"]);
        let json = serde_json::to_string(&Rate::composite(0.25)).unwrap();
        assert_eq!(
            json,
            r#"{"value":0.25,"errors":null,"of":null,"ci95":null}"#
        );
        let json = serde_json::to_string(&Rate::undefined("no live presentations")).unwrap();
        assert!(json.contains(r#""value":null"#) && json.contains(r#""reason":"no live"#));
    }

    #[test]
    fn undefined_parts_make_undefined_means() {
        let none = Rate::proportion(0, 0, "no attacks");
        assert_eq!(none.percent(), "n/a (no attacks)");
        let mean = Rate::mean_of(&Rate::composite(0.1), &none);
        assert_eq!(mean.reason.as_deref(), Some("no attacks"));
        assert_eq!(
            Rate::mean_of(&none, &none).reason.as_deref(),
            Some("no attacks")
        );
    }

    #[test]
    fn percent_names_counts_and_interval() {
        assert_eq!(
            Rate::proportion(1, 120, "").percent(),
            "0.83 % (1/120, 0.02–4.56)"
        );
    }
}
