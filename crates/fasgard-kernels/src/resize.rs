//! Bilinear resizing of NHWC maps, on slices.
//!
//! Pixels are squares with their values at the centres (`align_corners = false`); no filter is
//! applied when shrinking. Both passes are sums over a few source pixels: the transposed lists of
//! weights give the gradient, with every task writing its own lines.

use crate::elementwise::filled_by_chunks;
use crate::isa::{InstructionSet, Isa, Kernel, dispatch};
use crate::shape::{self, ShapeError};
use std::mem::MaybeUninit;

const NAME: &str = "resize_bilinear";
/// Elements one task writes, at least.
const TASK: usize = 8 * 1024;

/// A bilinear resizing of `x` `[N, H, W, C]` to other rows and columns, as PyTorch's
/// `interpolate(mode="bilinear", align_corners=False)` to a given size.
#[derive(Debug, Clone, PartialEq)]
pub struct Resize {
    input: [usize; 4],
    output: [usize; 4],
    rows: Axis,
    cols: Axis,
    set: InstructionSet,
}

impl Resize {
    /// From an input of shape `x` `[N, H, W, C]` to `size` (rows, columns).
    ///
    /// # Errors
    /// If a size is zero, or a buffer would exceed the address space.
    pub fn new(x: [usize; 4], size: [usize; 2]) -> Result<Self, ShapeError> {
        let [images, height, width, channels] = x;
        let output = [images, size[0], size[1], channels];
        for shape in [x, output] {
            if shape.contains(&0) {
                return Err(ShapeError::Empty {
                    operation: NAME,
                    shape: shape.to_vec(),
                    step: 1,
                });
            }
            shape::elements(NAME, &shape)?;
        }
        Ok(Self {
            input: x,
            output,
            rows: Axis::bilinear(height, size[0]),
            cols: Axis::bilinear(width, size[1]),
            set: InstructionSet::detected(),
        })
    }

    /// Computes with this instruction set; the portable one where it is not available.
    pub fn with_instructions(mut self, set: InstructionSet) -> Self {
        self.set = set.or_portable();
        self
    }

    /// Shape of the output, `[N, rows, columns, C]`.
    pub fn output_shape(&self) -> [usize; 4] {
        self.output
    }

    /// The resized maps.
    ///
    /// # Errors
    /// If `x` does not have its shape's length.
    pub fn forward(&self, x: &[f32]) -> Result<Vec<f32>, ShapeError> {
        shape::length(NAME, "input", x.len(), self.input.iter().product())?;
        Ok(self.weighted(x, self.input, self.output, &self.rows, &self.cols))
    }

    /// Gradient of the input from that of the output.
    ///
    /// # Errors
    /// If `grad` does not have the output's length.
    pub fn input_grad(&self, grad: &[f32]) -> Result<Vec<f32>, ShapeError> {
        let expected = self.output.iter().product();
        shape::length(NAME, "output gradient", grad.len(), expected)?;
        let rows = self.rows.transposed(self.input[1]);
        let cols = self.cols.transposed(self.input[2]);
        Ok(self.weighted(grad, self.output, self.input, &rows, &cols))
    }

    /// What part of every output coordinate's gradient goes to every input coordinate: matrices
    /// `[H, rows]` and `[W, columns]`, line by line.
    #[cfg(feature = "burn")]
    pub(crate) fn grad_matrices(&self) -> [Vec<f32>; 2] {
        [
            self.rows.transposed_matrix(self.input[1]),
            self.cols.transposed_matrix(self.input[2]),
        ]
    }

    /// Sums of the pixels of `source`, of shape `from`, into maps of shape `to`.
    fn weighted(
        &self,
        source: &[f32],
        from: [usize; 4],
        to: [usize; 4],
        rows: &Axis,
        cols: &Axis,
    ) -> Vec<f32> {
        let line = to[2] * to[3];
        let chunk = TASK.div_ceil(line) * line;
        let image = from[1] * from[2] * from[3];
        // SAFETY: a chunk is whole lines, and `Line` writes the whole of each.
        unsafe {
            filled_by_chunks(to.iter().product(), chunk, |start, out| {
                for (index, out) in out.chunks_exact_mut(line).enumerate() {
                    let at = start / line + index;
                    let kernel = Line {
                        source: &source[at / to[1] * image..][..image],
                        width: from[2],
                        channels: from[3],
                        rows: rows.of(at % to[1]),
                        cols,
                        out,
                    };
                    dispatch(self.set, kernel);
                }
            })
        }
    }
}

/// The source coordinates of every target coordinate, and their weights.
#[derive(Debug, Clone, PartialEq)]
struct Axis {
    entries: Vec<(usize, f32)>,
    /// Where the entries of each coordinate end.
    ends: Vec<usize>,
}

