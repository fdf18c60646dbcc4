//! The log: one line a request and an event, on standard error. No images, and no scores unless the
//! operator wants them.

use crate::LogFormat;

/// Starts the log of this process; does nothing if it has one already.
pub(crate) fn start(format: LogFormat) {
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_max_level(tracing::Level::INFO);
    // An error means that the program around the service has set up its own: that one is used.
    let _ = match format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Off => Ok(()),
    };
}
