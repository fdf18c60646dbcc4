//! A guess that looks at nothing.

/// The evidence of a map that knows only where the middle is: 1 in the middle of the square, falling
/// linearly with the distance to 0 at the corners; `side` x `side` cells, row by row. What a map has to
/// beat: faces are centred, and so are artefacts on them.
pub fn centre_prior(side: usize) -> Vec<f32> {
    let corner = 0.5 * std::f64::consts::SQRT_2;
    let place = |i: usize| (i as f64 + 0.5) / side as f64 - 0.5;
    let cell = |i: usize| 1.0 - place(i / side).hypot(place(i % side)) / corner;
    (0..side * side).map(|i| cell(i) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_highest_and_sides_are_alike() {
        assert_eq!(centre_prior(1), [1.0]);
        let map = centre_prior(3);
        // Distances 0, 1/3 and sqrt(2)/3 over sqrt(1/2).
        let near = |a: f32, b: f64| (f64::from(a) - b).abs() < 1e-6;
        assert!(near(map[4], 1.0));
        assert!(near(map[1], 1.0 - 2.0_f64.sqrt() / 3.0));
        assert!(near(map[0], 1.0 - 2.0 / 3.0));
        assert_eq!((map[1], map[0]), (map[7], map[8]));
    }
}
