//! Live faces and attacks must not be told apart by brightness, colour, sharpness or file size.

use fasgard_synth::{Capture, CaptureOptions, Identity, Presentation, capture};
use rayon::prelude::*;
use std::io::Write;

/// Names of [`features`], in order.
const NAMES: [&str; 17] = [
    "mean luma",
    "contrast",
    "mean red",
    "mean green",
    "mean blue",
    "mean Cb",
    "mean Cr",
    "chroma spread",
    "saturation",
    "log Laplacian variance",
    "log gradient energy",
    "log file size",
    "high-frequency share",
    "fine over medium energy",
    "5 % luma",
    "95 % luma",
    "centre over rim luma",
];

/// Simple features of one capture.
fn features(c: &Capture) -> Vec<f64> {
    let side = c.image.width() as usize;
    let n = (side * side) as f64;
    let px: Vec<[f64; 3]> = c.image.pixels().map(|p| p.0.map(f64::from)).collect();
    let luma: Vec<f64> = px
        .iter()
        .map(|p| 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2])
        .collect();
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let spread = |v: &[f64]| {
        let m = mean(v);
        (v.iter().map(|x| (x - m).powi(2)).sum::<f64>() / v.len() as f64).sqrt()
    };
    let channel = |k: usize| px.iter().map(|p| p[k]).sum::<f64>() / n;
    let cb: Vec<f64> = px
        .iter()
        .zip(&luma)
        .map(|(p, y)| 0.564 * (p[2] - y))
        .collect();
    let cr: Vec<f64> = px
        .iter()
        .zip(&luma)
        .map(|(p, y)| 0.713 * (p[0] - y))
        .collect();
    let saturation = px
        .iter()
        .map(|p| {
            let (low, high) = (p[0].min(p[1]).min(p[2]), p[0].max(p[1]).max(p[2]));
            if high > 0.0 { (high - low) / high } else { 0.0 }
        })
        .sum::<f64>()
        / n;
    let at = |x: usize, y: usize| luma[y * side + x];
    let (mut laplacian, mut gradient) = (Vec::new(), 0.0);
    for y in 1..side - 1 {
        for x in 1..side - 1 {
            laplacian
                .push(at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4.0 * at(x, y));
            gradient +=
                (at(x + 1, y) - at(x - 1, y)).powi(2) + (at(x, y + 1) - at(x, y - 1)).powi(2);
        }
    }
    let blurred = |radius: usize| -> Vec<f64> {
        let mut out = vec![0.0; luma.len()];
        for y in 0..side {
            for x in 0..side {
                let (x0, x1) = (x.saturating_sub(radius), (x + radius).min(side - 1));
                let (y0, y1) = (y.saturating_sub(radius), (y + radius).min(side - 1));
                let sum: f64 = (y0..=y1)
                    .map(|v| luma[v * side + x0..=v * side + x1].iter().sum::<f64>())
                    .sum();
                out[y * side + x] = sum / ((x1 - x0 + 1) * (y1 - y0 + 1)) as f64;
            }
        }
        out
    };
    let between =
        |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>() / n;
    let (fine, medium) = (blurred(1), blurred(3));
    let high = between(&luma, &fine);
    let contrast = spread(&luma);
    let mut sorted = luma.clone();
    sorted.sort_by(f64::total_cmp);
    let (mut centre, mut rim) = (Vec::new(), Vec::new());
    for y in 0..side {
        for x in 0..side {
            let inside =
                (side / 4..3 * side / 4).contains(&x) && (side / 4..3 * side / 4).contains(&y);
            if inside { &mut centre } else { &mut rim }.push(at(x, y));
        }
    }
    vec![
        mean(&luma),
        contrast,
        channel(0),
        channel(1),
        channel(2),
        mean(&cb),
        mean(&cr),
        spread(&cb) + spread(&cr),
        saturation,
        (spread(&laplacian).powi(2) + 1.0).ln(),
        (gradient / n + 1.0).ln(),
        (c.jpeg.len() as f64).ln(),
        (high / (contrast * contrast + 1.0)).ln(),
        (high / (between(&fine, &medium) + 1.0)).ln(),
        sorted[sorted.len() / 20],
        sorted[sorted.len() * 19 / 20],
        mean(&centre) / (mean(&rim) + 1.0),
    ]
}

