//! A score file of many rows: written, read, evaluated; seconds and peak memory.
//!
//! `cargo run --release -p fasgard-metrics --example csv_speed -- scores.csv 10000000` writes the file
//! if it is not there, then reads and evaluates it. With a third argument `write` it only writes it, and
//! with `evaluate T` it prints the evaluation at threshold T as JSON and nothing else, as
//! `fasgard evaluate --json` does: for tools/compare_metrics.
#![allow(clippy::print_stdout, reason = "prints figures")]

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    time::Instant,
};

use fasgard_metrics::{Criterion, Level, Request, ScoreTable, evaluate};
use rand_chacha::{
    ChaCha8Rng,
    rand_core::{RngCore, SeedableRng},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().unwrap_or_else(|| "scores.csv".to_owned());
    let rows: u64 = args.next().as_deref().unwrap_or("10000000").parse()?;
    let path = Path::new(&path);
    if !path.exists() {
        write(path, rows)?;
    }
    match args.next().as_deref() {
        Some("write") => return Ok(()),
        Some("evaluate") => {
            let t: f64 = args.next().as_deref().unwrap_or("0.5").parse()?;
            let table = ScoreTable::read(path)?;
            let evaluation = evaluate(&Request {
                threshold: Some(Criterion::Value(t)),
                level: Some(Level::Frame),
                ..Request::new(None, &table)
            })?;
            println!("{}", serde_json::to_string(&evaluation)?);
            return Ok(());
        }
        _ => {}
    }
    let bytes = std::fs::metadata(path)?.len();
    let start = Instant::now();
    let table = ScoreTable::read(path)?;
    let after_reading = peak();
    println!(
        "{} rows, {:.0} MB: read in {:.2} s (processor time {:.2} s)",
        table.len(),
        bytes as f64 / 1e6,
        start.elapsed().as_secs_f64(),
        processor()
    );
    for level in [Level::Frame, Level::Video] {
        let (begin, used) = (Instant::now(), processor());
        let evaluation = evaluate(&Request {
            threshold: Some(Criterion::Value(0.5)),
            level: Some(level),
            ..Request::new(None, &table)
        })?;
        println!(
            "evaluated at {level} level in {:.2} s (processor time {:.2} s): AUC {:?}",
            begin.elapsed().as_secs_f64(),
            processor() - used,
            evaluation.outcomes()[0].1.test.auc.value
        );
    }
    println!(
        "peak memory after reading {after_reading} MiB, in all {} MiB",
        peak()
    );
    Ok(())
}

/// Videos of 20 frames of one species or live, 50 videos a subject.
fn write(path: &Path, rows: u64) -> io::Result<()> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut out = BufWriter::new(File::create(path)?);
    writeln!(
        out,
        "sample,dataset,split,subject,video,frame,label,species,attributes,score,logit,status"
    )?;
    let species = ["print/1", "print/2", "replay/1", "mask/half"];
    for i in 0..rows {
        let unit = (random.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
        let (video, frame) = (i / 20, i % 20);
        let live = video % 5 == 0;
        let (label, species) = match live {
            true => ("live", ""),
            false => ("attack", species[(video % 4) as usize]),
        };
        let score = (unit + if live { 0.4 } else { 0.0 }) / 1.4;
        writeln!(
            out,
            "v{video}-{frame},bench,test,s{},v{video},{frame},{label},{species},device={},{score},,ok",
            video / 50,
            video % 3
        )?;
    }
    out.flush()
}

/// The most memory this process has held, in MiB; 0 where the system does not say.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM"));
    let kib = line.and_then(|l| l.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}

/// Seconds that processors worked for this process, all threads together; 0 where the system does
/// not say. Unlike the time on the clock it is of use on a busy machine.
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is the program's name in brackets; user and system time are the 14th and 15th.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |i: usize| fields.split_whitespace().nth(i)?.parse::<f64>().ok();
    (ticks(11).unwrap_or_default() + ticks(12).unwrap_or_default()) / 100.0
}
