//! Judges photos and draws the finest map of each in characters.
//!
//! ```text
//! cargo run --release -p fasgard --example predict -- model.safetensors photo.jpg ...
//! ```

#![allow(clippy::print_stdout, reason = "prints verdicts")]

use std::{env, error::Error, process::ExitCode};

use fasgard::{
    image::{DecodeLimits, decode},
    model::{FrameAnswer, Predictor, PredictorOptions},
};

/// From attack to live, in five steps.
const SHADES: [char; 5] = ['#', '%', '+', '-', '.'];

fn main() -> ExitCode {
    let mut args = env::args().skip(1);
    let (Some(model), photos) = (args.next(), args.collect::<Vec<_>>()) else {
        eprintln!("usage: predict MODEL.safetensors PHOTO...");
        return ExitCode::from(2);
    };
    match judge(&model, &photos) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn judge(model: &str, photos: &[String]) -> Result<(), Box<dyn Error>> {
    let predictor = Predictor::open(model, &PredictorOptions::default())?;
    for photo in photos {
        let image = decode(photo, &DecodeLimits::default(), true)?;
        print(photo, &predictor.image(&image, None));
    }
    Ok(())
}

fn print(photo: &str, answer: &FrameAnswer) {
    match (answer.score, answer.reason) {
        (_, Some(reason)) => println!("{photo}: {} ({})", answer.verdict, reason.as_str()),
        (score, None) => println!("{photo}: {} {:.4}", answer.verdict, score.unwrap_or(0.0)),
    }
    let Some(map) = answer.maps.first() else {
        return;
    };
    for row in map.values.chunks(map.side.max(1)) {
        let shade = |live: &f32| SHADES[((live * 5.0) as usize).min(SHADES.len() - 1)];
        println!("  {}", row.iter().map(shade).collect::<String>());
    }
}
