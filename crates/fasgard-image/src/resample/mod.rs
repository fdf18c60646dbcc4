//! One separable resampling from any box of an image, with what lies outside it.

mod axis;

pub(crate) use axis::{Axis, Kernel};

/// Columns summed at a time: enough for the registers, few enough to stay in them.
const LANES: usize = 16;

/// Resamples interleaved 8-bit pixels of `C` channels (1 or 3) along both axes and hands every
/// output row (`C` values a pixel, 0 to 255, not rounded) to `emit`, top down.
///
/// Rows are weighted first, because that runs along memory; only the columns that the crop needs
/// are touched.
pub(crate) fn rows<const C: usize>(
    pixels: &[u8],
    width: usize,
    x_axis: &Axis,
    y_axis: &Axis,
    mut emit: impl FnMut(&[f32]),
) {
    let reach = x_axis.reach();
    let stride = width * C;
    let (left, used) = (reach.start * C, reach.len() * C);
    // Spare room so that a pixel can be read as four values wherever it lies.
    let mut column_sums = vec![0.0_f32; used + 4];
    let mut line = vec![0.0_f32; x_axis.len() * C];
    for y in 0..y_axis.len() {
        let (top, weights) = y_axis.tap(y);
        if weights.is_empty() || used == 0 {
            line.fill(0.0);
        } else {
            let source = &pixels[top * stride + left..];
            weigh_rows(source, stride, weights, &mut column_sums[..used]);
            weigh_columns::<C>(&column_sums, reach.start, x_axis, &mut line);
        }
        emit(&line);
    }
}

/// `out[i] = sum over rows of weight * source[row * stride + i]`.
fn weigh_rows(source: &[u8], stride: usize, weights: &[f32], out: &mut [f32]) {
    let mut at = 0;
    let mut chunks = out.chunks_exact_mut(LANES);
    for chunk in &mut chunks {
        let mut sums = [0.0_f32; LANES];
        for (row, &weight) in weights.iter().enumerate() {
            let from = row * stride + at;
            for (sum, &value) in sums.iter_mut().zip(&source[from..from + LANES]) {
                *sum += weight * f32::from(value);
            }
        }
        chunk.copy_from_slice(&sums);
        at += LANES;
    }
    for (i, out) in chunks.into_remainder().iter_mut().enumerate() {
        *out = weights
            .iter()
            .enumerate()
            .map(|(row, &weight)| weight * f32::from(source[row * stride + at + i]))
            .sum();
    }
}

fn weigh_columns<const C: usize>(sums: &[f32], first: usize, axis: &Axis, line: &mut [f32]) {
    for (x, out) in line.chunks_exact_mut(C).enumerate() {
        let (start, weights) = axis.tap(x);
        let from = start.saturating_sub(first) * C;
        let mut pixel = [0.0_f32; 4];
        for (source, &weight) in sums[from..].windows(4).step_by(C).zip(weights) {
            // Four values are read for three channels: one vector operation; the last is dropped.
            for (value, &source) in pixel.iter_mut().zip(source) {
                *value += weight * source;
            }
        }
        out.copy_from_slice(&pixel[..C]);
    }
}
