//! Scales: a value's place along an axis, and where the ticks stand.

use super::probit::probit;

/// A scale over a closed range of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Scale {
    /// Equal steps are equal lengths.
    Linear {
        /// Left or bottom end.
        min: f64,
        /// Right or top end.
        max: f64,
    },
    /// Equal ratios are equal lengths; `min` above zero.
    Log {
        /// Left or bottom end.
        min: f64,
        /// Right or top end.
        max: f64,
    },
    /// Normal deviates of a rate (DET); `0 < min < max < 1`.
    Probit {
        /// Left or bottom end.
        min: f64,
        /// Right or top end.
        max: f64,
    },
    /// Log-odds of a score: spreads out scores that crowd at 0 and 1; `0 < min < max < 1`.
    Logit {
        /// Left or bottom end.
        min: f64,
        /// Right or top end.
        max: f64,
    },
    /// Equal steps of the square root: small shares stay visible beside large ones; `min` is 0.
    Root {
        /// Right or top end.
        max: f64,
    },
}

/// A tick: the value it stands at and its text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

impl Scale {
    fn ends(self) -> (f64, f64) {
        match self {
            Self::Linear { min, max }
            | Self::Log { min, max }
            | Self::Probit { min, max }
            | Self::Logit { min, max } => (min, max),
            Self::Root { max } => (0.0, max),
        }
    }

    fn map(self, value: f64) -> f64 {
        match self {
            Self::Linear { .. } => value,
            Self::Log { .. } => value.ln(),
            Self::Probit { .. } => probit(value),
            Self::Logit { .. } => (value / (1.0 - value)).ln(),
            Self::Root { .. } => value.sqrt(),
        }
    }

    /// The place of `value` from 0 (`min`) to 1 (`max`); what lies outside takes the end's place.
    pub(crate) fn place(self, value: f64) -> f64 {
        let (min, max) = self.ends();
        let (low, high) = (self.map(min), self.map(max));
        // A range of no width has its one value in the middle.
        if high <= low || value.is_nan() {
            return 0.5;
        }
        (self.map(value.clamp(min, max)) - low) / (high - low)
    }

    /// Ticks inside the range, about `wanted` of them where that is a choice.
    pub(crate) fn ticks(self, wanted: usize, percent: bool) -> Vec<Tick> {
        let (min, max) = self.ends();
        let text = |v: f64| {
            if percent {
                number(v * 100.0)
            } else {
                number(v)
            }
        };
        let pick = |values: &[f64]| {
            values
                .iter()
                .filter(|&&v| v >= min && v <= max)
                .map(|&value| Tick {
                    value,
                    label: text(value),
                })
                .collect()
        };
        match self {
            Self::Linear { .. } | Self::Root { .. } => linear_ticks(min, max, wanted)
                .into_iter()
                .map(|value| Tick {
                    value,
                    label: text(value),
                })
                .collect(),
            Self::Log { .. } => log_ticks(min, max, wanted)
                .into_iter()
                .map(|value| Tick {
                    value,
                    label: text(value),
                })
                .collect(),
            Self::Probit { .. } => pick(&[
                0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98,
                0.99, 0.995, 0.998, 0.999,
            ]),
            Self::Logit { .. } => pick(&[0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999]),
        }
    }
}

/// Multiples of 1, 2 or 5 times a power of ten from `min` to `max`.
fn linear_ticks(min: f64, max: f64, wanted: usize) -> Vec<f64> {
    let span = max - min;
    if !span.is_finite() || span <= 0.0 {
        return vec![min];
    }
    let rough = span / wanted.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * power)
        .into_iter()
        .find(|&s| s >= rough * 0.999)
        .unwrap_or(10.0 * power);
    let first = (min / step - 1e-9).ceil() as i64;
    let last = (max / step + 1e-9).floor() as i64;
    (first..=last).map(|i| i as f64 * step).collect()
}

/// Powers of ten, with 2 and 5 times them where the range is short.
fn log_ticks(min: f64, max: f64, wanted: usize) -> Vec<f64> {
    let (low, high) = (min.log10().floor() as i32, max.log10().ceil() as i32);
    let at = |multiples: &[f64]| -> Vec<f64> {
        (low..=high)
            .flat_map(|e| multiples.iter().map(move |m| m * 10f64.powi(e)))
            .filter(|&v| v >= min * 0.999 && v <= max * 1.001)
            .collect()
    };
    let decades = at(&[1.0]);
    if decades.len() >= wanted.min(3) {
        return decades;
    }
    let fine = at(&[1.0, 2.0, 5.0]);
    if fine.is_empty() {
        vec![min, max]
    } else {
        fine
    }
}

/// A short decimal form: no trailing zeros, no rounding noise, powers only when very small or large.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e7).contains(&size) {
        return format!("{value:.0e}");
    }
    let digits = if size >= 100.0 { 0 } else { 4 };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    if text == "-0" { "0" } else { text }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|t| t.label.as_str()).collect()
    }

    #[test]
    fn places() {
        let cases = [
            (Scale::Linear { min: 0.0, max: 2.0 }, 0.5, 0.25),
            (Scale::Linear { min: 0.0, max: 2.0 }, 9.0, 1.0),
            (Scale::Linear { min: 1.0, max: 1.0 }, 1.0, 0.5),
            (
                Scale::Log {
                    min: 0.01,
                    max: 100.0,
                },
                1.0,
                0.5,
            ),
            (
                Scale::Probit {
                    min: 0.01,
                    max: 0.99,
                },
                0.5,
                0.5,
            ),
            (
                Scale::Logit {
                    min: 0.001,
                    max: 0.999,
                },
                0.5,
                0.5,
            ),
            (
                Scale::Logit {
                    min: 0.001,
                    max: 0.999,
                },
                0.0,
                0.0,
            ),
            (Scale::Root { max: 1.0 }, 0.25, 0.5),
        ];
        for (scale, value, place) in cases {
            assert!(
                (scale.place(value) - place).abs() < 1e-9,
                "{scale:?} {value}"
            );
        }
    }

    #[test]
    fn ticks_are_round_numbers() {
        let ticks = Scale::Linear { min: 0.0, max: 1.0 }.ticks(5, false);
        assert_eq!(labels(&ticks), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        let ticks = Scale::Linear {
            min: 0.0,
            max: 1300.0,
        }
        .ticks(4, false);
        assert_eq!(labels(&ticks), ["0", "500", "1000"]);
        let ticks = Scale::Log {
            min: 0.003,
            max: 5.0,
        }
        .ticks(4, false);
        assert_eq!(labels(&ticks), ["0.01", "0.1", "1"]);
        let ticks = Scale::Log { min: 0.3, max: 2.0 }.ticks(4, false);
        assert_eq!(labels(&ticks), ["0.5", "1", "2"]);
        let ticks = Scale::Probit {
            min: 0.01,
            max: 0.4,
        }
        .ticks(5, true);
        assert_eq!(labels(&ticks), ["1", "2", "5", "10", "20", "40"]);
    }

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.30000000000000004, "0.3"),
            (-0.0, "0"),
            (1e-7, "1e-7"),
            (250.0, "250"),
            (40.0, "40"),
        ] {
            assert_eq!(number(value), text);
        }
    }
}
