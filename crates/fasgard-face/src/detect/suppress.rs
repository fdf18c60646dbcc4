//! Several boxes of one face become one.

/// Two boxes of one face overlap at least this much (intersection over union).
pub(super) const OVERLAP: f32 = 0.3;

/// A box `[left, top, right, bottom]` with six points, in any unit, and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate {
    /// Left, top, right, bottom, then six times x, y.
    pub(super) values: [f32; 16],
    pub(super) score: f32,
}

/// Weighted suppression: the best candidate and all that overlap it become their mean, weighted by
/// score, with the best score; then the next best of the rest. Best first; equal scores keep their
/// order.
pub(super) fn suppress(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept = Vec::new();
    while let Some(best) = candidates.first().copied() {
        let mut sum = [0.0_f32; 16];
        let mut weight = 0.0;
        let mut merge = |candidate: &Candidate| {
            for (sum, value) in sum.iter_mut().zip(candidate.values) {
                *sum += candidate.score * value;
            }
            weight += candidate.score;
        };
        merge(&best);
        candidates.remove(0);
        candidates.retain(|other| {
            let same = overlap(&best.values, &other.values) > OVERLAP;
            if same {
                merge(other);
            }
            !same
        });
        kept.push(Candidate {
            values: sum.map(|sum| sum / weight),
            score: best.score,
        });
    }
    kept
}

/// Intersection over union of two boxes.
fn overlap(a: &[f32; 16], b: &[f32; 16]) -> f32 {
    let area = |b: [f32; 4]| (b[2] - b[0]).max(0.0) * (b[3] - b[1]).max(0.0);
    let corners = |v: &[f32; 16]| [v[0], v[1], v[2], v[3]];
    let (a, b) = (corners(a), corners(b));
    let both = area([
        a[0].max(b[0]),
        a[1].max(b[1]),
        a[2].min(b[2]),
        a[3].min(b[3]),
    ]);
    let either = area(a) + area(b) - both;
    if either > 0.0 { both / either } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(left: f32, size: f32, score: f32) -> Candidate {
        let mut values = [left; 16];
        values[..4].copy_from_slice(&[left, 0.0, left + size, size]);
        Candidate { values, score }
    }

    #[test]
    fn overlap_by_hand() {
        let (a, b) = (candidate(0.0, 2.0, 1.0), candidate(1.0, 2.0, 1.0));
        assert!((overlap(&a.values, &b.values) - 2.0 / 6.0).abs() < 1e-6);
        let empty = candidate(0.0, 0.0, 1.0);
        assert_eq!(overlap(&empty.values, &empty.values), 0.0);
    }

    #[test]
    fn neighbours_merge_by_score_and_others_stay() {
        let far = candidate(10.0, 2.0, 0.7);
        let kept = suppress(vec![
            candidate(0.0, 2.0, 0.6),
            far,
            candidate(0.5, 2.0, 0.9),
        ]);
        assert_eq!(kept.len(), 2);
        assert_eq!(kept[0].score, 0.9);
        assert!((kept[0].values[0] - 0.9 * 0.5 / 1.5).abs() < 1e-6);
        assert!((kept[1].values[0] - 10.0).abs() < 1e-5 && kept[1].score == 0.7);
    }
}
