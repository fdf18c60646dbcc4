//! Where a convolution reads: which source element lies under which kernel element.

use super::Conv;
use crate::bf16::pair_channels;
use crate::isa::InstructionSet;
use rayon::prelude::*;
use std::borrow::Cow;

/// Rows of a kernel with at most this many elements are read as one run of a padded copy: vectors
/// would not fill otherwise (the first convolution of an image network has 3 channels).
const MERGED_ROW: usize = 32;

/// Images of pixels, and the taps of a kernel over them.
pub(super) struct Source<'a> {
    /// `[N][rows][cols][pixel]`.
    pub(super) values: Cow<'a, [f32]>,
    /// Rows and columns.
    pub(super) size: [usize; 2],
    /// Elements of a pixel.
    pub(super) pixel: usize,
    /// Elements read under one tap; more than a pixel where taps are merged.
    pub(super) len: usize,
    /// Row and column of every tap, relative to output pixel times stride.
    pub(super) taps: Vec<[isize; 2]>,
    /// Source pixels between two output pixels.
    pub(super) step: usize,
}

/// Whether the kernel's rows are read as one tap each.
pub(super) fn merged(conv: &Conv) -> bool {
    conv.kernel > 1 && conv.kernel * conv.in_channels <= MERGED_ROW
}

impl<'a> Source<'a> {
    /// The taps of a forward pass (or of the weights' gradient) over the input.
    pub(super) fn input(conv: &Conv, x: &'a [f32]) -> Self {
        let (k, p) = (conv.kernel, conv.padding);
        if merged(conv) {
            return Self {
                values: Cow::Owned(padded(conv, x)),
                size: conv.input.map(|size| size + 2 * p + conv.extra),
                pixel: conv.in_channels,
                len: k * conv.in_channels,
                taps: (0..k).map(|row| [row as isize, 0]).collect(),
                step: conv.stride,
            };
        }
        let at = |tap: usize| tap as isize - p as isize;
        Self {
            values: Cow::Borrowed(x),
            size: conv.input,
            pixel: conv.in_channels,
            len: conv.in_channels,
            taps: (0..k * k).map(|tap| [at(tap / k), at(tap % k)]).collect(),
            step: conv.stride,
        }
    }

    /// With its channels rounded to `bf16`, in pairs.
    pub(super) fn in_pairs(self, set: InstructionSet) -> Source<'static> {
        let half = self.pixel.div_ceil(2);
        Source {
            values: Cow::Owned(pair_channels(&self.values, self.pixel, set)),
            pixel: half,
            len: half,
            ..self
        }
    }

    /// Element at which the pixel under output pixel `[row, col]` and `tap` begins, if it exists.
    #[inline(always)]
    pub(super) fn at(&self, image: usize, pixel: [usize; 2], tap: [isize; 2]) -> Option<usize> {
        let row = (pixel[0] * self.step) as isize + tap[0];
        let col = (pixel[1] * self.step) as isize + tap[1];
        let inside = (row as usize) < self.size[0] && (col as usize) < self.size[1];
        // A negative coordinate is a huge one once unsigned.
        if !inside {
            return None;
        }
        let place = (image * self.size[0] + row as usize) * self.size[1] + col as usize;
        Some(place * self.pixel)
    }
}

/// The input surrounded by zeros.
fn padded(conv: &Conv, x: &[f32]) -> Vec<f32> {
    let ([rows, cols], p) = (conv.input, conv.padding);
    let around = 2 * p + conv.extra;
    let (line, wide) = (cols * conv.in_channels, (cols + around) * conv.in_channels);
    let left = p * conv.in_channels;
    let mut out = vec![0.0f32; conv.images * (rows + around) * wide];
    out.par_chunks_mut((rows + around) * wide)
        .zip(x.par_chunks(rows * line))
        .for_each(|(out, x)| {
            let lines = out.chunks_exact_mut(wide).skip(p);
            for (out, x) in lines.zip(x.chunks_exact(line)) {
                out[left..left + line].copy_from_slice(x);
            }
        });
    out
}
