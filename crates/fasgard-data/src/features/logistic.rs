//! Logistic regression, fitted to its one optimum.

use std::collections::VecDeque;

use rayon::prelude::*;

/// Samples of a chunk: sums are split by it, never by thread, so that they have one value.
const CHUNK: usize = 256;
/// Pairs that L-BFGS remembers.
const MEMORY: usize = 10;
/// Most iterations.
const ITERATIONS: usize = 300;
/// The fit ends when no derivative is larger.
const TOLERANCE: f64 = 1e-6;

/// A fitted logistic regression: standardised features, both classes of equal weight, ridge penalty.
/// Nothing is drawn: the same samples give the same numbers for any number of threads.
#[derive(Clone, Debug, PartialEq)]
pub struct Logistic {
    mean: Vec<f64>,
    /// One over the standard deviation; 0 for a feature that does not vary.
    scale: Vec<f64>,
    weights: Vec<f64>,
    bias: f64,
}

/// Samples that nothing can be fitted to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// A class is missing.
    #[error(
        "logistic regression: expected live and attack samples, found {live} live and {attack} attack"
    )]
    OneClass {
        /// Live samples.
        live: usize,
        /// Attacks.
        attack: usize,
    },
    /// Samples differ in their number of features, or a feature is not finite.
    #[error(
        "logistic regression: sample {0}: expected as many finite features as the first sample has"
    )]
    Features(usize),
}

impl Logistic {
    /// Fits weights to `samples` (features, live). `ridge` (above 0, such as 1e-3) weighs half the
    /// squared norm of the weights of the standardised features against the mean loss.
    ///
    /// The optimiser is L-BFGS (Liu and Nocedal, Mathematical Programming 45, 1989) from zero with
    /// a halving line search; the problem is strictly convex.
    ///
    /// # Errors
    /// [`FitError`].
    pub fn fit<F: AsRef<[f32]> + Sync>(
        samples: &[(F, bool)],
        ridge: f64,
    ) -> Result<Self, FitError> {
        let live = samples.iter().filter(|(_, live)| *live).count();
        let attack = samples.len() - live;
        if live == 0 || attack == 0 {
            return Err(FitError::OneClass { live, attack });
        }
        let features = samples[0].0.as_ref().len();
        let wrong = |(f, _): &(F, bool)| {
            f.as_ref().len() != features || f.as_ref().iter().any(|v| !v.is_finite())
        };
        if let Some(i) = samples.iter().position(wrong) {
            return Err(FitError::Features(i));
        }
        let (mean, scale) = moments(samples, features);
        let mut model = Self {
            mean,
            scale,
            weights: vec![0.0; features],
            bias: 0.0,
        };
        let share = [0.5 / attack as f64, 0.5 / live as f64];
        // The bias is the last parameter and is not penalised.
        let objective = |p: &[f64]| model.objective(samples, share, ridge, p);
        let found = minimise(vec![0.0; features + 1], objective);
        model.bias = found[features];
        model.weights = found[..features].to_vec();
        Ok(model)
    }

    /// The log-odds that a sample is live; features beyond those of the fit do not count.
    pub fn logit(&self, features: &[f32]) -> f64 {
        let terms = features
            .iter()
            .zip(self.mean.iter().zip(&self.scale))
            .zip(&self.weights);
        let sum: f64 = terms
            .map(|((v, (m, s)), w)| (f64::from(*v) - m) * s * w)
            .sum();
        sum + self.bias
    }

    /// The probability that a sample is live, 0 to 1.
    pub fn probability(&self, features: &[f32]) -> f64 {
        1.0 / (1.0 + (-self.logit(features)).exp())
    }

