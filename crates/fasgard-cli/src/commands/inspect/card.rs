//! A model file's card for people.

use std::path::Path;

use fasgard_image::{ColorOrder, CropFit, Interpolation, PixelRange, Preprocess};
use fasgard_model::{ModelCard, ScoreQuantiles};
use fasgard_nn::{ModelConfig, Score, Target};

/// Everything that a user must know of a model, a line a thing.
pub(super) fn describe(card: &ModelCard, path: &Path) -> String {
    let mut text = format!("{} ({})\n", card.name, path.display());
    let mut line = |name: &str, value: String| text += &format!("  {name:12} {value}\n");
    let start: String = card.weights_sha256.chars().take(12).collect();
    line(
        "written by",
        format!("fasgard {}, weights {start}", card.fasgard),
    );
    line("network", network(&card.model));
    let t = &card.training;
    line(
        "trained",
        match t.steps {
            0 => "elsewhere: imported weights".into(),
            _ => format!(
                "{} steps with seed {}, weights of step {} (dev {} {:.4})",
                t.steps, t.seed, t.best_step, t.metric, t.dev_value
            ),
        },
    );
    for data in &t.data {
        line(
            "on",
            format!(
                "`{}` ({}): {} live, {} attack ({}), sha256 {}",
                data.name,
                data.layout,
                data.train_live,
                data.train_attack,
                data.species.join(", "),
                data.sha256.chars().take(12).collect::<String>()
            ),
        );
    }
    if t.data.is_empty() {
        line("on", "not stated".into());
    }
    if let Some(protocol) = &t.protocol {
        line("protocol", protocol.to_string());
    }
    for (i, threshold) in card.thresholds.iter().enumerate() {
        line(
            if i == 0 { "threshold" } else { "before" },
            format!("live if {threshold}"),
        );
    }
    if card.thresholds.is_empty() {
        line("threshold", "none: give one with --threshold".into());
    }
    line(
        "calibrated",
        match card.support {
            Some([low, high]) => format!("for scores from {low} to {high}; outside, no decision"),
            None => "no: every score is decided on (fasgard calibrate)".into(),
        },
    );
    if let Some([low, high]) = card.gap {
        line(
            "no decision",
            format!("between {low} and {high}: calibration saw neither class"),
        );
    }
    if let Some(dev) = &card.dev_scores {
        line("dev scores", format!("live   {}", quantiles(&dev.live)));
        line("", format!("attack {}", quantiles(&dev.attack)));
        line(
            "",
            match dev.between() {
                Some([low, high]) => {
                    format!("between {low:.4} and {high:.4} there were next to none")
                }
                None => "the classes overlap".into(),
            },
        );
    }
    line("input", input(&card.preprocess));
    line(
        "self-test",
        format!(
            "score {} on the fixed input (--verify runs it)",
            card.self_test.score
        ),
    );
    line(
        "licence",
        match card.licence.is_empty() {
            true => "not stated".into(),
            false => card.licence.clone(),
        },
    );
    if card.is_rendered_only() {
        text += "  WARNING: trained on rendered faces only: not for real faces\n";
    }
    text
}

fn quantiles(class: &ScoreQuantiles) -> String {
    let values = class.values().map(|value| format!("{value:.4}"));
    format!(
        "1, 5, 25, 50, 75, 95, 99 %: {} ({} samples)",
        values.join(" "),
        class.count
    )
}

fn network(config: &ModelConfig) -> String {
    let supervision = &config.supervision;
    let mut text = config.backbone.name().to_owned();
    if !config.tap.is_empty() {
        text += &format!(" cut after {}", config.tap);
    }
    if config.width != 1.0 {
        text += &format!(", {} times as wide", config.width);
    }
    text += match supervision.target {
        Target::Binary => ", binary",
        Target::Mask => ", mask",
        Target::Depth => ", depth",
    };
    if !supervision.scales.is_empty() {
        let scales: Vec<String> = supervision.scales.iter().map(usize::to_string).collect();
        text += &format!(" at scales {}", scales.join(", "));
    }
    text + match (supervision.score(), supervision.target) {
        (Score::Logit, _) => "; the score is the final logit's sigmoid",
        (Score::MapMean, Target::Depth) => "; the score is the mean depth, no probability",
        (Score::MapMean, _) => "; the score is the mean of the maps",
    }
}

fn input(p: &Preprocess) -> String {
    let color = match p.color {
        ColorOrder::Rgb => "RGB",
        ColorOrder::Bgr => "BGR",
    };
    let range = match p.range {
        PixelRange::Unit => "value / 255",
        PixelRange::Byte => "value",
    };
    let interpolation = match p.interpolation {
        Interpolation::Bilinear => "bilinear with antialiasing",
        Interpolation::Linear => "bilinear without antialiasing",
        Interpolation::Area => "mean over the area",
    };
    let fit = match p.fit {
        CropFit::Square => "",
        CropFit::Inside => " (moved into the image, stretched)",
    };
    format!(
        "{0}x{0} {color}, crop {1} of the face box{fit}, resized {interpolation}, ({range} - {2:?}) / {3:?}, EXIF orientation {4}",
        p.size,
        p.crop_scale,
        p.mean,
        p.std,
        if p.exif_orientation {
            "honoured"
        } else {
            "ignored"
        }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_inputs_in_words() {
        let config = |json| serde_json::from_value(json).unwrap();
        let mask = config(serde_json::json!({
            "backbone": "resnet18", "tap": "layer3", "width": 0.5,
            "supervision": {"target": "mask", "scales": [8, 4]},
        }));
        assert_eq!(
            network(&mask),
            "resnet18 cut after layer3, 0.5 times as wide, mask at scales 8, 4; the score is the final logit's sigmoid"
        );
        let depth = config(serde_json::json!({
            "backbone": "cdcn", "supervision": {"target": "depth", "scales": [32]},
        }));
        assert_eq!(
            network(&depth),
            "cdcn, depth at scales 32; the score is the mean depth, no probability"
        );
        let text = input(&Preprocess {
            color: ColorOrder::Bgr,
            range: PixelRange::Byte,
            interpolation: Interpolation::Area,
            exif_orientation: false,
            ..Preprocess::default()
        });
        for part in [
            "256x256 BGR",
            "(value - [0.5",
            "mean over the area",
            "orientation ignored",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
