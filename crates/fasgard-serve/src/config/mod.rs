//! What the service is told: one flat table of keys.

mod key;
mod layers;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use fasgard_image::DecodeLimits;
use fasgard_metrics::Fuse;
use serde::{Deserialize, Serialize};

pub use key::ApiKey;
pub use layers::{ConfigError, ConfigLayers};

/// Every key of the configuration; `docs/serve.md` says what each is for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServeConfig {
    /// Address and port.
    pub listen: String,
    /// The model file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<PathBuf>,
    /// Start, and keep looking for the model, where it does not load.
    pub allow_missing_model: bool,
    /// Where the face is in an image.
    pub crop: Crop,
    /// A threshold instead of the model file's first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// How the frames of a session are fused unless the session says otherwise.
    pub fuse: Fuse,
    /// How much an answer says.
    pub answers: Answers,
    /// Whether sessions are served.
    pub sessions: bool,
    /// Whether the web page is served.
    pub page: bool,
    /// A folder of further files of the page, served below `/assets/`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_assets: Option<PathBuf>,
    /// The exported model, served as `/model.onnx`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onnx: Option<PathBuf>,
    /// The exported face detector, served as `/face.onnx`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_onnx: Option<PathBuf>,
    /// Keys that clients must have; none = no keys.
    pub api_keys: Vec<ApiKey>,
    /// A file of such keys, one a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_keys_file: Option<PathBuf>,
    /// Whether `/metrics` wants a key, where there are keys.
    pub metrics_need_key: bool,
    /// Origins that scripts of other sites may call from; none = no CORS.
    pub cors_origins: Vec<String>,
    /// Largest image in bytes.
    pub max_bytes: u64,
    /// Largest image in pixels.
    pub max_pixels: u64,
    /// Longest side of an image in pixels.
    pub max_side: u32,
    /// Connections at a time; further ones wait.
    pub max_connections: u32,
    /// Bytes of images in memory at a time, received and waiting.
    pub max_held_bytes: u64,
    /// Images that wait for the network; further ones are refused.
    pub queue: u32,
    /// Images that go through the network together.
    pub batch: u32,
    /// Longest wait for such company in milliseconds, where more is arriving.
    pub batch_wait_ms: u64,
    /// Threads that judge.
    pub workers: u32,
    /// Seconds for a request's header, and between requests of a connection.
    pub header_time_s: u64,
    /// Seconds for a request's body, and for a client to take a piece of an answer.
    pub body_time_s: u64,
    /// Seconds from a complete body to the answer.
    pub answer_time_s: u64,
    /// Seconds that accepted requests have at shutdown.
    pub shutdown_time_s: u64,
    /// Seconds of a session.
    pub session_time_s: u64,
    /// Frames of a session.
    pub session_frames: u32,
    /// Open sessions at a time.
    pub max_sessions: u32,
    /// Seconds that a nonce is remembered.
    pub nonce_time_s: u64,
    /// Nonces that are remembered; while they are that many, no session is opened.
    pub max_nonces: u32,
    /// Format of the log.
    pub log: LogFormat,
    /// Whether verdicts and scores are logged.
    pub log_scores: bool,
}

/// Where the face is in an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Crop {
    /// The face detector finds it.
    #[default]
    Auto,
    /// Every image is a face crop already.
    None,
}

/// How much an answer says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Answers {
    /// Score, threshold, maps, places and times.
    #[default]
    Full,
    /// The verdict only: a score is what an attacker climbs.
    Coarse,
}

/// Format of the log, which goes to standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// Lines for people.
    Text,
    /// None.
    Off,
}

impl Default for ServeConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            model: None,
            allow_missing_model: false,
            crop: Crop::Auto,
            threshold: None,
            fuse: Fuse::Mean,
            answers: Answers::Full,
            sessions: true,
            page: true,
            page_assets: None,
            onnx: None,
            face_onnx: None,
            api_keys: Vec::new(),
            api_keys_file: None,
            metrics_need_key: true,
            cors_origins: Vec::new(),
            max_bytes: 8 << 20,
            max_pixels: 16_000_000,
            max_side: 8192,
            max_connections: 512,
            max_held_bytes: 256 << 20,
            queue: 64,
            batch: 8,
            batch_wait_ms: 2,
            workers: 1,
            header_time_s: 10,
            body_time_s: 10,
            answer_time_s: 20,
            shutdown_time_s: 30,
            session_time_s: 60,
            session_frames: 64,
            max_sessions: 1024,
            nonce_time_s: 3600,
            max_nonces: 1_000_000,
            log: LogFormat::Json,
            log_scores: false,
        }
    }
}

