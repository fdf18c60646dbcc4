//! How near one depth map is to another.

use fasgard_image::GrayImage;

/// Sums over pairs of maps of one size; depth counts from 0 to 1.
#[derive(Default)]
pub(crate) struct Agreement {
    maps: u32,
    iou: f64,
    error: f64,
    /// Number of common places, then a, b, a a, b b, a b.
    sums: [f64; 6],
}

impl Agreement {
    /// Adds a pair of maps, in which 0 is no face.
    pub(crate) fn add(&mut self, a: &GrayImage, b: &GrayImage) {
        assert_eq!(a.dimensions(), b.dimensions());
        let (mut both, mut any) = (0_u32, 0_u32);
        for (a, b) in a.iter().zip(b.iter()) {
            any += u32::from(*a > 0 || *b > 0);
            if *a > 0 && *b > 0 {
                both += 1;
                let (a, b) = (f64::from(*a) / 255.0, f64::from(*b) / 255.0);
                self.error += (a - b).abs();
                for (sum, v) in self.sums.iter_mut().zip([1.0, a, b, a * a, b * b, a * b]) {
                    *sum += v;
                }
            }
        }
        self.maps += 1;
        self.iou += f64::from(both) / f64::from(any.max(1));
    }

    /// Mean absolute error and correlation over the places that both have, and the mean over maps
    /// of common area over the area of both together.
    pub(crate) fn figures(&self) -> (f64, f64, f64) {
        let n = self.sums[0];
        let [a, b, aa, bb, ab] = [1, 2, 3, 4, 5].map(|i| self.sums[i] / n);
        let correlation = (ab - a * b) / ((aa - a * a) * (bb - b * b)).sqrt();
        (self.error / n, correlation, self.iou / f64::from(self.maps))
    }
}
