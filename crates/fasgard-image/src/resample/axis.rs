//! The weights of one axis: which source pixels make an output pixel, and how much of each.

/// How source pixels are weighted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kernel {
    /// A triangle as wide as two output pixels, never narrower than two source pixels.
    Triangle,
    /// The two source pixels next to the output pixel's centre.
    Linear,
    /// The length of the overlap; what lies outside is zero.
    Area,
    /// The length of the overlap; what lies outside repeats the edge pixel.
    AreaEdge,
}

/// Source pixels `start .. start + len` of one output pixel; their weights begin at `first`.
#[derive(Clone, Copy, Debug)]
struct Tap {
    start: usize,
    len: usize,
    first: usize,
}

/// Weights of every output pixel along one axis.
#[derive(Debug)]
pub(crate) struct Axis {
    taps: Vec<Tap>,
    weights: Vec<f32>,
}

impl Axis {
    /// `out` pixels over the source interval `lo .. lo + span` (pixel edges; it may reach outside
    /// `0 .. size`), in falling order if `reversed`.
    ///
    /// Weights of an output pixel sum to the part of it that lies inside the source (to one for
    /// [`Kernel::AreaEdge`]), so that what lies outside is black and the edge is antialiased,
    /// while an output pixel inside is never darkened by the black next to it.
    pub(crate) fn new(
        kernel: Kernel,
        size: u32,
        lo: f64,
        span: f64,
        out: u32,
        reversed: bool,
    ) -> Self {
        let mut axis = Self {
            taps: Vec::with_capacity(out as usize),
            weights: Vec::new(),
        };
        let scale = span / f64::from(out);
        let usable = size > 0 && lo.is_finite() && scale.is_finite() && scale > 0.0;
        for o in 0..out {
            let o = f64::from(if reversed { out - 1 - o } else { o });
            if usable {
                axis.push(kernel, f64::from(size), lo + o * scale, scale);
            } else {
                axis.close(0, axis.weights.len());
            }
        }
        axis
    }

    /// Weights of the output pixel that covers `from .. from + scale` of a source of `size` pixels.
    fn push(&mut self, kernel: Kernel, size: f64, from: f64, scale: f64) {
        let first = self.weights.len();
        let (a, b) = (from.max(0.0), (from + scale).min(size));
        let inside = ((b - a) / scale).max(0.0);
        let centre = from + scale / 2.0;
        if inside == 0.0 && kernel != Kernel::AreaEdge {
            return self.close(0, first);
        }
        let start = match kernel {
            Kernel::Triangle => {
                let radius = scale.max(1.0);
                let start = (centre - radius).floor().clamp(0.0, size - 1.0);
                let end = (centre + radius).ceil().clamp(start + 1.0, size);
                self.fill(start, end, |x| {
                    1.0 - ((x + 0.5 - centre) / radius).abs().min(1.0)
                });
                self.normalise(first, inside);
                start
            }
            Kernel::Linear => {
                let left = (centre - 0.5).floor();
                let start = left.clamp(0.0, size - 1.0);
                let next = (left + 1.0).clamp(0.0, size - 1.0);
                let part = centre - 0.5 - left;
                if next > start {
                    self.weights.push(((1.0 - part) * inside) as f32);
                    self.weights.push((part * inside) as f32);
                } else {
                    self.weights.push(inside as f32);
                }
                start
            }
            Kernel::Area | Kernel::AreaEdge => {
                let start = a.floor().clamp(0.0, size - 1.0);
                let end = b.ceil().clamp(start + 1.0, size);
                self.fill(start, end, |x| {
                    ((x + 1.0).min(b) - x.max(a)).max(0.0) / scale
                });
                if kernel == Kernel::AreaEdge {
                    self.add_edges(first, from, scale, size);
                }
                start
            }
        };
        self.close(start as usize, first);
    }

    /// The parts before the first and after the last pixel go to the nearest one.
    fn add_edges(&mut self, first: usize, from: f64, scale: f64, size: f64) {
        let before = ((from + scale).min(0.0) - from).max(0.0) / scale;
        let after = ((from + scale) - from.max(size)).max(0.0) / scale;
        self.weights[first] += before as f32;
        if let Some(last) = self.weights.last_mut() {
            *last += after as f32;
        }
    }

    fn fill(&mut self, start: f64, end: f64, weight: impl Fn(f64) -> f64) {
        let mut x = start;
        while x < end {
            self.weights.push(weight(x) as f32);
            x += 1.0;
        }
    }

    fn normalise(&mut self, first: usize, sum: f64) {
        let weights = &mut self.weights[first..];
        let found: f64 = weights.iter().map(|&w| f64::from(w)).sum();
        if found > 0.0 {
            let by = sum / found;
            for w in weights {
                *w = (f64::from(*w) * by) as f32;
            }
        }
    }

    /// Ends an output pixel, leaving out zero weights at both ends.
    fn close(&mut self, mut start: usize, first: usize) {
        while self.weights.len() > first && self.weights.last() == Some(&0.0) {
            self.weights.pop();
        }
        let zeros = self.weights[first..]
            .iter()
            .take_while(|&&w| w == 0.0)
            .count();
        start += zeros;
        self.taps.push(Tap {
            start,
            len: self.weights.len() - first - zeros,
            first: first + zeros,
        });
    }

    /// Number of output pixels.
    pub(crate) fn len(&self) -> usize {
        self.taps.len()
    }

    /// First source pixel and weights of an output pixel; no weights means black.
    pub(crate) fn tap(&self, out: usize) -> (usize, &[f32]) {
        let Tap { start, len, first } = self.taps[out];
        (start, &self.weights[first..first + len])
    }

    /// The range of source pixels that any output pixel needs.
    pub(crate) fn reach(&self) -> std::ops::Range<usize> {
        let used = || self.taps.iter().filter(|tap| tap.len > 0);
        let start = used().map(|tap| tap.start).min().unwrap_or(0);
        let end = used().map(|tap| tap.start + tap.len).max().unwrap_or(0);
        start..end
    }
}
