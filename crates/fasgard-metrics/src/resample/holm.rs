//! p-values of several tests at once.

/// Holm's correction (Scandinavian Journal of Statistics 6, 1979): each of the `p` values such that at most
/// a share a of families of tests without any difference has one below a, whatever the tests'
/// dependence. In the order given; NaN stays NaN and is no test.
///
/// The k-th smallest of m becomes the largest of (m - i + 1) p_i over i up to k, at most 1.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).filter(|&i| !p[i].is_nan()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut corrected = vec![f64::NAN; p.len()];
    let mut most = 0.0_f64;
    for (k, &i) in order.iter().enumerate() {
        most = most.max((order.len() - k) as f64 * p[i]).min(1.0);
        corrected[i] = most;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // Sorted 0.01, 0.02, 0.03, 0.04: 4 x 0.01, 3 x 0.02, then 2 x 0.03 = 0.06 and 1 x 0.04, which may
        // not fall below it.
        let found = holm(&[0.04, 0.01, 0.03, 0.02]);
        for (a, b) in found.iter().zip([0.06, 0.04, 0.06, 0.06]) {
            assert!((a - b).abs() < 1e-12, "{found:?}");
        }
        assert_eq!(holm(&[0.3]), [0.3]);
        assert_eq!(holm(&[0.6, 0.9]), [1.0, 1.0]);
        let found = holm(&[0.01, f64::NAN]);
        assert!(found[0] == 0.01 && found[1].is_nan());
        assert!(holm(&[]).is_empty());
    }
}
