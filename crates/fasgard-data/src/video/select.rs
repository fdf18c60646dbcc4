//! The filter expression that passes exactly the chosen frames.

/// Longest expression: a Windows command line holds 32 KiB in all.
const LONGEST: usize = 16 << 10;

/// An expression for ffmpeg's `select` filter over `pts`, the decoded frame's number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selection {
    /// Non-zero for the frames to pass.
    pub(super) expression: String,
    /// Whether it passes the chosen frames only; otherwise all from the first to the last.
    pub(super) exact: bool,
}

/// Frames `first, first + step, ..., last`.
struct Run {
    first: u64,
    step: u64,
    last: u64,
}

impl Selection {
    /// Of ascending, distinct `indices`, at least one.
    pub(super) fn new(indices: &[u64]) -> Self {
        let runs = runs(indices);
        let expression = tree(&runs);
        if expression.len() <= LONGEST {
            return Self {
                expression,
                exact: true,
            };
        }
        let ends = indices.first().zip(indices.last());
        let (first, last) = ends.map_or((0, 0), |(a, b)| (*a, *b));
        let expression = format!("between(pts,{first},{last})");
        Self {
            expression,
            exact: false,
        }
    }
}

/// Splits into arithmetic progressions, greedily; a pair is not worth one.
fn runs(indices: &[u64]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut rest = indices;
    while let [first, tail @ ..] = rest {
        let step = tail.first().map_or(1, |second| second - first);
        let length = 1 + rest.windows(2).take_while(|w| w[1] - w[0] == step).count();
        let length = if length < 3 { 1 } else { length };
        let last = rest[length - 1];
        runs.push(Run {
            first: *first,
            step,
            last,
        });
        rest = &rest[length..];
    }
    runs
}

/// A balanced decision tree: evaluated for every frame, so its depth matters, and ffmpeg's parser
/// and evaluator recurse.
fn tree(runs: &[Run]) -> String {
    match runs {
        [] => "0".to_owned(),
        [Run { first, last, .. }] if first == last => format!("eq(pts,{first})"),
        [
            Run {
                first,
                step: 1,
                last,
            },
        ] => format!("between(pts,{first},{last})"),
        [Run { first, step, last }] => {
            format!("between(pts,{first},{last})*not(mod(pts-{first},{step}))")
        }
        _ => {
            let (low, high) = runs.split_at(runs.len() / 2);
            let border = high[0].first;
            format!("if(lt(pts,{border}),{},{})", tree(low), tree(high))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(indices: &[u64]) -> String {
        Selection::new(indices).expression
    }

    #[test]
    fn regular_choices_are_short() {
        assert_eq!(expression(&[7]), "eq(pts,7)");
        assert_eq!(expression(&[3, 4, 5]), "between(pts,3,5)");
        assert_eq!(expression(&[2, 9]), "if(lt(pts,9),eq(pts,2),eq(pts,9))");
        assert_eq!(
            expression(&[0, 5, 10, 15]),
            "between(pts,0,15)*not(mod(pts-0,5))"
        );
        let every: Vec<_> = (0..1_000_000).step_by(3).collect();
        assert!(Selection::new(&every).exact);
    }

    #[test]
    fn runs_cover_exactly_the_indices() {
        let mut state = 1_u64;
        for _ in 0..50 {
            let mut at = 0;
            let indices: Vec<u64> = (0..200)
                .map(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    at += 1 + (state >> 62);
                    at
                })
                .collect();
            let covered: Vec<u64> = runs(&indices)
                .iter()
                .flat_map(|r| (r.first..=r.last).step_by(r.step as usize))
                .collect();
            assert_eq!(covered, indices);
        }
    }

    #[test]
    fn a_choice_too_irregular_to_write_down_passes_too_much() {
        let squares: Vec<u64> = (0..3000).map(|i| i * i).collect();
        let selection = Selection::new(&squares);
        assert!(!selection.exact);
        assert_eq!(selection.expression, "between(pts,0,8994001)");
    }
}
