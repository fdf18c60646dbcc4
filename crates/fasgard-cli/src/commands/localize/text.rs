//! The table of `fasgard localize`.

use std::fmt::Write;

use fasgard_metrics::localization::{Figures, ImageMean};

use super::outcome::{Curves, Level, MapKind, Outcome, Training};

pub(super) fn table(o: &Outcome) -> String {
    let kind = match o.map {
        MapKind::Cam => "class activation maps",
        MapKind::Mask => "predicted masks",
        MapKind::Depth => "predicted depth",
    };
    let mut out = format!(
        "{kind} of {}, split {} of {}\n",
        o.model,
        o.split,
        o.datasets.join(", ")
    );
    if let Some(protocol) = &o.protocol {
        let _ = writeln!(out, "{protocol}");
    }
    let _ = writeln!(
        out,
        "a cell is attack if more than half of it shows the artefact; {}; the threshold of IoU is the best on {} ({} pictures)",
        match o.region {
            "face" => "cells on the face or the artefact count",
            _ => "all cells count",
        },
        o.dev,
        o.dev_images
    );
    for (why, count) in &o.left_out {
        let _ = writeln!(out, "{count} left out: {why}");
    }
    for (name, note) in &o.species {
        let seen = match note.training {
            Training::HeldOut => "held out of training",
            Training::SeenByLabel => "in training, with its label alone",
            Training::Seen => "in training, with masks or depth where the data had them",
        };
        let _ = writeln!(out, "\n{name}: {} pictures, {seen}", note.images);
        block(&mut out, o, |level| level.by_species.get(name));
    }
    if o.species.len() > 1 {
        out += "\nall together\n";
        block(&mut out, o, |level| Some(&level.all));
    }
    if let Some(curves) = &o.curves {
        deletion(&mut out, curves);
    }
    out
}

fn block<'a>(out: &mut String, o: &'a Outcome, pick: impl Fn(&'a Level) -> Option<&'a Figures>) {
    let _ = writeln!(
        out,
        "{:18} {:>5} {:>19} {:>5} {:>19} {:>19} {:>6}",
        "", "AUC", "AUC a picture", "IoU", "IoU a picture", "pointing", "chance"
    );
    for level in &o.maps {
        let Some(f) = pick(level) else { continue };
        let name = format!("{} {side}x{side}", level.map, side = level.side);
        if f.attack_cells == 0 {
            let _ = writeln!(out, "{name:18} no cell is attack at this scale");
            continue;
        }
        let _ = writeln!(
            out,
            "{name:18} {:>5} {:>19} {:>5} {:>19} {:>19} {:>6}",
            number(f.auc.value),
            mean(&f.auc_image),
            number(f.iou.value),
            mean(&f.iou_image),
            mean(&f.pointing),
            number(f.chance.value)
        );
    }
}

fn deletion(out: &mut String, curves: &Curves) {
    let _ = writeln!(
        out,
        "\narea under the probability of attack, {} pictures, {} steps, cells of {side}x{side}\n{:18} {:>19} {:>19}",
        curves.images,
        curves.steps,
        "in the order of",
        "deletion (low)",
        "insertion (high)",
        side = curves.side,
    );
    for order in &curves.orders {
        let _ = writeln!(
            out,
            "{:18} {:>19} {:>19}",
            order.map,
            mean(&order.deletion.area),
            mean(&order.insertion.area)
        );
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |v| format!("{v:.3}"))
}

/// The mean and its interval.
fn mean(mean: &ImageMean) -> String {
    match mean.ci95 {
        Some([lo, hi]) => format!("{} ({lo:.3}–{hi:.3})", number(mean.value)),
        None => number(mean.value),
    }
}