impl ServeConfig {
    /// Checks every key's range.
    ///
    /// # Errors
    /// The first key that is out of range, with what is allowed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let wrong = |key: &'static str, expected: String, found: String| {
            Err(ConfigError::Value {
                key,
                expected,
                found,
            })
        };
        self.address()?;
        let ranges: [(&'static str, u64, u64, u64); 18] = [
            ("max_bytes", self.max_bytes, 1024, 1 << 30),
            ("max_pixels", self.max_pixels, 64, 400_000_000),
            ("max_side", u64::from(self.max_side), 8, 65_535),
            (
                "max_connections",
                u64::from(self.max_connections),
                1,
                65_536,
            ),
            (
                "max_held_bytes",
                self.max_held_bytes,
                self.max_bytes,
                1 << 40,
            ),
            ("queue", u64::from(self.queue), 1, 65_536),
            ("batch", u64::from(self.batch), 1, 64),
            ("batch_wait_ms", self.batch_wait_ms, 0, 1000),
            ("workers", u64::from(self.workers), 1, 64),
            ("header_time_s", self.header_time_s, 1, 3600),
            ("body_time_s", self.body_time_s, 1, 3600),
            ("answer_time_s", self.answer_time_s, 1, 3600),
            ("shutdown_time_s", self.shutdown_time_s, 1, 3600),
            ("session_time_s", self.session_time_s, 1, 86_400),
            ("session_frames", u64::from(self.session_frames), 1, 10_000),
            ("max_sessions", u64::from(self.max_sessions), 1, 1_000_000),
            (
                "nonce_time_s",
                self.nonce_time_s,
                self.session_time_s,
                31_536_000,
            ),
            (
                "max_nonces",
                u64::from(self.max_nonces),
                u64::from(self.max_sessions),
                100_000_000,
            ),
        ];
        for (key, found, low, high) in ranges {
            if !(low..=high).contains(&found) {
                return wrong(key, format!("{low} to {high}"), found.to_string());
            }
        }
        if let Some(threshold) = self.threshold
            && threshold.is_nan()
        {
            return wrong("threshold", "a number".into(), "NaN".into());
        }
        for origin in &self.cors_origins {
            let named = origin
                .strip_prefix("https://")
                .or_else(|| origin.strip_prefix("http://"));
            if named.is_none_or(|host| host.is_empty() || host.contains(['/', '*', ' '])) {
                let expected = "origins such as https://app.example".to_owned();
                return wrong("cors_origins", expected, origin.clone());
            }
        }
        if self.model.is_none() && !self.allow_missing_model {
            let expected = "a model file, or allow_missing_model".to_owned();
            return wrong("model", expected, "none".into());
        }
        Ok(())
    }

    /// The address to listen on.
    pub(crate) fn address(&self) -> Result<SocketAddr, ConfigError> {
        self.listen.parse().map_err(|_| ConfigError::Value {
            key: "listen",
            expected: "an address and port such as 127.0.0.1:8080 or [::]:8080".into(),
            found: self.listen.clone(),
        })
    }

    /// What an image may cost.
    pub(crate) fn decode_limits(&self) -> DecodeLimits {
        DecodeLimits {
            max_bytes: self.max_bytes,
            max_width: self.max_side,
            max_height: self.max_side,
            max_pixels: self.max_pixels,
            // 16 bits and four channels a pixel, and room for the decoder's own tables.
            max_alloc: self.max_pixels.saturating_mul(8).saturating_add(16 << 20),
        }
    }

    pub(crate) fn body_time(&self) -> Duration {
        Duration::from_secs(self.body_time_s)
    }

    pub(crate) fn answer_time(&self) -> Duration {
        Duration::from_secs(self.answer_time_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid() -> ServeConfig {
        ServeConfig {
            model: Some("m.safetensors".into()),
            ..ServeConfig::default()
        }
    }

    #[test]
    fn the_default_holds_but_for_the_model() {
        assert!(valid().validate().is_ok());
        let message = ServeConfig::default().validate().unwrap_err().to_string();
        assert!(message.contains("`model`"), "{message}");
        let waiting = ServeConfig {
            allow_missing_model: true,
            ..ServeConfig::default()
        };
        assert!(waiting.validate().is_ok());
    }

    #[test]
    fn values_out_of_range_are_named() {
        type Change = fn(&mut ServeConfig);
        let cases: [(&str, Change); 9] = [
            ("listen", |c| c.listen = "localhost".into()),
            ("max_bytes", |c| c.max_bytes = 0),
            ("max_held_bytes", |c| c.max_held_bytes = c.max_bytes - 1),
            ("queue", |c| c.queue = 0),
            ("batch", |c| c.batch = 65),
            ("threshold", |c| c.threshold = Some(f64::NAN)),
            ("cors_origins", |c| c.cors_origins = vec!["*".into()]),
            ("cors_origins", |c| {
                c.cors_origins = vec!["https://a.b/c".into()]
            }),
            ("max_nonces", |c| c.max_nonces = c.max_sessions - 1),
        ];
        for (key, change) in cases {
            let mut config = valid();
            change(&mut config);
            let message = config.validate().unwrap_err().to_string();
            assert!(message.contains(&format!("`{key}`")), "{key}: {message}");
        }
    }
}
