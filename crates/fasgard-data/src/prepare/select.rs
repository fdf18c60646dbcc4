//! Which of the listed media are prepared.

use std::collections::HashMap;

use fasgard_metrics::Label;

use super::PrepareOptions;
use crate::manifest::Rows;

/// Keeps what [`PrepareOptions::only`] and [`PrepareOptions::limit`] ask for; a note says what was
/// left out.
pub(super) fn select(rows: &mut Rows, options: &PrepareOptions) -> Option<String> {
    let listed = rows.len();
    if let Some(pattern) = &options.only {
        rows.retain(|row| matches(pattern.as_bytes(), row.image.as_str().as_bytes()));
    }
    if let Some(limit) = options.limit {
        let mut taken: HashMap<_, u64> = HashMap::new();
        rows.retain(|row| {
            let key = (row.split, row.label == Label::Attack, row.species.clone());
            let count = taken.entry(key).or_default();
            *count += 1;
            *count <= limit
        });
    }
    (rows.len() < listed).then(|| {
        format!(
            "{} of {listed} media were chosen by --only or --limit: this is a part of the dataset",
            rows.len()
        )
    })
}

/// Whether `text` matches `pattern`: `*` is any run of bytes, `?` any one byte.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on after the last `*`: the pattern behind it, and the text it has swallowed.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p + 1, t));
                p += 1;
            }
            Some(&c) if c == b'?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((behind, swallowed)) => {
                    star = Some((behind, swallowed + 1));
                    p = behind;
                    t = swallowed + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("*", "a/b.jpg", true),
            ("a/*", "a/b.jpg", true),
            ("*.mov", "a/b.jpg", false),
            ("a/?.jpg", "a/b.jpg", true),
            ("*b*j*g", "a/b.jpg", true),
            ("", "a", false),
            ("", "", true),
            ("a*", "", false),
            ("*ab", "aab", true),
        ] {
            assert_eq!(
                matches(pattern.as_bytes(), text.as_bytes()),
                expected,
                "{pattern} {text}"
            );
        }
    }
}
