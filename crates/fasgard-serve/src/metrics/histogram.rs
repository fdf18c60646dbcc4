//! Counts below bounds.

use std::fmt::Write;

/// A histogram in Prometheus' sense: cumulative counts of observations at or below each bound.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    bounds: &'static [f64],
    /// Observations above the bound before and at or below this one; the last is beyond all.
    counts: Vec<u64>,
    sum: f64,
}

impl Histogram {
    /// An empty histogram over ascending bounds.
    pub(crate) fn new(bounds: &'static [f64]) -> Self {
        Self {
            bounds,
            counts: vec![0; bounds.len() + 1],
            sum: 0.0,
        }
    }

    /// Counts one observation; what is no number is not counted.
    pub(crate) fn observe(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        let index = self.bounds.partition_point(|&bound| bound < value);
        self.counts[index] += 1;
        self.sum += value;
    }

    /// Writes the series of `name` with these labels (`a="b",` or nothing).
    pub(crate) fn write(&self, out: &mut String, name: &str, labels: &str) {
        let mut total = 0;
        let bounds = self.bounds.iter().map(f64::to_string);
        for (count, bound) in self.counts.iter().zip(bounds.chain(["+Inf".to_owned()])) {
            total += count;
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{name}_bucket{{{labels}le=\"{bound}\"}} {total}");
        }
        let plain = labels.trim_end_matches(',');
        let _ = writeln!(out, "{name}_sum{{{plain}}} {}", self.sum);
        let _ = writeln!(out, "{name}_count{{{plain}}} {total}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_cumulative_and_bounds_inclusive() {
        let mut histogram = Histogram::new(&[0.5, 1.0]);
        for value in [0.25, 0.5, 0.75, 1.5, f64::NAN] {
            histogram.observe(value);
        }
        let mut text = String::new();
        histogram.write(&mut text, "x", "a=\"b\",");
        let expected = "x_bucket{a=\"b\",le=\"0.5\"} 2\nx_bucket{a=\"b\",le=\"1\"} 3\n\
            x_bucket{a=\"b\",le=\"+Inf\"} 4\nx_sum{a=\"b\"} 3\nx_count{a=\"b\"} 4\n";
        assert_eq!(text, expected);
    }
}