    /// Loss and gradient at the parameters `p`.
    fn objective<F: AsRef<[f32]> + Sync>(
        &self,
        samples: &[(F, bool)],
        share: [f64; 2],
        ridge: f64,
        p: &[f64],
    ) -> (f64, Vec<f64>) {
        let (weights, bias) = p.split_at(p.len() - 1);
        let chunk = |chunk: &[(F, bool)]| {
            let mut loss = 0.0;
            let mut gradient = vec![0.0; p.len()];
            let mut z = vec![0.0; weights.len()];
            for (features, live) in chunk {
                let values = features
                    .as_ref()
                    .iter()
                    .zip(self.mean.iter().zip(&self.scale));
                for (z, (v, (m, s))) in z.iter_mut().zip(values) {
                    *z = (f64::from(*v) - m) * s;
                }
                let logit = z.iter().zip(weights).map(|(z, w)| z * w).sum::<f64>() + bias[0];
                let own = share[usize::from(*live)];
                // ln(1 + exp(-m)) of the margin m, without overflow.
                let margin = if *live { logit } else { -logit };
                loss += own * ((-margin.abs()).exp().ln_1p() + (-margin).max(0.0));
                let probability = 1.0 / (1.0 + (-logit).exp());
                let slope = own * (probability - f64::from(u8::from(*live)));
                for (g, z) in gradient.iter_mut().zip(&z) {
                    *g += slope * z;
                }
                if let Some(g) = gradient.last_mut() {
                    *g += slope;
                }
            }
            (loss, gradient)
        };
        let parts: Vec<_> = samples.par_chunks(CHUNK).map(chunk).collect();
        let mut loss = 0.5 * ridge * dot(weights, weights);
        let mut gradient: Vec<f64> = weights.iter().map(|w| ridge * w).collect();
        gradient.push(0.0);
        for (part, own) in parts {
            loss += part;
            gradient.iter_mut().zip(own).for_each(|(g, own)| *g += own);
        }
        (loss, gradient)
    }
}

