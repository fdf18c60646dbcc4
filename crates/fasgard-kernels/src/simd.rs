//! Register tiles of the convolutions, generic over the vector width.
//!
//! A tile is `MR` rows (pixels, or kernel elements for the weight gradient) by two vectors of
//! output channels. Only loops with constant bounds touch the accumulators, so that they stay in
//! registers: 6 x 2 accumulators, two operands and one broadcast fill AVX2's sixteen.

use pulp::{Arch, Simd, WithSimd};

/// Rows of a full register tile.
pub(crate) const TILE_ROWS: usize = 6;

/// Output channels in one panel of packed weights: two vectors of the running processor.
pub(crate) fn panel_width() -> usize {
    struct Width;
    impl WithSimd for Width {
        type Output = usize;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> usize {
            2 * S::F32_LANES
        }
    }
    Arch::new().dispatch(Width)
}

/// Runs `body` compiled for the running processor's vector instructions.
///
/// `body` and what it calls must be inlined (`#[inline(always)]`) for that to have an effect.
#[inline(always)]
pub(crate) fn vectorized<R>(body: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(body)
}

/// Correlation of source rows with packed weights: for output pixel `(r, c)` and channel `o`,
/// `out = sum over t, j of src[r * row_advance + c * pixel_advance + t * row_step + j] * w[t, j, o]`.
pub(crate) struct Correlate<'a> {
    /// Source, from the element under the first kernel element of the first output pixel.
    pub(crate) src: &'a [f32],
    /// Elements from one source row to the next.
    pub(crate) row_step: usize,
    /// Source elements between two output rows.
    pub(crate) row_advance: usize,
    /// Source elements between two output pixels of a row.
    pub(crate) pixel_advance: usize,
    /// Kernel rows.
    pub(crate) taps: usize,
    /// Contiguous source elements under one kernel row.
    pub(crate) segment: usize,
    /// Weights `[panel][taps * segment][panel width]`, zero padded to whole panels.
    pub(crate) panels: &'a [f32],
    /// Output rows.
    pub(crate) rows: usize,
    /// Output pixels a row.
    pub(crate) cols: usize,
    /// Output channels.
    pub(crate) channels: usize,
    /// Output `[rows][cols][channels]`; every element is overwritten.
    pub(crate) out: &'a mut [f32],
}

impl WithSimd for Correlate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let width = 2 * S::F32_LANES;
        let total = self.rows * self.cols;
        let panel_len = self.taps * self.segment * width;
        let panels = self.panels;
        for (panel, weights) in panels.chunks_exact(panel_len).enumerate() {
            let first = panel * width;
            let mut pixel = 0;
            while pixel < total {
                let left = total - pixel;
                // Tiles of equal height: a remainder of one row would wait on latency.
                let height = left.div_ceil(left.div_ceil(TILE_ROWS));
                match height {
                    6 => self.tile::<S, 6>(simd, weights, first, pixel),
                    5 => self.tile::<S, 5>(simd, weights, first, pixel),
                    4 => self.tile::<S, 4>(simd, weights, first, pixel),
                    3 => self.tile::<S, 3>(simd, weights, first, pixel),
                    2 => self.tile::<S, 2>(simd, weights, first, pixel),
                    _ => self.tile::<S, 1>(simd, weights, first, pixel),
                }
                pixel += height;
            }
        }
    }
}

impl Correlate<'_> {
    #[inline(always)]
    fn tile<S: Simd, const MR: usize>(
        &mut self,
        simd: S,
        weights: &[f32],
        first: usize,
        pixel: usize,
    ) {
        let width = 2 * S::F32_LANES;
        let segment = self.segment;
        let mut starts = [0usize; MR];
        let (mut row, mut col) = (pixel / self.cols, pixel % self.cols);
        for start in &mut starts {
            *start = row * self.row_advance + col * self.pixel_advance;
            col += 1;
            if col == self.cols {
                (row, col) = (row + 1, 0);
            }
        }
        let mut acc = [[simd.splat_f32s(0.0); 2]; MR];
        for tap in 0..self.taps {
            let src: [&[f32]; MR] =
                std::array::from_fn(|i| &self.src[starts[i] + tap * self.row_step..][..segment]);
            let weights = &weights[tap * segment * width..][..segment * width];
            let (weights, _) = S::as_simd_f32s(weights).0.as_chunks::<2>();
            let weights = &weights[..segment];
            for j in 0..segment {
                let [w0, w1] = weights[j];
                for i in 0..MR {
                    let value = simd.splat_f32s(src[i][j]);
                    acc[i][0] = simd.mul_add_e_f32s(value, w0, acc[i][0]);
                    acc[i][1] = simd.mul_add_e_f32s(value, w1, acc[i][1]);
                }
            }
        }
        let used = width.min(self.channels - first);
        for (i, acc) in acc.iter().enumerate() {
            let out = &mut self.out[(pixel + i) * self.channels + first..][..used];
            store(simd, out, *acc);
        }
    }
}

