//! A line of pixels, each the sum of pixels of another map times weights.

use crate::Activation;
use crate::isa::{Isa, Kernel, activate};
use std::mem::MaybeUninit;
use std::ops::Range;

/// One kernel element along a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tap {
    /// First element of the source pixel of point 0, which need not exist.
    pub(super) source: isize,
    /// First element of the weights.
    pub(super) weight: usize,
    /// Points that have a source pixel: `from .. to`.
    pub(super) from: usize,
    pub(super) to: usize,
}

impl Tap {
    /// Checks that the pixels of all points of the tap lie in the source.
    pub(super) fn check(&self, source: &[f32], step: usize, channels: usize) {
        let first = self.source + (self.from * step) as isize;
        let end = self.source + ((self.to - 1) * step + channels) as isize;
        assert!(
            self.from < self.to && first >= 0 && end as usize <= source.len(),
            "points {}..{} from {} in a source of {}",
            self.from,
            self.to,
            self.source,
            source.len()
        );
    }
}

/// Calls `each` with runs of points that have the same taps, and those taps.
#[inline(always)]
pub(super) fn runs(taps: &[Tap], points: usize, mut each: impl FnMut(Range<usize>, &[Tap])) {
    let mut live = Vec::with_capacity(taps.len());
    let mut start = 0;
    while start < points {
        live.clear();
        let mut end = points;
        for tap in taps {
            if (tap.from..tap.to).contains(&start) {
                live.push(*tap);
                end = end.min(tap.to);
            } else if tap.from > start {
                end = end.min(tap.from);
            }
        }
        each(start..end, &live);
        start = end;
    }
}

/// `out[point][c] = bias[c] + sum over taps of source[point][c] * weights[tap][c] + residual`.
pub(super) struct Line<'a> {
    pub(super) source: &'a [f32],
    /// Elements between the source pixels of neighbouring points.
    pub(super) source_step: usize,
    pub(super) weights: &'a [f32],
    pub(super) taps: &'a [Tap],
    pub(super) channels: usize,
    pub(super) points: usize,
    pub(super) bias: Option<&'a [f32]>,
    /// Laid out as `out`.
    pub(super) residual: Option<&'a [f32]>,
    pub(super) activation: Activation,
    pub(super) out_step: usize,
    pub(super) out: &'a mut [MaybeUninit<f32>],
}

impl Kernel for Line<'_> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let channels = self.channels;
        for tap in self.taps {
            tap.check(self.source, self.source_step, channels);
            assert!(tap.weight + channels <= self.weights.len());
        }
        assert!((self.points - 1) * self.out_step + channels <= self.out.len());
        assert!(self.bias.is_none_or(|bias| bias.len() == channels));
        assert!(
            self.residual
                .is_none_or(|residual| residual.len() == self.out.len())
        );
        let pointers = Pointers {
            source: self.source.as_ptr(),
            source_step: self.source_step,
            weights: self.weights.as_ptr(),
            channels,
            bias: self.bias.map(<[f32]>::as_ptr),
            residual: self.residual.map(<[f32]>::as_ptr),
            activation: self.activation,
            out_step: self.out_step,
            out: self.out.as_mut_ptr().cast(),
        };
        runs(
            self.taps,
            self.points,
            #[inline(always)]
            |run, taps| {
                let mut at = run.start;
                // SAFETY: the points of a run lie in the ranges of its taps, for which the source
                // was checked; weights, bias, residual and output were checked for all points.
                unsafe {
                    while at + 8 <= run.end {
                        pointers.points::<I, 8, 1>(isa, at, taps);
                        at += 8;
                    }
                    if at + 4 <= run.end {
                        pointers.points::<I, 4, 2>(isa, at, taps);
                        at += 4;
                    }
                    if at + 2 <= run.end {
                        pointers.points::<I, 2, 4>(isa, at, taps);
                        at += 2;
                    }
                    if at < run.end {
                        pointers.points::<I, 1, 4>(isa, at, taps);
                    }
                }
            },
        );
    }
}

/// [`Line`] after its checks.
struct Pointers {
    source: *const f32,
    source_step: usize,
    weights: *const f32,
    channels: usize,
    bias: Option<*const f32>,
    residual: Option<*const f32>,
    activation: Activation,
    out_step: usize,
    out: *mut f32,
}

impl Pointers {
    /// `P` points from point `at`, all channels.
    ///
    /// # Safety
    /// The points exist, and so do their pixels of every tap.
    #[inline(always)]
    unsafe fn points<I: Isa, const P: usize, const V: usize>(
        &self,
        isa: I,
        at: usize,
        taps: &[Tap],
    ) {
        let mut channel = 0;
        // SAFETY: the vectors lie within the channels of pixels that exist.
        unsafe {
            while channel + V * I::LANES <= self.channels {
                self.tile::<I, P, V>(isa, at, channel, taps);
                channel += V * I::LANES;
            }
            while channel + I::LANES <= self.channels {
                self.tile::<I, P, 1>(isa, at, channel, taps);
                channel += I::LANES;
            }
            if channel < self.channels && self.channels >= I::LANES {
                // The last vector overlaps the one before it.
                self.tile::<I, P, 1>(isa, at, self.channels - I::LANES, taps);
            } else {
                for channel in channel..self.channels {
                    for point in at..at + P {
                        self.single(point, channel, taps);
                    }
                }
            }
        }
    }

    /// `P` points by `V` vectors of channels.
    ///
    /// # Safety
    /// As [`Pointers::points`], and the channels exist.
    #[inline(always)]
    unsafe fn tile<I: Isa, const P: usize, const V: usize>(
        &self,
        isa: I,
        at: usize,
        channel: usize,
        taps: &[Tap],
    ) {
        // SAFETY: as above.
        unsafe {
            let mut sums = [[isa.splat(0.0); V]; P];
            if let Some(bias) = self.bias {
                for sums in &mut sums {
                    for (v, sum) in sums.iter_mut().enumerate() {
                        *sum = isa.load(bias.add(channel + v * I::LANES));
                    }
                }
            }
            for tap in taps {
                let weights = self.weights.add(tap.weight + channel);
                let first = tap.source + (at * self.source_step + channel) as isize;
                let source = self.source.offset(first);
                for v in 0..V {
                    let weight = isa.load(weights.add(v * I::LANES));
                    for (p, sums) in sums.iter_mut().enumerate() {
                        let value = isa.load(source.add(p * self.source_step + v * I::LANES));
                        sums[v] = isa.mul_add(value, weight, sums[v]);
                    }
                }
            }
            for (p, sums) in sums.into_iter().enumerate() {
                for (v, mut sum) in sums.into_iter().enumerate() {
                    let place = (at + p) * self.out_step + channel + v * I::LANES;
                    if let Some(residual) = self.residual {
                        sum = isa.add(sum, isa.load(residual.add(place)));
                    }
                    isa.store(self.out.add(place), activate(isa, self.activation, sum));
                }
            }
        }
    }

    /// One channel of one point.
    ///
    /// # Safety
    /// As [`Pointers::tile`].
    #[inline(always)]
    unsafe fn single(&self, point: usize, channel: usize, taps: &[Tap]) {
        // SAFETY: as above.
        unsafe {
            let mut sum = self.bias.map_or(0.0, |bias| *bias.add(channel));
            for tap in taps {
                let first = tap.source + (point * self.source_step + channel) as isize;
                sum += *self.source.offset(first) * *self.weights.add(tap.weight + channel);
            }
            let place = point * self.out_step + channel;
            if let Some(residual) = self.residual {
                sum += *residual.add(place);
            }
            self.out.add(place).write(self.activation.of(sum));
        }
    }
}
