//! Turning a decoded picture upright.

use fasgard_image::RgbImage;

/// `image` turned clockwise by `degrees`, of which only 0, 90, 180, 270 occur.
pub(crate) fn clockwise(image: RgbImage, degrees: u32) -> RgbImage {
    let (w, h) = image.dimensions();
    match degrees {
        90 => quarter(&image, |x, y| (y, h - 1 - x)),
        270 => quarter(&image, |x, y| (w - 1 - y, x)),
        180 => {
            let mut pixels = image.into_raw();
            pixels.reverse();
            pixels.chunks_exact_mut(3).for_each(<[u8]>::reverse);
            RgbImage::from_raw(w, h, pixels).unwrap_or_default()
        }
        _ => image,
    }
}

/// A picture of swapped sides whose pixel (x, y) is `source(x, y)` of `image`.
fn quarter(image: &RgbImage, source: impl Fn(u32, u32) -> (u32, u32)) -> RgbImage {
    /// Pixels a side of the squares that are turned one after another: both pictures' rows of one
    /// stay in the cache, where whole columns of a large picture would not.
    const BLOCK: u32 = 32;
    let (w, h) = (image.height(), image.width());
    let mut out = RgbImage::new(w, h);
    for top in (0..h).step_by(BLOCK as usize) {
        for left in (0..w).step_by(BLOCK as usize) {
            for y in top..(top + BLOCK).min(h) {
                for x in left..(left + BLOCK).min(w) {
                    let (from_x, from_y) = source(x, y);
                    out.put_pixel(x, y, *image.get_pixel(from_x, from_y));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use fasgard_image::Rgb;

    use super::*;

    #[test]
    fn corners_go_where_a_turned_photo_has_them() {
        // 1 2 3      4 1      6 5 4      3 6
        // 4 5 6  ->  5 2  ->  3 2 1  ->  2 5
        //            6 3                 1 4
        let image = RgbImage::from_fn(3, 2, |x, y| Rgb([(1 + x + 3 * y) as u8, 0, 9]));
        let reds = |degrees| -> Vec<u8> {
            let turned = clockwise(image.clone(), degrees);
            assert!(turned.pixels().all(|p| p[1] == 0 && p[2] == 9));
            turned.pixels().map(|p| p[0]).collect()
        };
        assert_eq!(reds(0), [1, 2, 3, 4, 5, 6]);
        assert_eq!(reds(90), [4, 1, 5, 2, 6, 3]);
        assert_eq!(reds(180), [6, 5, 4, 3, 2, 1]);
        assert_eq!(reds(270), [3, 6, 2, 5, 1, 4]);
    }

    #[test]
    fn half_a_turn_by_hand() {
        let image = RgbImage::from_raw(2, 1, vec![1, 2, 3, 4, 5, 6]).unwrap();
        assert_eq!(clockwise(image, 180).into_raw(), [4, 5, 6, 1, 2, 3]);
    }

    #[test]
    fn four_quarters_are_nothing() {
        let image = RgbImage::from_fn(71, 45, |x, y| Rgb([x as u8, y as u8, (x * y) as u8]));
        let half = clockwise(clockwise(image.clone(), 90), 90);
        assert!(half == clockwise(image.clone(), 180));
        assert!(clockwise(clockwise(half, 270), 270) == clockwise(image.clone(), 0));
        assert!(clockwise(clockwise(image.clone(), 270), 90) == image);
    }
}
