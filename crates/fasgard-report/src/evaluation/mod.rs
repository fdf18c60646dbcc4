//! Reading `evaluation.json`.

mod figures;

use serde::Deserialize;

pub(crate) use figures::{Breakdown, Figure, Figures, Interval, Intervals, Point};

/// One convention's figures.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Evaluation {
    #[serde(default)]
    pub(crate) convention: String,
    #[serde(default)]
    pub(crate) level: String,
    #[serde(default)]
    pub(crate) fuse: Option<String>,
    #[serde(default)]
    pub(crate) warnings: Vec<Warning>,
    #[serde(default)]
    pub(crate) no_response: String,
    #[serde(default)]
    pub(crate) files: Files,
    #[serde(default)]
    pub(crate) apcer_aggregation: String,
    pub(crate) threshold: ThresholdUsed,
    pub(crate) test: Figures,
    #[serde(default)]
    pub(crate) intervals: Option<Intervals>,
    #[serde(default)]
    pub(crate) by: Vec<Breakdown>,
    /// Every convention of a file that holds several, this one too, in the order of tables.
    #[serde(skip)]
    pub(crate) conventions: Vec<Evaluation>,
}

/// What the evaluation warned of.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Warning {
    pub(crate) text: String,
}

/// The threshold and where it came from.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ThresholdUsed {
    /// A number, or `"-inf"`, `"inf"`.
    value: serde_json::Value,
    #[serde(default)]
    criterion: serde_json::Value,
    #[serde(default)]
    from: serde_json::Value,
}

/// The score files that were evaluated.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Files {
    pub(crate) dev: Option<ScoresUsed>,
    pub(crate) test: Option<ScoresUsed>,
}

/// One of them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ScoresUsed {
    pub(crate) sha256: String,
    pub(crate) origin: Option<Origin>,
}

/// Which model made it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Origin {
    pub(crate) model: String,
    pub(crate) weights_sha256: String,
    pub(crate) software: String,
}

impl Evaluation {
    /// Parses the file's text: one convention, or `iso` (else the first) of several.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut value: serde_json::Value =
            serde_json::from_str(text).map_err(|e| format!("expected JSON: {e}"))?;
        let several = value.get_mut("conventions").map(serde_json::Value::take);
        let Some(serde_json::Value::Object(several)) = several else {
            return Self::one(value);
        };
        let mut conventions = Vec::new();
        for (name, mut one) in several {
            if let Some(one) = one.as_object_mut() {
                for key in ["level", "fuse", "warnings", "no_response", "files"] {
                    if let (false, Some(shared)) = (one.contains_key(key), value.get(key)) {
                        one.insert(key.to_owned(), shared.clone());
                    }
                }
                one.insert("convention".to_owned(), name.into());
            }
            conventions.push(Self::one(one)?);
        }
        const ORDER: [&str; 4] = ["iso", "oulu", "pooled", "target-eer"];
        let place = |e: &Self| ORDER.iter().position(|name| *name == e.convention);
        conventions.sort_by_key(|e| place(e).unwrap_or(ORDER.len()));
        let mut first = conventions
            .first()
            .cloned()
            .ok_or("`conventions`: expected at least one, found none")?;
        first.conventions = conventions;
        Ok(first)
    }

    fn one(value: serde_json::Value) -> Result<Self, String> {
        let evaluation: Self = serde_json::from_value(value)
            .map_err(|e| format!("expected what `fasgard evaluate --json` prints: {e}"))?;
        if evaluation.threshold.number().is_none() {
            return Err("`threshold.value`: expected a number, \"-inf\" or \"inf\"".to_owned());
        }
        Ok(evaluation)
    }

    /// The species with the highest APCER, and that figure; the first by name among equals.
    pub(crate) fn worst_species(&self) -> Option<(&str, &Figure)> {
        let mut worst: Option<(&str, &Figure)> = None;
        for (name, figure) in &self.test.apcer_by_species {
            let higher = worst.is_none_or(|(_, w)| figure.value > w.value);
            if figure.value.is_some() && higher {
                worst = Some((name, figure));
            }
        }
        worst
    }

    /// The level in words, such as `video (mean of frames)`.
    pub(crate) fn level_text(&self) -> String {
        match (&self.fuse, self.level.as_str()) {
            (_, "") => "level not recorded".to_owned(),
            (Some(fuse), "video") => format!("video level, {fuse} over frames"),
            (_, level) => format!("{level} level"),
        }
    }
}

