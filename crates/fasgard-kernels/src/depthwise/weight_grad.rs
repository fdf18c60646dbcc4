//! Gradient of depthwise weights: sums over all pixels, in a fixed number of parts.

use super::Depthwise;
use super::line::{Tap, runs};
use crate::isa::{Isa, Kernel, dispatch};
use rayon::prelude::*;
use std::ops::Range;

/// Most parts, each with sums of its own: bounds the memory, whatever the number of threads.
const PARTS: usize = 64;
/// Least elements of the output gradient in a part.
const PART: usize = 32 * 1024;
/// Lanes of the widest vector.
const LANES: usize = 16;

pub(super) fn weight_grad(conv: &Depthwise, x: &[f32], grad: &[f32]) -> Vec<f32> {
    let [rows, cols] = conv.output;
    let lines = conv.images * rows;
    let part = lines
        .div_ceil(PARTS)
        .max(PART.div_ceil(cols * conv.channels))
        .min(lines);
    let parts: Vec<Vec<f32>> = (0..lines.div_ceil(part))
        .into_par_iter()
        .map(|index| {
            let lines = index * part..lines.min((index + 1) * part);
            dispatch(
                conv.set,
                Part {
                    conv,
                    x,
                    grad,
                    lines,
                },
            )
        })
        .collect();
    let (area, width) = (conv.kernel * conv.kernel, width(conv));
    let mut out = vec![0.0; conv.channels * area];
    for (channel, out) in out.chunks_exact_mut(area).enumerate() {
        for (tap, out) in out.iter_mut().enumerate() {
            let of_part = |part: &Vec<f32>| f64::from(part[tap * width + channel]);
            *out = parts.iter().map(of_part).sum::<f64>() as f32;
        }
    }
    out
}

/// Sums of a tap: the channels, and room for a last vector that begins at a whole one.
fn width(conv: &Depthwise) -> usize {
    conv.channels + LANES
}

/// The sums, `[k * k, width]`, over some lines of the output.
struct Part<'a> {
    conv: &'a Depthwise,
    x: &'a [f32],
    grad: &'a [f32],
    lines: Range<usize>,
}

impl Kernel for Part<'_> {
    type Output = Vec<f32>;
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Vec<f32> {
        let conv = self.conv;
        let (channels, cols) = (conv.channels, conv.output[1]);
        let (area, width) = (conv.kernel * conv.kernel, width(conv));
        let step = conv.stride * channels;
        let mut sums = vec![0.0f32; area * width];
        let mut taps = Vec::with_capacity(area);
        for line in self.lines {
            conv.forward_taps(line, width, &mut taps);
            for tap in &taps {
                tap.check(self.x, step, channels);
                assert!(tap.weight + width <= sums.len());
            }
            let mut pointers = Pointers {
                source: self.x.as_ptr(),
                step,
                channels,
                grad: self.grad[line * cols * channels..][..cols * channels].as_ptr(),
                sums: sums.as_mut_ptr(),
            };
            runs(
                &taps,
                cols,
                #[inline(always)]
                |run, taps| {
                    let mut at = run.start;
                    // SAFETY: the points of a run lie in the ranges of its taps, for which the
                    // source was checked; `grad` holds all points, and `sums` every tap.
                    unsafe {
                        while at + 8 <= run.end {
                            pointers.points::<I, 8>(isa, at, taps);
                            at += 8;
                        }
                        if at + 4 <= run.end {
                            pointers.points::<I, 4>(isa, at, taps);
                            at += 4;
                        }
                        while at < run.end {
                            pointers.points::<I, 1>(isa, at, taps);
                            at += 1;
                        }
                    }
                },
            );
        }
        // The last vector overlapped the one before it: keep what is its own.
        let rest = channels % I::LANES;
        if rest > 0 && channels >= I::LANES {
            let slot = channels - rest;
            for sums in sums.chunks_exact_mut(width) {
                sums.copy_within(slot + I::LANES - rest..slot + I::LANES, slot);
            }
        }
        sums
    }
}

struct Pointers {
    source: *const f32,
    /// Elements between the source pixels of neighbouring points.
    step: usize,
    channels: usize,
    /// Of the line.
    grad: *const f32,
    sums: *mut f32,
}

impl Pointers {
    /// Adds `P` points from point `at`, all channels.
    ///
    /// # Safety
    /// The points exist, and so do their pixels and the sums of every tap.
    #[inline(always)]
    unsafe fn points<I: Isa, const P: usize>(&mut self, isa: I, at: usize, taps: &[Tap]) {
        let mut channel = 0;
        // SAFETY: the vectors lie within the channels of pixels that exist, and slots in the width.
        unsafe {
            while channel + I::LANES <= self.channels {
                self.vector::<I, P>(isa, at, channel, channel, taps);
                channel += I::LANES;
            }
            if channel < self.channels && self.channels >= I::LANES {
                self.vector::<I, P>(isa, at, self.channels - I::LANES, channel, taps);
            } else {
                for channel in channel..self.channels {
                    self.single(at..at + P, channel, taps);
                }
            }
        }
    }

    /// One vector of channels, whose sums begin at `slot`.
    ///
    /// # Safety
    /// As [`Pointers::points`], and the channels exist.
    #[inline(always)]
    unsafe fn vector<I: Isa, const P: usize>(
        &mut self,
        isa: I,
        at: usize,
        channel: usize,
        slot: usize,
        taps: &[Tap],
    ) {
        // SAFETY: as above.
        unsafe {
            let mut grads = [isa.splat(0.0); P];
            for (p, grad) in grads.iter_mut().enumerate() {
                *grad = isa.load(self.grad.add((at + p) * self.channels + channel));
            }
            for tap in taps {
                let first = tap.source + (at * self.step + channel) as isize;
                let source = self.source.offset(first);
                let to = self.sums.add(tap.weight + slot);
                // Two sums, so that additions need not wait for each other.
                let mut pair = [isa.load(to), isa.splat(0.0)];
                for (p, grad) in grads.iter().enumerate() {
                    let value = isa.load(source.add(p * self.step));
                    pair[p % 2] = isa.mul_add(value, *grad, pair[p % 2]);
                }
                isa.store(to, isa.add(pair[0], pair[1]));
            }
        }
    }

    /// One channel.
    ///
    /// # Safety
    /// As [`Pointers::points`], and the channel exists.
    #[inline(always)]
    unsafe fn single(&mut self, points: Range<usize>, channel: usize, taps: &[Tap]) {
        // SAFETY: as above.
        unsafe {
            for tap in taps {
                let to = self.sums.add(tap.weight + channel);
                for point in points.clone() {
                    let first = tap.source + (point * self.step + channel) as isize;
                    let grad = *self.grad.add(point * self.channels + channel);
                    *to += *self.source.offset(first) * grad;
                }
            }
        }
    }
}
