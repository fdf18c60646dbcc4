//! What `/metrics` says, in Prometheus' text format.

mod histogram;

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use fasgard_model::{FrameAnswer, SessionAnswer, Verdict};

use crate::Code;
use histogram::Histogram;

/// Seconds of a request.
const LATENCY: &[f64] = &[
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];
/// Twentieths of the score's range: fine enough for the alarm of `docs/limits-of-pad.md`.
const SCORES: &[f64] = &[
    0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85,
    0.9, 0.95, 1.0,
];
/// Images a batch.
const BATCHES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
/// Verdicts and the reasons of no decision: every series is there from the start, at zero.
const OUTCOMES: [(&str, &str); 7] = [
    ("live", ""),
    ("attack", ""),
    ("no-decision", "no-face"),
    ("no-decision", "outside-support"),
    ("no-decision", "in-gap"),
    ("no-decision", "not-finite"),
    ("no-decision", "no-frames"),
];

/// What is counted while the service runs.
pub(crate) struct Metrics {
    counted: Mutex<Counted>,
    started: f64,
}

struct Counted {
    requests: BTreeMap<(String, u16), u64>,
    latency: BTreeMap<String, Histogram>,
    refusals: BTreeMap<Code, u64>,
    verdicts: BTreeMap<(&'static str, &'static str, &'static str), u64>,
    scores: BTreeMap<&'static str, Histogram>,
    unfamiliar: BTreeMap<&'static str, u64>,
    batches: Histogram,
}

/// What is true at the moment of asking.
pub(crate) struct Gauges {
    pub(crate) queue: usize,
    pub(crate) queue_limit: usize,
    pub(crate) connections: usize,
    pub(crate) held_bytes: u64,
    pub(crate) sessions: usize,
    pub(crate) ready: bool,
    /// Name and digest of the weights.
    pub(crate) model: Option<(String, String)>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let started = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let kinds = ["frame", "image", "session"];
        let verdicts = kinds
            .iter()
            .flat_map(|&kind| OUTCOMES.map(|(verdict, reason)| ((kind, verdict, reason), 0)));
        Self {
            started: started.as_secs_f64(),
            counted: Mutex::new(Counted {
                requests: BTreeMap::new(),
                latency: BTreeMap::new(),
                refusals: Code::ALL.iter().map(|&code| (code, 0)).collect(),
                verdicts: verdicts.collect(),
                scores: kinds.map(|kind| (kind, Histogram::new(SCORES))).into(),
                unfamiliar: ["frame", "image"].map(|kind| (kind, 0)).into(),
                batches: Histogram::new(BATCHES),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        // Counters stay usable whatever happened to a thread that counted.
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an answered request; `route` is the path's pattern, so that there are few of them.
    pub(crate) fn request(&self, route: &str, status: u16, code: Option<Code>, took: Duration) {
        let mut counted = self.lock();
        *counted
            .requests
            .entry((route.to_owned(), status))
            .or_default() += 1;
        counted
            .latency
            .entry(route.to_owned())
            .or_insert_with(|| Histogram::new(LATENCY))
            .observe(took.as_secs_f64());
        if let Some(code) = code {
            *counted.refusals.entry(code).or_default() += 1;
        }
    }

    /// Counts the answer to one image, of kind `image` or `frame`.
    pub(crate) fn answer(&self, kind: &'static str, answer: &FrameAnswer) {
        let reason = answer.reason.map_or("", |reason| reason.as_str());
        self.outcome(kind, answer.verdict, reason, answer.score);
        if answer.unfamiliar == Some(true) {
            *self.lock().unfamiliar.entry(kind).or_default() += 1;
        }
    }

    /// Counts the verdict of a session.
    pub(crate) fn session(&self, answer: &SessionAnswer) {
        let reason = answer.reason.map_or("", |reason| reason.as_str());
        self.outcome("session", answer.verdict, reason, answer.score);
    }

    fn outcome(
        &self,
        kind: &'static str,
        verdict: Verdict,
        reason: &'static str,
        score: Option<f64>,
    ) {
        let mut counted = self.lock();
        let key = (kind, verdict.as_str(), reason);
        *counted.verdicts.entry(key).or_default() += 1;
        if let (Some(score), Some(scores)) = (score, counted.scores.get_mut(kind)) {
            scores.observe(score);
        }
    }

    /// Counts a batch of so many images.
    pub(crate) fn batch(&self, images: usize) {
        self.lock().batches.observe(images as f64);
    }

    /// All of it.
    pub(crate) fn text(&self, gauges: &Gauges) -> String {
        let mut text = String::new();
        let out = &mut text;
        self.write_counted(out);
        let mut gauge = |name: &str, help: &str, value: f64| {
            head(out, name, "gauge", help);
            let _ = writeln!(out, "{name} {value}");
        };
        gauge(
            "fasgard_queue_depth",
            "Images that wait.",
            gauges.queue as f64,
        );
        gauge(
            "fasgard_queue_limit",
            "Images that may wait.",
            gauges.queue_limit as f64,
        );
        gauge(
            "fasgard_connections",
            "Open connections.",
            gauges.connections as f64,
        );
        gauge(
            "fasgard_held_bytes",
            "Bytes of images in memory.",
            gauges.held_bytes as f64,
        );
        gauge(
            "fasgard_sessions_open",
            "Open sessions.",
            gauges.sessions as f64,
        );
        gauge(
            "fasgard_model_ready",
            "1 if the model answers.",
            f64::from(u8::from(gauges.ready)),
        );
        gauge(
            "process_start_time_seconds",
            "Start, in seconds since 1970.",
            self.started,
        );
        if let Some(bytes) = resident_bytes() {
            gauge(
                "process_resident_memory_bytes",
                "Resident memory.",
                bytes as f64,
            );
        }
        head(
            out,
            "fasgard_build_info",
            "gauge",
            "Version of the service.",
        );
        let version = env!("CARGO_PKG_VERSION");
        let _ = writeln!(out, "fasgard_build_info{{version=\"{version}\"}} 1");
        if let Some((name, sha256)) = &gauges.model {
            head(
                out,
                "fasgard_model_info",
                "gauge",
                "The model that answers.",
            );
            let (name, sha256) = (escaped(name), escaped(sha256));
            let _ = writeln!(
                out,
                "fasgard_model_info{{name=\"{name}\",weights_sha256=\"{sha256}\"}} 1"
            );
        }
        text
    }

    fn write_counted(&self, out: &mut String) {
        let counted = self.lock();
        head(
            out,
            "fasgard_requests_total",
            "counter",
            "Answered requests by route and status.",
        );
        for ((route, status), count) in &counted.requests {
            let route = escaped(route);
            let _ = writeln!(
                out,
                "fasgard_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}"
            );
        }
        head(
            out,
            "fasgard_request_seconds",
            "histogram",
            "From the header to the answer.",
        );
        for (route, histogram) in &counted.latency {
            let labels = format!("route=\"{}\",", escaped(route));
            histogram.write(out, "fasgard_request_seconds", &labels);
        }
        head(
            out,
            "fasgard_refusals_total",
            "counter",
            "Refusals by problem code.",
        );
        for (code, count) in &counted.refusals {
            let code = code.as_str();
            let _ = writeln!(out, "fasgard_refusals_total{{code=\"{code}\"}} {count}");
        }
        head(
            out,
            "fasgard_verdicts_total",
            "counter",
            "Answers by kind, verdict and the reason of no decision.",
        );
        for ((kind, verdict, reason), count) in &counted.verdicts {
            let _ = writeln!(
                out,
                "fasgard_verdicts_total{{kind=\"{kind}\",verdict=\"{verdict}\",reason=\"{reason}\"}} {count}"
            );
        }
        head(
            out,
            "fasgard_score",
            "histogram",
            "Scores; higher is more likely live.",
        );
        for (kind, histogram) in &counted.scores {
            histogram.write(out, "fasgard_score", &format!("kind=\"{kind}\","));
        }
        head(
            out,
            "fasgard_unfamiliar_total",
            "counter",
            "Scores that the model's dev set had next to none of.",
        );
        for (kind, count) in &counted.unfamiliar {
            let _ = writeln!(out, "fasgard_unfamiliar_total{{kind=\"{kind}\"}} {count}");
        }
        head(
            out,
            "fasgard_batch_images",
            "histogram",
            "Images that were judged together.",
        );
        counted.batches.write(out, "fasgard_batch_images", "");
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// A label's value.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// Resident memory in bytes, where the system tells.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_is_there_and_counts() {
        let metrics = Metrics::new();
        metrics.request("/v1/predict", 200, None, Duration::from_millis(30));
        metrics.request(
            "/v1/predict",
            429,
            Some(Code::Busy),
            Duration::from_millis(1),
        );
        metrics.session(&SessionAnswer {
            verdict: Verdict::Attack,
            reason: None,
            score: Some(0.05),
            fuse: fasgard_metrics::Fuse::Mean,
            frames: 3,
            scored: 3,
        });
        metrics.batch(3);
        let text = metrics.text(&Gauges {
            queue: 2,
            queue_limit: 64,
            connections: 1,
            held_bytes: 10,
            sessions: 0,
            ready: true,
            model: Some(("a \"b\"\\".into(), "00".into())),
        });
        for line in [
            "fasgard_requests_total{route=\"/v1/predict\",status=\"200\"} 1",
            "fasgard_requests_total{route=\"/v1/predict\",status=\"429\"} 1",
            "fasgard_request_seconds_bucket{route=\"/v1/predict\",le=\"0.025\"} 1",
            "fasgard_request_seconds_bucket{route=\"/v1/predict\",le=\"0.05\"} 2",
            "fasgard_refusals_total{code=\"busy\"} 1",
            "fasgard_refusals_total{code=\"too-large\"} 0",
            "fasgard_verdicts_total{kind=\"session\",verdict=\"attack\",reason=\"\"} 1",
            "fasgard_verdicts_total{kind=\"image\",verdict=\"no-decision\",reason=\"in-gap\"} 0",
            "fasgard_score_bucket{kind=\"session\",le=\"0.05\"} 1",
            "fasgard_score_count{kind=\"image\"} 0",
            "fasgard_batch_images_bucket{le=\"2\"} 0",
            "fasgard_batch_images_bucket{le=\"4\"} 1",
            "fasgard_queue_depth 2",
            "fasgard_model_info{name=\"a \\\"b\\\"\\\\\",weights_sha256=\"00\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        // One TYPE a name, before its series; nothing else than comments and series.
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let (series, value) = line.rsplit_once(' ').unwrap();
            assert!(value.parse::<f64>().is_ok(), "{line}");
            assert!(
                series.starts_with("fasgard_") || series.starts_with("process_"),
                "{line}"
            );
        }
    }
}