/// Means and inverse standard deviations.
fn moments<F: AsRef<[f32]>>(samples: &[(F, bool)], features: usize) -> (Vec<f64>, Vec<f64>) {
    let n = samples.len() as f64;
    let mut mean = vec![0.0; features];
    for (f, _) in samples {
        mean.iter_mut()
            .zip(f.as_ref())
            .for_each(|(m, v)| *m += f64::from(*v) / n);
    }
    let mut variance = vec![0.0; features];
    for (f, _) in samples {
        let terms = f.as_ref().iter().zip(&mean);
        let add = |(s, (v, m)): (&mut f64, (&f32, &f64))| *s += (f64::from(*v) - m).powi(2) / n;
        variance.iter_mut().zip(terms).for_each(add);
    }
    let scale = |(variance, mean): (&f64, &f64)| {
        // What varies by rounding only does not vary.
        let varies = *variance > 1e-12 * (1.0 + mean * mean);
        if varies { 1.0 / variance.sqrt() } else { 0.0 }
    };
    let scale = variance.iter().zip(&mean).map(scale).collect();
    (mean, scale)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A step, the change of the gradient along it, and one over their product.
type Pair = (Vec<f64>, Vec<f64>, f64);

/// L-BFGS of a convex function.
fn minimise(mut x: Vec<f64>, objective: impl Fn(&[f64]) -> (f64, Vec<f64>)) -> Vec<f64> {
    let (mut value, mut gradient) = objective(&x);
    let mut pairs: VecDeque<Pair> = VecDeque::new();
    for _ in 0..ITERATIONS {
        if gradient.iter().all(|g| g.abs() <= TOLERANCE) {
            break;
        }
        // Two-loop recursion: direction = - H gradient.
        let mut direction = gradient.clone();
        let mut alphas = Vec::new();
        for (s, y, rho) in pairs.iter().rev() {
            let alpha = rho * dot(s, &direction);
            direction
                .iter_mut()
                .zip(y)
                .for_each(|(d, y)| *d -= alpha * y);
            alphas.push(alpha);
        }
        if let Some((s, y, _)) = pairs.back() {
            let scale = dot(s, y) / dot(y, y);
            direction.iter_mut().for_each(|d| *d *= scale);
        }
        for ((s, y, rho), alpha) in pairs.iter().zip(alphas.iter().rev()) {
            let beta = rho * dot(y, &direction);
            direction
                .iter_mut()
                .zip(s)
                .for_each(|(d, s)| *d += (alpha - beta) * s);
        }
        let slope = -dot(&gradient, &direction);
        let mut step = 1.0;
        let next = loop {
            let to: Vec<f64> = x
                .iter()
                .zip(&direction)
                .map(|(x, d)| x - step * d)
                .collect();
            let (found, own) = objective(&to);
            if found <= value + 1e-4 * step * slope {
                break Some((to, found, own));
            }
            step /= 2.0;
            // Rounding is reached: nothing lower can be told apart.
            if step < 1e-12 {
                break None;
            }
        };
        let Some((to, found, own)) = next else {
            break;
        };
        let s: Vec<f64> = to.iter().zip(&x).map(|(a, b)| a - b).collect();
        let y: Vec<f64> = own.iter().zip(&gradient).map(|(a, b)| a - b).collect();
        let curvature = dot(&s, &y);
        if curvature > 1e-14 {
            if pairs.len() == MEMORY {
                pairs.pop_front();
            }
            pairs.push_back((s, y, 1.0 / curvature));
        }
        (x, value, gradient) = (to, found, own);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_optimum_of_two_points_by_hand() {
        // Features -1 (attack) and 1 (live), standardised as they are, bias 0 by symmetry: the
        // weight solves sigmoid(-w) = ridge * w.
        let ridge = 0.1;
        let samples = [([-1.0_f32], false), ([1.0], true)];
        let model = Logistic::fit(&samples, ridge).unwrap();
        let w = model.weights[0];
        assert!((1.0 / (1.0 + w.exp()) - ridge * w).abs() < 1e-5, "{w}");
        assert!(model.bias.abs() < 1e-5);
        assert!((model.logit(&[1.0]) - w).abs() < 1e-5);
        assert!((model.probability(&[1.0]) + model.probability(&[-1.0]) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn classes_weigh_the_same_and_constants_nothing() {
        // Three attacks at 0, one live at 0: no feature tells them apart, so the odds are even.
        let samples = [
            ([5.0_f32], false),
            ([5.0], false),
            ([5.0], false),
            ([5.0], true),
        ];
        let model = Logistic::fit(&samples, 1e-3).unwrap();
        assert!((model.probability(&[5.0]) - 0.5).abs() < 1e-5);
        assert_eq!(model.weights, [0.0]);
    }

    #[test]
    fn the_gradient_vanishes_and_threads_do_not_matter() {
        let samples: Vec<([f32; 3], bool)> = (0..1000)
            .map(|i| {
                let x = i as f32;
                let live = (x * 0.37).sin() + 0.3 * (x * 1.7).cos() > 0.1;
                ([(x * 0.37).sin(), (x * 0.11).cos(), x], live)
            })
            .collect();
        let fit = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| Logistic::fit(&samples, 1e-3).unwrap())
        };
        let model = fit(1);
        assert_eq!(model, fit(3));
        let live = samples.iter().filter(|s| s.1).count() as f64;
        let share = [0.5 / (1000.0 - live), 0.5 / live];
        let mut p = model.weights.clone();
        p.push(model.bias);
        let (_, gradient) = model.objective(&samples, share, 1e-3, &p);
        assert!(gradient.iter().all(|g| g.abs() < 1e-5), "{gradient:?}");
        assert!(super::super::auc(samples.iter().map(|(f, l)| (model.logit(f), *l))) > Some(0.9));
    }

    #[test]
    fn what_cannot_be_fitted() {
        let one = [([1.0_f32], true)];
        assert_eq!(
            Logistic::fit(&one, 1.0),
            Err(FitError::OneClass { live: 1, attack: 0 })
        );
        let bad = [(vec![1.0_f32], true), (vec![1.0, 2.0], false)];
        assert_eq!(Logistic::fit(&bad, 1.0), Err(FitError::Features(1)));
        let nan = [([f32::NAN], true), ([0.0], false)];
        assert_eq!(Logistic::fit(&nan, 1.0), Err(FitError::Features(0)));
    }
}
