//! Progress: a bar with rate and time left on a terminal, plain lines otherwise.

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// Time between two plain lines.
const INTERVAL: Duration = Duration::from_secs(5);

/// Writes a line to standard error. A closed pipe must not end the work.
pub(crate) fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Progress of one piece of work.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    label: String,
    unit: &'static str,
    total: u64,
    begin: Instant,
    last: Instant,
}

impl Progress {
    /// Starts a piece of work of `total` units.
    pub(crate) fn new(label: impl Into<String>, unit: &'static str, total: u64) -> Self {
        let label = label.into();
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total);
            let style = "{prefix:>14} [{bar:30}] {pos}/{len} {per_sec} left {eta} {msg}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.set_prefix(label.clone());
            bar
        });
        let now = Instant::now();
        Self {
            bar,
            label,
            unit,
            total,
            begin: now,
            last: now,
        }
    }

    /// `done` units are done.
    pub(crate) fn set(&mut self, done: u64, message: &str) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(message.to_owned());
            return;
        }
        if self.last.elapsed() < INTERVAL && done < self.total {
            return;
        }
        self.last = Instant::now();
        let seconds = self.begin.elapsed().as_secs_f64().max(1e-9);
        let rate = done as f64 / seconds;
        let left = self.total.saturating_sub(done) as f64 / rate.max(1e-9);
        say(&format!(
            "{}: {done}/{} {} ({rate:.1}/s, {left:.0} s left) {message}",
            self.label, self.total, self.unit
        ));
    }

    /// Prints a line without disturbing the bar.
    pub(crate) fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => say(text),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
