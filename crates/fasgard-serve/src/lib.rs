//! The HTTP service: a detector behind a bounded queue, and the page that uses it.
//!
//! ```no_run
//! use fasgard_serve::{ServeConfig, run};
//!
//! # fn main() -> Result<(), fasgard_serve::ServeError> {
//! let config = ServeConfig {
//!     model: Some("model.safetensors".into()),
//!     ..ServeConfig::default()
//! };
//! run(config) // until SIGTERM or Ctrl-C
//! # }
//! ```
//!
//! A request's way: connection (bounded, with time limits) -> key -> body (bounded in bytes and time,
//! its header checked) -> queue (bounded) -> worker, which judges what waits in batches -> answer. What
//! is refused on the way is a [`Problem`] with a stable [`Code`]. Images are kept in memory only, and only
//! until they are judged.

mod answer;
mod assets;
mod config;
mod docs_page;
mod error;
mod held;
mod ids;
mod info;
mod intake;
mod judge;
mod keys;
mod log;
mod metrics;
mod middleware;
mod model;
mod openapi;
mod page;
mod problem;
mod queue;
mod refused;
mod routes;
mod server;
mod service;
mod sessions;
mod socket;

pub use config::{Answers, ApiKey, ConfigError, ConfigLayers, Crop, LogFormat, ServeConfig};
pub use error::ServeError;
pub use openapi::openapi_json;
pub use problem::{Code, Problem};
pub use server::{run, serve, signal};
pub use service::{Service, check};
