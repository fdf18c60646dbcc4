//! Forward convolution.

use super::{Geometry, bordered, pack};
use crate::simd::{Correlate, panel_width};
use pulp::Arch;
use rayon::prelude::*;

/// Source elements a block may hold, so that it stays in the second-level cache with the weights.
pub(super) const BLOCK_ELEMENTS: usize = 32 * 1024;

/// Output `[N, Ho, Wo, Co]` for input `[N, H, W, Ci]` and weights `[Co, Ci, k, k]`.
pub(crate) fn forward(x: &[f32], weight: &[f32], geometry: &Geometry) -> Vec<f32> {
    let g = geometry;
    let ([height, width], [out_rows, out_cols]) = (g.input, g.output);
    let image_len = height * width * g.in_channels;
    let out_line = out_cols * g.out_channels;
    let total = width + 2 * g.padding;
    let row_step = total * g.in_channels;
    let block = (BLOCK_ELEMENTS / (g.stride * row_step)).clamp(1, out_rows);
    let panels = pack::forward(weight, g, panel_width());
    let arch = Arch::new();

    let mut out = vec![0.0f32; g.images * out_rows * out_line];
    out.par_chunks_mut(out_rows * out_line)
        .zip(x.par_chunks(image_len))
        .for_each(|(out, image)| {
            out.par_chunks_mut(block * out_line)
                .enumerate()
                .for_each_init(Vec::new, |scratch, (index, out)| {
                    let rows = out.len() / out_line;
                    let first = (index * block * g.stride) as isize - g.padding as isize;
                    let src = bordered(
                        image,
                        [height, width, g.in_channels],
                        first,
                        (rows - 1) * g.stride + g.kernel,
                        g.padding,
                        total,
                        scratch,
                    );
                    arch.dispatch(Correlate {
                        src,
                        row_step,
                        row_advance: g.stride * row_step,
                        pixel_advance: g.stride * g.in_channels,
                        taps: g.kernel,
                        segment: g.kernel * g.in_channels,
                        panels: &panels,
                        rows,
                        cols: out_cols,
                        channels: g.out_channels,
                        out,
                    });
                });
        });
    out
}