/// Area under the ROC curve by ranks; ties count half.
fn auc(live: &[f64], attack: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = live
        .iter()
        .map(|v| (*v, true))
        .chain(attack.iter().map(|v| (*v, false)))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut wins, mut i) = (0.0, 0.0, 0);
    while i < all.len() {
        let tied = all[i..].iter().take_while(|p| p.0 == all[i].0).count();
        let lives = all[i..i + tied].iter().filter(|p| p.1).count() as f64;
        let attacks = tied as f64 - lives;
        wins += lives * (below + attacks / 2.0);
        below += attacks;
        i += tied;
    }
    wins / (live.len() as f64 * attack.len() as f64)
}

/// Logistic regression with a small ridge and balanced classes, by Newton's method; weights, bias last.
fn fit(rows: &[(Vec<f64>, bool)]) -> Vec<f64> {
    const RIDGE: f64 = 1e-5;
    let k = rows[0].0.len() + 1;
    let lives = rows.iter().filter(|r| r.1).count() as f64;
    let (live_weight, attack_weight) = (0.5 / lives, 0.5 / (rows.len() as f64 - lives));
    let mut w = vec![0.0; k];
    for _ in 0..30 {
        let mut gradient = vec![0.0; k];
        let mut hessian = vec![vec![0.0; k]; k];
        for (x, live) in rows {
            let x: Vec<f64> = x.iter().copied().chain([1.0]).collect();
            let z: f64 = x.iter().zip(&w).map(|(a, b)| a * b).sum();
            let p = 1.0 / (1.0 + (-z).exp());
            let weight = if *live { live_weight } else { attack_weight };
            for i in 0..k {
                gradient[i] += weight * (p - f64::from(u8::from(*live))) * x[i];
                for j in 0..k {
                    hessian[i][j] += weight * p * (1.0 - p) * x[i] * x[j];
                }
            }
        }
        for i in 0..k {
            gradient[i] += RIDGE * w[i];
            hessian[i][i] += RIDGE;
        }
        for (w, step) in w.iter_mut().zip(solve(hessian, gradient)) {
            *w -= step;
        }
    }
    w
}

/// Gaussian elimination with pivoting.
fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Vec<f64> {
    let n = b.len();
    for i in 0..n {
        let pivot = (i..n)
            .max_by(|p, q| a[*p][i].abs().total_cmp(&a[*q][i].abs()))
            .unwrap_or(i);
        a.swap(i, pivot);
        b.swap(i, pivot);
        for r in i + 1..n {
            let f = a[r][i] / a[i][i];
            let (head, tail) = a.split_at_mut(r);
            tail[0][i..]
                .iter_mut()
                .zip(&head[i][i..])
                .for_each(|(x, y)| *x -= f * y);
            b[r] -= f * b[i];
        }
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|j| a[i][j] * b[j]).sum();
        b[i] = (b[i] - known) / a[i][i];
    }
    b
}

/// Held-out AUC of the regression: fitted on even identities, measured on odd ones.
fn regression(live: &[(u64, Vec<f64>)], attack: &[(u64, Vec<f64>)]) -> f64 {
    let half = |rest: u64, rows: &[(u64, Vec<f64>)]| -> Vec<Vec<f64>> {
        rows.iter()
            .filter(|r| r.0 % 2 == rest)
            .map(|r| r.1.clone())
            .collect()
    };
    let fitted: Vec<Vec<f64>> = half(0, live).into_iter().chain(half(0, attack)).collect();
    let n = fitted.len() as f64;
    let scale: Vec<(f64, f64)> = (0..fitted[0].len())
        .map(|k| {
            let m = fitted.iter().map(|r| r[k]).sum::<f64>() / n;
            let v = fitted.iter().map(|r| (r[k] - m).powi(2)).sum::<f64>() / n;
            (m, v.sqrt().max(1e-9))
        })
        .collect();
    let standard = |r: &Vec<f64>| -> Vec<f64> {
        r.iter()
            .zip(&scale)
            .map(|(v, (m, s))| (v - m) / s)
            .collect()
    };
    let rows: Vec<(Vec<f64>, bool)> = half(0, live)
        .iter()
        .map(|r| (standard(r), true))
        .chain(half(0, attack).iter().map(|r| (standard(r), false)))
        .collect();
    let w = fit(&rows);
    let score = |rows: Vec<Vec<f64>>| -> Vec<f64> {
        rows.iter()
            .map(|r| {
                standard(r)
                    .iter()
                    .chain([&1.0])
                    .zip(&w)
                    .map(|(a, b)| a * b)
                    .sum()
            })
            .collect()
    };
    auc(&score(half(1, live)), &score(half(1, attack)))
}

