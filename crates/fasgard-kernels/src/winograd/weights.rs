//! Transformed weights.

use super::transform::{POINTS, weight_2d};
use crate::isa::{InstructionSet, Isa, Kernel, TILE_VECTORS, dispatch};
use crate::memory;
use rayon::prelude::*;

/// Inputs transformed at once. Their 36 planes are written to the result in runs: single vectors,
/// planes a large power of two apart, would all fall into the same sets of the cache.
const INPUTS: usize = 8;

/// Panels `[panel][9][inputs][lanes]` as `[panel][36][inputs][lanes]`.
pub(crate) fn transform_weights(panels: &[f32], inputs: usize, set: InstructionSet) -> Vec<f32> {
    let width = set.panel();
    let from_len = 9 * inputs * width;
    let to_len = POINTS * inputs * width;
    let parts = inputs.div_ceil(INPUTS);
    let count = panels.len() / from_len;
    // SAFETY: every task writes its inputs of its panel, together all.
    unsafe {
        memory::filled(count * to_len, |out| {
            let scratch = || vec![0.0f32; POINTS * INPUTS * width];
            (0..count * parts)
                .into_par_iter()
                .for_each_init(scratch, |planes, task| {
                    let (panel, part) = (task / parts, task % parts);
                    let first = part * INPUTS;
                    let used = INPUTS.min(inputs - first);
                    dispatch(
                        set,
                        Part {
                            from: &panels[panel * from_len..][..from_len],
                            inputs,
                            first,
                            count: used,
                            to: planes,
                        },
                    );
                    let run = used * width;
                    for (point, plane) in planes.chunks_exact(INPUTS * width).enumerate() {
                        let at = panel * to_len + (point * inputs + first) * width;
                        assert!(at + run <= out.len());
                        // SAFETY: in range; this task alone writes these inputs of this panel.
                        std::ptr::copy_nonoverlapping(plane.as_ptr(), out.at(at), run);
                    }
                });
        })
    }
}

/// Some inputs of a panel.
struct Part<'a> {
    /// `[9][inputs][lanes]`.
    from: &'a [f32],
    inputs: usize,
    first: usize,
    count: usize,
    /// `[36][`[`INPUTS`]`][lanes]`.
    to: &'a mut [f32],
}

impl Kernel for Part<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let width = TILE_VECTORS * I::LANES;
        let plane = self.inputs * width;
        assert!(self.to.len() == POINTS * INPUTS * width && self.count <= INPUTS);
        assert!(self.from.len() == 9 * plane && self.first + self.count <= self.inputs);
        for at in (0..self.count * width).step_by(I::LANES) {
            // SAFETY: `at + LANES` floats of `count` inputs lie within every plane, of `from` by the
            // assertion, of `to` as `count <= INPUTS`.
            unsafe {
                let mut values = [[isa.splat(0.0); 3]; 3];
                for row in 0..3 {
                    for col in 0..3 {
                        let from = self.from.as_ptr().add((row * 3 + col) * plane);
                        values[row][col] = isa.load(from.add(self.first * width + at));
                    }
                }
                let values = weight_2d(isa, &values);
                for row in 0..6 {
                    for col in 0..6 {
                        let to = self.to.as_mut_ptr().add((row * 6 + col) * INPUTS * width);
                        isa.store(to.add(at), values[row][col]);
                    }
                }
            }
        }
    }
}
