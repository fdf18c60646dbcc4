//! Exact (Clopper-Pearson) confidence intervals of a proportion.

use statrs::function::gamma::ln_gamma;

/// The two-sided 95 % Clopper-Pearson interval of `errors` of `of`, as fractions; none if `of` is 0
/// or smaller than `errors`.
///
/// The bounds are quantiles of beta distributions (Clopper and Pearson, Biometrika 1934): the lower
/// is the 2.5 % quantile of Beta(k, n - k + 1), 0 for no errors; the upper the 97.5 % quantile of
/// Beta(k + 1, n - k), 1 for nothing but errors.
pub fn clopper_pearson(errors: u64, of: u64) -> Option<[f64; 2]> {
    if of == 0 || errors > of {
        return None;
    }
    const TAIL: f64 = 0.025;
    let (k, n) = (errors as f64, of as f64);
    let lo = match errors {
        0 => 0.0,
        // All errors: the closed form of the quantile.
        _ if errors == of => (TAIL.ln() / n).exp(),
        _ => beta_quantile(TAIL, k, n - k + 1.0),
    };
    let hi = match errors {
        _ if errors == of => 1.0,
        0 => -(TAIL.ln() / n).exp_m1(),
        _ => beta_quantile(1.0 - TAIL, k + 1.0, n - k),
    };
    Some([lo, hi])
}

/// The x in [0, 1] with I_x(a, b) = p, by bisection: slower than Newton steps, but it cannot
/// diverge, and the result does not depend on a starting point.
fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    let ln_beta = ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b);
    let (mut lo, mut hi) = (0.0f64, 1.0f64);
    // The middle reaches one of its neighbours within 1100 halvings whatever the quantile; in
    // practice about 60 do.
    for _ in 0..1100 {
        let mid = lo + (hi - lo) / 2.0;
        if mid <= lo || mid >= hi || hi - lo < 1e-15 * hi {
            break;
        }
        if beta_cdf(mid, a, b, ln_beta) < p {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    lo + (hi - lo) / 2.0
}

/// The regularised incomplete beta function I_x(a, b) for x in (0, 1).
///
/// The continued fraction of DLMF 8.17.22, evaluated by the modified Lentz method. It needs about
/// the square root of the larger parameter in terms, so the number of terms is bounded by that and
/// not by a constant: a constant bound loses digits with millions of presentations.
fn beta_cdf(x: f64, a: f64, b: f64, ln_beta: f64) -> f64 {
    // The fraction converges fast on one side of the mean only; I_x(a, b) = 1 - I_{1-x}(b, a).
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_cdf_below_mean(1.0 - x, b, a, ln_beta);
    }
    beta_cdf_below_mean(x, a, b, ln_beta)
}

fn beta_cdf_below_mean(x: f64, a: f64, b: f64, ln_beta: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let nonzero = |v: f64| if v.abs() < TINY { TINY } else { v };
    let front = (a * x.ln() + b * (-x).ln_1p() - ln_beta).exp() / a;
    let terms = 200 + 10 * a.max(b).sqrt() as u64;
    let mut c = 1.0;
    let mut d = 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..=terms {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / nonzero(1.0 + even * d);
        c = nonzero(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / nonzero(1.0 + odd * d);
        c = nonzero(1.0 + odd / c);
        let step = d * c;
        fraction *= step;
        if (step - 1.0).abs() < 1e-15 {
            break;
        }
    }
    front * fraction
}
