//! Max and average pooling over NHWC maps, on slices.

mod average;
mod max;

pub use average::AvgPool;
pub use max::MaxPool;

/// Elements one task writes, at least.
const TASK: usize = 8 * 1024;

/// Elements of a task made of whole lines.
fn task(line: usize) -> usize {
    TASK.div_ceil(line) * line
}