impl Axis {
    /// Two source coordinates for every one of `to`.
    fn bilinear(from: usize, to: usize) -> Self {
        let scale = from as f64 / to as f64;
        let entries = (0..to).flat_map(|at| {
            let centre = ((at as f64 + 0.5) * scale - 0.5).max(0.0);
            let low = (centre as usize).min(from - 1);
            let share = centre - low as f64;
            let high = (low + 1).min(from - 1);
            [(low, (1.0 - share) as f32), (high, share as f32)]
        });
        Self {
            entries: entries.collect(),
            ends: (1..=to).map(|count| 2 * count).collect(),
        }
    }

    /// The other way round, for `from` source coordinates.
    fn transposed(&self, from: usize) -> Self {
        let mut lists = vec![Vec::new(); from];
        for at in 0..self.ends.len() {
            for (source, weight) in self.of(at) {
                lists[*source].push((at, *weight));
            }
        }
        let ends = lists.iter().scan(0, |end, list| {
            *end += list.len();
            Some(*end)
        });
        Self {
            ends: ends.collect(),
            entries: lists.concat(),
        }
    }

    /// The other way round, with a line of weights for each of `from` source coordinates.
    #[cfg(feature = "burn")]
    fn transposed_matrix(&self, from: usize) -> Vec<f32> {
        let to = self.ends.len();
        let mut matrix = vec![0.0; from * to];
        for at in 0..to {
            for (source, weight) in self.of(at) {
                matrix[source * to + at] += weight;
            }
        }
        matrix
    }

    #[inline(always)]
    fn of(&self, at: usize) -> &[(usize, f32)] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.entries[start..self.ends[at]]
    }
}

/// One line of the result.
struct Line<'a> {
    /// One image.
    source: &'a [f32],
    width: usize,
    channels: usize,
    rows: &'a [(usize, f32)],
    cols: &'a Axis,
    out: &'a mut [MaybeUninit<f32>],
}

impl Kernel for Line<'_> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let channels = self.channels;
        for (col, out) in self.out.chunks_exact_mut(channels).enumerate() {
            let pixel = Pixel {
                source: self.source,
                width: self.width,
                channels,
                rows: self.rows,
                cols: self.cols.of(col),
            };
            let mut at = 0;
            while at + 4 * I::LANES <= channels {
                pixel.vectors::<I, 4>(isa, at, out);
                at += 4 * I::LANES;
            }
            while at + I::LANES <= channels {
                pixel.vectors::<I, 1>(isa, at, out);
                at += I::LANES;
            }
            if at < channels && channels >= I::LANES {
                // The last vector overlaps the one before it.
                pixel.vectors::<I, 1>(isa, channels - I::LANES, out);
            } else {
                for (channel, out) in out.iter_mut().enumerate().skip(at) {
                    out.write(pixel.single(channel));
                }
            }
        }
    }
}

/// One pixel of the result.
struct Pixel<'a> {
    source: &'a [f32],
    width: usize,
    channels: usize,
    rows: &'a [(usize, f32)],
    cols: &'a [(usize, f32)],
}

impl Pixel<'_> {
    /// `V` vectors from channel `at`.
    #[inline(always)]
    fn vectors<I: Isa, const V: usize>(&self, isa: I, at: usize, out: &mut [MaybeUninit<f32>]) {
        let mut sums = [isa.splat(0.0); V];
        for (row, row_weight) in self.rows {
            for (col, col_weight) in self.cols {
                let weight = isa.splat(row_weight * col_weight);
                let place = (row * self.width + col) * self.channels + at;
                let values = &self.source[place..][..V * I::LANES];
                for (v, sum) in sums.iter_mut().enumerate() {
                    // SAFETY: `values` holds `V` vectors.
                    let value = unsafe { isa.load(values.as_ptr().add(v * I::LANES)) };
                    *sum = isa.mul_add(value, weight, *sum);
                }
            }
        }
        let out = &mut out[at..][..V * I::LANES];
        for (v, sum) in sums.into_iter().enumerate() {
            // SAFETY: `out` holds `V` vectors.
            unsafe { isa.store(out.as_mut_ptr().add(v * I::LANES).cast(), sum) };
        }
    }

    /// One channel.
    #[inline(always)]
    fn single(&self, channel: usize) -> f32 {
        let mut sum = 0.0;
        for (row, row_weight) in self.rows {
            for (col, col_weight) in self.cols {
                let place = (row * self.width + col) * self.channels + channel;
                sum += self.source[place] * (row_weight * col_weight);
            }
        }
        sum
    }
}
