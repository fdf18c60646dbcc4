//! Measures the time of a capture of every presentation on one thread.
//!
//! `cargo run --release -p fasgard-synth --example throughput -- [CAPTURES] [PRESENTATION]`

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use fasgard_synth::{CaptureOptions, Identity, Presentation, capture};

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args()
        .nth(1)
        .map_or(Ok(60), |a| a.parse::<u64>())?;
    let only = std::env::args()
        .nth(2)
        .map(|name| name.parse::<Presentation>())
        .transpose()?;
    let options = CaptureOptions::default();
    let mut out = std::io::stdout();
    for presentation in Presentation::ALL {
        if only.is_some_and(|o| o != presentation) {
            continue;
        }
        let mut times: Vec<f64> = (0..count)
            .map(|i| {
                let identity = Identity::new(1, i);
                let start = Instant::now();
                std::hint::black_box(capture(&identity, presentation, 0, &options));
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let median = times.get(times.len() / 2).copied().unwrap_or(f64::NAN);
        writeln!(
            out,
            "{presentation:<10} median {median:.1} ms, least {:.1} ms",
            times.first().unwrap_or(&f64::NAN)
        )?;
    }
    Ok(())
}