impl ThresholdUsed {
    fn number(&self) -> Option<f64> {
        match &self.value {
            serde_json::Value::String(s) if s == "-inf" => Some(f64::NEG_INFINITY),
            serde_json::Value::String(s) if s == "inf" => Some(f64::INFINITY),
            value => value.as_f64(),
        }
    }

    /// The value: accepted as live above it.
    pub(crate) fn value(&self) -> f64 {
        // Checked by `Evaluation::parse`.
        self.number().unwrap_or(f64::NAN)
    }

    /// The rule in words.
    pub(crate) fn criterion(&self) -> String {
        match plain(&self.criterion).as_str() {
            "" => "rule not recorded".to_owned(),
            "eer" => "equal error rate".to_owned(),
            "target-eer" => "equal error rate of the test set itself".to_owned(),
            "min-acer" => "smallest ACER".to_owned(),
            other => other.to_owned(),
        }
    }

    /// Where it was chosen, in words.
    pub(crate) fn from(&self) -> String {
        let get = |key: &str| self.from.get(key).map(plain).filter(|t| !t.is_empty());
        let Some(source) = get("source") else {
            let text = plain(&self.from);
            return if text.is_empty() {
                "origin not recorded".to_owned()
            } else {
                text
            };
        };
        let mut words = match source.as_str() {
            "dev" => "chosen on the dev set".to_owned(),
            "test" => "chosen on the test set itself, which flatters".to_owned(),
            "given" => return "given by the user".to_owned(),
            other => format!("chosen on {other}"),
        };
        if let (Some(live), Some(attack)) = (get("live"), get("attack")) {
            words.push_str(&format!(" ({live} live, {attack} attack)"));
        }
        words
    }

    /// SHA-256 of the score file it was chosen on; none if given.
    pub(crate) fn sha256(&self) -> Option<&str> {
        self.from.get("sha256")?.as_str()
    }

    /// Whether the threshold was chosen on the test set.
    pub(crate) fn flatters(&self) -> bool {
        self.from.get("source").unwrap_or(&self.from).as_str() == Some("test")
    }
}

fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"{"schema":1,"convention":"iso","level":"video","fuse":"mean",
        "threshold":{"value":0.25,"criterion":"eer","from":{"source":"dev","live":10,"attack":20}},
        "dev":{},"test":{"apcer":{"value":0.5,"errors":1,"of":2,"ci95":[0.01,0.99]},
        "bpcer":{"value":null,"errors":null,"of":null,"ci95":null,"reason":"no live"},
        "apcer_by_species":{"print/1":{"value":0.5,"errors":1,"of":2,"ci95":[0.01,0.99]},
        "replay/1":{"value":0.5,"errors":2,"of":4,"ci95":null},"mask/x":{"value":null}}}}"#;

    #[test]
    fn one_convention() {
        let e = Evaluation::parse(ONE).unwrap();
        assert_eq!(e.threshold.value(), 0.25);
        assert_eq!(
            e.threshold.from(),
            "chosen on the dev set (10 live, 20 attack)"
        );
        assert_eq!(e.level_text(), "video level, mean over frames");
        assert_eq!(e.worst_species().unwrap().0, "print/1");
        assert_eq!(e.test.apcer.percent(), "50.00");
        assert_eq!(e.test.apcer.interval().unwrap(), "1.00–99.00");
        assert_eq!(e.test.bpcer.percent(), "–");
    }

    #[test]
    fn of_several_conventions_iso_is_taken() {
        let text = format!(
            r#"{{"level":"frame","conventions":{{"oulu":{},"iso":{}}}}}"#,
            ONE.replace("0.25", "0.75"),
            ONE.replace(r#""value":0.25"#, r#""value":"-inf""#)
        );
        let e = Evaluation::parse(&text).unwrap();
        assert_eq!(e.threshold.value(), f64::NEG_INFINITY);
        assert_eq!(e.convention, "iso");
        let names: Vec<&str> = e.conventions.iter().map(|c| &*c.convention).collect();
        assert_eq!(names, ["iso", "oulu"]);
        assert_eq!(e.conventions[1].threshold.value(), 0.75);
        assert_eq!(e.conventions[1].level, "video");
    }

    #[test]
    fn what_is_no_evaluation_is_refused() {
        for text in [
            "",
            "[]",
            r#"{"conventions":{}}"#,
            &ONE.replace("0.25", "\"many\""),
        ] {
            assert!(Evaluation::parse(text).is_err(), "{text}");
        }
    }
}
