//! Area under a curve of equal steps.

/// The area under a curve whose points are evenly spaced from 0 to 1, by the trapezoid rule: of a
/// deletion or an insertion curve, the mean of the model's answer while cells go or come (Petsiuk, Das
/// and Saenko, "RISE", BMVC 2018). `None` of fewer than two points.
pub fn area_under(points: &[f64]) -> Option<f64> {
    let (first, last) = (points.first()?, points.last()?);
    if points.len() < 2 {
        return None;
    }
    let sum: f64 = points.iter().sum();
    Some((sum - (first + last) / 2.0) / (points.len() - 1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // Trapezoids of width 1/2: (1 + 0.5) / 4 + (0.5 + 0) / 4.
        assert_eq!(area_under(&[1.0, 0.5, 0.0]), Some(0.5));
        assert_eq!(area_under(&[1.0, 0.0, 0.0]), Some(0.25));
        assert_eq!(area_under(&[0.25; 9]), Some(0.25));
        assert_eq!(area_under(&[1.0]), None);
        assert_eq!(area_under(&[]), None);
    }
}
