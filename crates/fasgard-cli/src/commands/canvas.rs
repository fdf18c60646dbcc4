//! Drawing on a picture: rectangles, other pictures, maps, small text.

use fasgard_image::{ColorMap, FaceBox, Rgb, RgbImage};
use font8x8::legacy::BASIC_LEGACY;

/// Pixels of a font's dot.
const DOT: u32 = 2;
/// Pixels from one letter to the next, and a letter's height.
pub(in crate::commands) const LETTER: u32 = 8 * DOT;

/// Fills a rectangle; what lies outside the picture is cut off.
pub(in crate::commands) fn fill(
    picture: &mut RgbImage,
    x: u32,
    y: u32,
    w: u32,
    h: u32,
    color: [u8; 3],
) {
    let (width, height) = picture.dimensions();
    for y in y..y.saturating_add(h).min(height) {
        for x in x..x.saturating_add(w).min(width) {
            picture.put_pixel(x, y, Rgb(color));
        }
    }
}

/// Copies a picture onto another at `x`, `y`; what lies outside is cut off.
pub(in crate::commands) fn paste(onto: &mut RgbImage, picture: &RgbImage, x: u32, y: u32) {
    let (width, height) = onto.dimensions();
    for (dx, dy, pixel) in picture.enumerate_pixels() {
        if x + dx < width && y + dy < height {
            onto.put_pixel(x + dx, y + dy, *pixel);
        }
    }
}

/// Draws the inner edge of a box, `thick` pixels wide; parts outside are cut off.
pub(in crate::commands) fn outline(
    picture: &mut RgbImage,
    place: FaceBox,
    thick: u32,
    color: [u8; 3],
) {
    let (width, height) = picture.dimensions();
    let clamp = |v: f32, top: u32| v.round().clamp(0.0, top as f32) as u32;
    let (left, right) = (clamp(place.x, width), clamp(place.x + place.w, width));
    let (top, bottom) = (clamp(place.y, height), clamp(place.y + place.h, height));
    let (w, h) = (right.saturating_sub(left), bottom.saturating_sub(top));
    let (tx, ty) = (thick.min(w), thick.min(h));
    fill(picture, left, top, w, ty, color);
    fill(picture, left, bottom - ty, w, ty, color);
    fill(picture, left, top, tx, h, color);
    fill(picture, right - tx, top, tx, h, color);
}

/// Writes ASCII text with its top left corner at `x`, `y`; other characters become `?`.
pub(in crate::commands) fn write(
    picture: &mut RgbImage,
    x: u32,
    y: u32,
    text: &str,
    color: [u8; 3],
) {
    for (i, letter) in text.chars().enumerate() {
        let ascii = if letter.is_ascii() { letter } else { '?' };
        for (row, bits) in BASIC_LEGACY[ascii as usize].iter().enumerate() {
            for column in (0..8).filter(|c| bits >> c & 1 == 1) {
                let left = x + i as u32 * LETTER + column * DOT;
                fill(picture, left, y + row as u32 * DOT, DOT, DOT, color);
            }
        }
    }
}

/// A map of `side` x `side` values over the greyed picture: cells keep their edges, so that a scale is
/// seen as it is.
pub(in crate::commands) fn over(
    seen: &RgbImage,
    side: usize,
    values: &[f32],
    colors: ColorMap,
) -> RgbImage {
    let side = side.max(1) as u32;
    RgbImage::from_fn(seen.width(), seen.height(), |x, y| {
        let cell = (y * side / seen.height() * side + x * side / seen.width()) as usize;
        let value = values.get(cell).copied().unwrap_or(0.0);
        let Rgb([r, g, b]) = *seen.get_pixel(x, y);
        let grey = 0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b);
        Rgb(colors
            .color(value)
            .map(|c| (0.45 * grey + 0.55 * f32::from(c)).round() as u8))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(picture: &RgbImage) -> usize {
        picture.pixels().filter(|p| p.0 != [0; 3]).count()
    }

    #[test]
    fn what_lies_outside_is_cut_off() {
        let mut picture = RgbImage::new(10, 10);
        fill(&mut picture, 8, 8, 50, 50, [9; 3]);
        assert_eq!(count(&picture), 4);
        paste(&mut picture, &RgbImage::from_pixel(5, 5, Rgb([7; 3])), 9, 0);
        assert_eq!(count(&picture), 4 + 5);
        write(&mut picture, 9, 9, "live", [5; 3]);
    }

    #[test]
    fn outlines_have_the_thickness_asked_for_and_hold_any_box() {
        let mut picture = RgbImage::new(20, 20);
        let place = |x, y, w, h| FaceBox { x, y, w, h };
        outline(&mut picture, place(2.0, 2.0, 10.0, 10.0), 2, [1; 3]);
        assert_eq!(count(&picture), 10 * 10 - 6 * 6);
        for odd in [
            place(-50.0, -50.0, 500.0, 500.0),
            place(30.0, 30.0, 5.0, 5.0),
            place(f32::NAN, 0.0, 3.0, 3.0),
            place(5.0, 5.0, 1.0, 1.0),
        ] {
            outline(&mut picture, odd, 3, [1; 3]);
        }
    }

    #[test]
    fn letters_have_dots() {
        let mut picture = RgbImage::new(64, 16);
        write(&mut picture, 0, 0, "1\u{e9}", [1; 3]);
        let dots = count(&picture);
        assert!(dots > 20 && dots.is_multiple_of(4), "{dots}");
    }
}