/// Writes the first `out.len()` lanes of two vectors.
#[inline(always)]
fn store<S: Simd>(simd: S, out: &mut [f32], acc: [S::f32s; 2]) {
    let lanes = S::F32_LANES;
    if out.len() == 2 * lanes {
        let (vectors, _) = S::as_mut_simd_f32s(out);
        vectors.copy_from_slice(&acc);
    } else if out.len() > lanes {
        let (low, high) = out.split_at_mut(lanes);
        simd.partial_store_f32s(low, acc[0]);
        simd.partial_store_f32s(high, acc[1]);
    } else {
        simd.partial_store_f32s(out, acc[0]);
    }
}

/// Weight gradient of one block of output rows: adds to `sums[panel][t * segment + j][lane]` the
/// sum over output pixels of `src[pixel, t, j] * grad[pixel, panel, lane]`.
pub(crate) struct WeightGrad<'a> {
    /// Source, from the element under the first kernel element of the first output pixel.
    pub(crate) src: &'a [f32],
    /// Elements from one source row to the next.
    pub(crate) row_step: usize,
    /// Source elements between two output rows.
    pub(crate) row_advance: usize,
    /// Source elements between two output pixels of a row.
    pub(crate) pixel_advance: usize,
    /// Kernel rows.
    pub(crate) taps: usize,
    /// Contiguous source elements under one kernel row.
    pub(crate) segment: usize,
    /// Output rows.
    pub(crate) rows: usize,
    /// Output pixels a row.
    pub(crate) cols: usize,
    /// Output gradient `[panel][rows * cols][panel width]`, zero padded to whole panels.
    pub(crate) grad: &'a [f32],
    /// Sums `[panel][taps * segment][panel width]`.
    pub(crate) sums: &'a mut [f32],
}

impl WithSimd for WeightGrad<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let width = 2 * S::F32_LANES;
        let pixels = self.rows * self.cols;
        let tap_len = self.segment * width;
        let grads = self.grad.chunks_exact(pixels * width);
        let shape = [self.rows, self.cols];
        let advance = [self.row_advance, self.pixel_advance];
        for (grad, sums) in grads.zip(self.sums.chunks_exact_mut(self.taps * tap_len)) {
            let (grad, _) = S::as_simd_f32s(grad).0.as_chunks::<2>();
            for (tap, sums) in sums.chunks_exact_mut(tap_len).enumerate() {
                let mut first = 0;
                while first < self.segment {
                    let left = self.segment - first;
                    let height = left.div_ceil(left.div_ceil(TILE_ROWS));
                    let src = &self.src[tap * self.row_step + first..];
                    let (sums, _) =
                        S::as_mut_simd_f32s(&mut sums[first * width..][..height * width])
                            .0
                            .as_chunks_mut::<2>();
                    match height {
                        6 => outer::<S, 6>(simd, src, advance, shape, grad, sums),
                        5 => outer::<S, 5>(simd, src, advance, shape, grad, sums),
                        4 => outer::<S, 4>(simd, src, advance, shape, grad, sums),
                        3 => outer::<S, 3>(simd, src, advance, shape, grad, sums),
                        2 => outer::<S, 2>(simd, src, advance, shape, grad, sums),
                        _ => outer::<S, 1>(simd, src, advance, shape, grad, sums),
                    }
                    first += height;
                }
            }
        }
    }
}

#[inline(always)]
fn outer<S: Simd, const MR: usize>(
    simd: S,
    src: &[f32],
    [row_advance, pixel_advance]: [usize; 2],
    [rows, cols]: [usize; 2],
    grad: &[[S::f32s; 2]],
    sums: &mut [[S::f32s; 2]],
) {
    let mut acc = [[simd.splat_f32s(0.0); 2]; MR];
    for row in 0..rows {
        let src = &src[row * row_advance..][..(cols - 1) * pixel_advance + MR];
        let grad = &grad[row * cols..][..cols];
        for (values, [g0, g1]) in src.windows(MR).step_by(pixel_advance).zip(grad) {
            let Some(values) = values.first_chunk::<MR>() else {
                break;
            };
            for i in 0..MR {
                let value = simd.splat_f32s(values[i]);
                acc[i][0] = simd.mul_add_e_f32s(value, *g0, acc[i][0]);
                acc[i][1] = simd.mul_add_e_f32s(value, *g1, acc[i][1]);
            }
        }
    }
    for (sum, acc) in sums.iter_mut().zip(acc) {
        sum[0] = simd.add_f32s(sum[0], acc[0]);
        sum[1] = simd.add_f32s(sum[1], acc[1]);
    }
}
