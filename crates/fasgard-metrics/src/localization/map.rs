//! A map and its truth, cell by cell.

/// A cell is attack if more than this share of its area shows an artefact.
pub const SHARE: f32 = 0.5;

/// One picture's map at one scale with its truth: the cells that count.
#[derive(Clone, Debug, PartialEq)]
pub struct CellMap {
    evidence: Vec<f32>,
    attack: Vec<bool>,
}

/// Evidence, shares and counted cells are not of one length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cells of a map: expected {expected} {what}, found {found}")]
pub struct MapShape {
    /// What has the wrong length.
    pub what: &'static str,
    /// Cells of the map.
    pub expected: usize,
    /// What there is.
    pub found: usize,
}

impl CellMap {
    /// A map's `evidence` of attack, the `shares` of its cells that show an artefact (0 to 1), and which
    /// cells are `counted`; none: all.
    ///
    /// # Errors
    /// The lengths differ.
    pub fn new(
        evidence: &[f32],
        shares: &[f32],
        counted: Option<&[bool]>,
    ) -> Result<Self, MapShape> {
        let expected = evidence.len();
        let lengths = [
            ("shares of attack", shares.len()),
            ("counted cells", counted.map_or(expected, <[bool]>::len)),
        ];
        for (what, found) in lengths {
            if found != expected {
                return Err(MapShape {
                    what,
                    expected,
                    found,
                });
            }
        }
        let counts = |i: usize| counted.is_none_or(|c| c[i]);
        let kept: Vec<usize> = (0..expected).filter(|&i| counts(i)).collect();
        Ok(Self {
            evidence: kept.iter().map(|&i| evidence[i]).collect(),
            attack: kept.iter().map(|&i| shares[i] > SHARE).collect(),
        })
    }

    /// The counted cells: evidence, and whether the cell is attack.
    pub fn cells(&self) -> impl Iterator<Item = (f64, bool)> + '_ {
        let evidence = self.evidence.iter().map(|&v| f64::from(v));
        evidence.zip(self.attack.iter().copied())
    }

    /// How many cells count.
    pub fn len(&self) -> usize {
        self.attack.len()
    }

    /// True if no cell counts.
    pub fn is_empty(&self) -> bool {
        self.attack.is_empty()
    }

    /// How many of them are attack.
    pub fn positive(&self) -> usize {
        self.attack.iter().filter(|a| **a).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_do_not_count_are_gone() {
        let map = CellMap::new(
            &[0.1, 0.2, 0.3],
            &[0.5, 0.51, 1.0],
            Some(&[true, true, false]),
        )
        .unwrap();
        let cells: Vec<_> = map.cells().map(|(v, a)| (v as f32, a)).collect();
        // Exactly half is not above half.
        assert_eq!(cells, [(0.1, false), (0.2, true)]);
        assert_eq!((map.len(), map.positive()), (2, 1));
    }

    #[test]
    fn lengths_must_agree() {
        let error = CellMap::new(&[0.1], &[0.1, 0.2], None).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cells of a map: expected 1 shares of attack, found 2"
        );
        assert!(CellMap::new(&[0.1], &[0.1], Some(&[])).is_err());
    }
}
