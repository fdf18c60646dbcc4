//! Inputs on which an exported network is compared.

use burn::tensor::Device;
use fasgard_image::{Preprocess, Rgb, RgbImage, random::stream};
use rand::Rng;

use crate::SelfTest;

/// The self-test's input and `count` pictures drawn from `seed`, each as the network takes it:
/// `3 * size * size` values.
pub fn samples(preprocess: &Preprocess, count: usize, seed: u64) -> Vec<Vec<f32>> {
    let size = preprocess.size as usize;
    let fixed = SelfTest::input(size, &Device::flex());
    let mut inputs = vec![fixed.into_data().iter::<f32>().collect()];
    for i in 0..count {
        let mut input = vec![0.0; preprocess.input_len()];
        preprocess.normalize_into(&picture(preprocess.size, seed, i), &mut input);
        inputs.push(input);
    }
    inputs
}

/// Coloured cells, coarse or fine by turns, under noise that is weak or strong: what a network
/// answers to them differs from picture to picture.
pub(super) fn picture(size: u32, seed: u64, number: usize) -> RgbImage {
    let mut random = stream(seed, "export", 0, &number.to_string());
    let cells = 1 << (number % 7);
    let noise = random.random_range(1..=64u16);
    let colors: Vec<[u8; 3]> = (0..cells * cells).map(|_| random.random()).collect();
    RgbImage::from_fn(size, size, |x, y| {
        let color = colors[(y * cells / size * cells + x * cells / size) as usize];
        Rgb(color.map(|c| {
            let moved = u16::from(c) + random.random_range(0..=noise);
            moved.saturating_sub(noise / 2).min(255) as u8
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_pictures_and_none_is_another() {
        let preprocess = Preprocess {
            size: 32,
            ..Preprocess::default()
        };
        let some = samples(&preprocess, 8, 1);
        assert_eq!(some.len(), 9);
        assert_eq!(some, samples(&preprocess, 8, 1));
        assert_eq!(some[..4], samples(&preprocess, 3, 1));
        assert_ne!(some[1], samples(&preprocess, 1, 2)[1]);
        for (i, a) in some.iter().enumerate() {
            assert!(some[..i].iter().all(|b| a != b), "{i}");
            assert!(a.iter().all(|v| (-1.0..=1.0).contains(v)), "{i}");
        }
    }
}
