//! Direct convolution in NHWC: forward, gradient of the input, gradient of the weights.

mod forward;
mod input_grad;
mod pack;
mod weight_grad;

pub(crate) use forward::forward;
pub(crate) use input_grad::input_grad;
pub(crate) use weight_grad::weight_grad;

/// Sizes of one convolution with a square kernel, equal strides and zero padding on all sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// Images.
    pub(crate) images: usize,
    /// Input rows and columns.
    pub(crate) input: [usize; 2],
    /// Input channels.
    pub(crate) in_channels: usize,
    /// Output rows and columns.
    pub(crate) output: [usize; 2],
    /// Output channels.
    pub(crate) out_channels: usize,
    /// Side of the kernel.
    pub(crate) kernel: usize,
    /// Input pixels between two output pixels.
    pub(crate) stride: usize,
    /// Zero pixels added on every side.
    pub(crate) padding: usize,
}

impl Geometry {
    /// Sizes for input `[N, H, W, Ci]` and weights `[Co, Ci, k, k]`.
    ///
    /// # Panics
    /// If the channels differ, the kernel is not square, a size or the stride is zero, or the
    /// kernel is larger than the padded input.
    pub(crate) fn new(x: [usize; 4], weight: [usize; 4], stride: usize, padding: usize) -> Self {
        let [images, height, width, in_channels] = x;
        let [out_channels, weight_channels, kernel, kernel_width] = weight;
        assert!(
            weight_channels == in_channels && kernel == kernel_width,
            "conv2d: input [N, H, W, C] {x:?} does not fit weights [O, I, k, k] {weight:?}"
        );
        assert!(
            x.iter().chain(&weight).all(|&size| size > 0) && stride > 0,
            "conv2d: input {x:?}, weights {weight:?} and stride {stride} must not hold a zero"
        );
        assert!(
            height + 2 * padding >= kernel && width + 2 * padding >= kernel,
            "conv2d: kernel {kernel} is larger than input {height}x{width} padded by {padding}"
        );
        let out = |size: usize| (size + 2 * padding - kernel) / stride + 1;
        Self {
            images,
            input: [height, width],
            in_channels,
            output: [out(height), out(width)],
            out_channels,
            kernel,
            stride,
            padding,
        }
    }

    /// Shape of the output, `[N, H, W, C]`.
    pub(crate) fn output_shape(&self) -> [usize; 4] {
        let [height, width] = self.output;
        [self.images, height, width, self.out_channels]
    }
}

/// Rows `first..first + rows` of an image `[height][width][channels]` surrounded by zeros, as
/// `[rows][left + width + right][channels]`; `first` may be negative. Borrowed where nothing has
/// to be added, else copied to `scratch`.
fn bordered<'a>(
    image: &'a [f32],
    [height, width, channels]: [usize; 3],
    first: isize,
    rows: usize,
    left: usize,
    total: usize,
    scratch: &'a mut Vec<f32>,
) -> &'a [f32] {
    let line = width * channels;
    if let Ok(first) = usize::try_from(first)
        && left == 0
        && total == width
        && first + rows <= height
    {
        return &image[first * line..(first + rows) * line];
    }
    let step = total * channels;
    if scratch.len() < rows * step {
        scratch.resize(rows * step, 0.0);
    }
    let scratch = &mut scratch[..rows * step];
    // Where the padded row is narrower than the image, its last columns are never read.
    let copied = line.min(step - left * channels);
    for (row, target) in scratch.chunks_exact_mut(step).enumerate() {
        let source = first + row as isize;
        match usize::try_from(source) {
            Ok(source) if source < height => {
                let (before, rest) = target.split_at_mut(left * channels);
                let (inside, after) = rest.split_at_mut(copied);
                before.fill(0.0);
                inside.copy_from_slice(&image[source * line..][..copied]);
                after.fill(0.0);
            }
            _ => target.fill(0.0),
        }
    }
    scratch
}