/// Features of `identities * shots` captures with their identities.
fn sample(presentation: Presentation, identities: u64, shots: u64) -> Vec<(u64, Vec<f64>)> {
    (0..identities * shots)
        .into_par_iter()
        .map(|i| {
            let index = i / shots;
            let identity = Identity::new(20_26, index);
            let c = capture(
                &identity,
                presentation,
                i % shots,
                &CaptureOptions::default(),
            );
            (index, features(&c))
        })
        .collect()
}

#[test]
fn no_simple_feature_tells_live_from_attack() {
    let live = sample(Presentation::Live, 76, 4);
    let column =
        |rows: &[(u64, Vec<f64>)], k: usize| -> Vec<f64> { rows.iter().map(|r| r.1[k]).collect() };
    let mut attacks = Vec::new();
    let mut failures = Vec::new();
    let mut out = std::io::stderr();
    let mut compare = |name: &str, attack: &[(u64, Vec<f64>)], single: f64, together: f64| {
        for (k, feature) in NAMES.iter().enumerate() {
            let a = auc(&column(&live, k), &column(attack, k));
            writeln!(out, "{name:>10}  {feature:<24} {a:.3}").unwrap();
            if a.max(1.0 - a) >= single {
                failures.push(format!(
                    "{name}, {feature}: AUC {a:.3}, expected within {single} of both sides"
                ));
            }
        }
        let a = regression(&live, attack);
        writeln!(out, "{name:>10}  regression on all, held out: {a:.3}").unwrap();
        if a >= together {
            failures.push(format!(
                "{name}, regression: held-out AUC {a:.3}, expected below {together}"
            ));
        }
    };
    for presentation in &Presentation::ALL[1..] {
        // The partial attacks count half, as they do not fill the picture.
        let identities = if matches!(presentation, Presentation::Print | Presentation::Replay) {
            76
        } else {
            38
        };
        let rows = sample(*presentation, identities, 4);
        assert_eq!(rows.len() as u64, identities * 4);
        compare(presentation.name(), &rows, 0.75, 0.85);
        attacks.extend(rows);
    }
    // The flat attacks alone fill the first rows.
    compare("flat", &attacks[..2 * 76 * 4], 0.75, 0.85);
    compare("all", &attacks, 0.75, 0.85);
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_yardsticks_work() {
    assert_eq!(auc(&[2.0, 3.0], &[0.0, 1.0]), 1.0);
    assert_eq!(auc(&[1.0], &[1.0]), 0.5);
    // A regression must find a difference that no single column shows.
    let mut draw = 1u32;
    let mut next = || {
        draw = draw.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(draw >> 8) / f64::from(1u32 << 24) - 0.5
    };
    let mut rows = |shift: f64| -> Vec<(u64, Vec<f64>)> {
        (0..200)
            .map(|i| {
                let common = 10.0 * next();
                (
                    i,
                    vec![common + shift + 0.2 * next(), common + 0.2 * next()],
                )
            })
            .collect()
    };
    let (live, attack) = (rows(0.2), rows(0.0));
    let first = |rows: &[(u64, Vec<f64>)]| -> Vec<f64> { rows.iter().map(|r| r.1[0]).collect() };
    assert!(auc(&first(&live), &first(&attack)) < 0.6);
    assert!(regression(&live, &attack) > 0.9);
}
