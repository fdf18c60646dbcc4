//! Packing of weights into panels of output channels.

use super::Geometry;

/// Packs `value(channel, element)` to `[panel][elements][width]`, zero padded to whole panels.
pub(super) fn panels(
    channels: usize,
    elements: usize,
    width: usize,
    value: impl Fn(usize, usize) -> f32,
) -> Vec<f32> {
    let mut packed = vec![0.0; channels.div_ceil(width) * elements * width];
    for (panel, packed) in packed.chunks_exact_mut(elements * width).enumerate() {
        let first = panel * width;
        let used = width.min(channels - first);
        for lane in 0..used {
            for element in 0..elements {
                packed[element * width + lane] = value(first + lane, element);
            }
        }
    }
    packed
}

/// Weights `[O, I, k, k]` as panels of output channels over elements `(row, column, input)`.
pub(super) fn forward(weight: &[f32], geometry: &Geometry, width: usize) -> Vec<f32> {
    let (k, inputs) = (geometry.kernel, geometry.in_channels);
    panels(
        geometry.out_channels,
        k * k * inputs,
        width,
        |o, element| {
            let (position, input) = (element / inputs, element % inputs);
            weight[(o * inputs + input) * k * k + position]
        },
    )
}

/// Sums in the layout of [`forward`] back to `[O, I, k, k]`.
pub(super) fn unpack(sums: &[f32], geometry: &Geometry, width: usize) -> Vec<f32> {
    let (k2, inputs) = (geometry.kernel * geometry.kernel, geometry.in_channels);
    let mut weight = vec![0.0; geometry.out_channels * inputs * k2];
    for (o, weight) in weight.chunks_exact_mut(inputs * k2).enumerate() {
        let panel = &sums[o / width * k2 * inputs * width..];
        for (input, weight) in weight.chunks_exact_mut(k2).enumerate() {
            for (position, weight) in weight.iter_mut().enumerate() {
                *weight = panel[(position * inputs + input) * width + o % width];
            }
        }
    }
    weight
}

/// Weights for the gradient of the input pixels of one parity class: the kernel elements
/// `(first_row + stride * a, first_col + stride * b)`, flipped, as panels of *input* channels over
/// elements `(a, b, output)`.
pub(super) fn flipped(
    weight: &[f32],
    geometry: &Geometry,
    first: [usize; 2],
    counts: [usize; 2],
    width: usize,
) -> Vec<f32> {
    let (k, inputs, outputs) = (geometry.kernel, geometry.in_channels, geometry.out_channels);
    let [rows, cols] = counts;
    panels(inputs, rows * cols * outputs, width, |input, element| {
        let (position, output) = (element / outputs, element % outputs);
        let row = first[0] + geometry.stride * (rows - 1 - position / cols);
        let col = first[1] + geometry.stride * (cols - 1 - position % cols);
        weight[((output * inputs + input) * k + row) * k + col]
    })
}
