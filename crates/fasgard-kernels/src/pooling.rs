//! A global allocator that keeps large blocks for reuse.
//!
//! A training step frees and allocates the same large tensors again and again. General allocators
//! give blocks of megabytes back to the system, which hands out zeroed pages one fault at a time:
//! for layers with little arithmetic that takes longer than computing them.

use std::alloc::{GlobalAlloc, Layout};
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Blocks below this size are left to the inner allocator.
const LARGE: usize = 64 << 10;
/// Size classes for every doubling: at most an eighth of a block is wasted.
const STEPS: usize = 8;
const CLASSES: usize = (usize::BITS as usize - LARGE.ilog2() as usize) * STEPS;
/// Blocks begin at a cache line, which is also the widest vector.
const ALIGN: usize = 64;

/// Wraps an allocator: blocks of at least 64 KiB are kept in lists by size when freed, and handed
/// out again. What is kept never exceeds the most that was ever in use at once.
///
/// ```
/// use fasgard_kernels::Pooling;
/// #[global_allocator]
/// static ALLOCATOR: Pooling<std::alloc::System> = Pooling::new(std::alloc::System);
///
/// let first = vec![1u8; 1 << 20];
/// let at = first.as_ptr();
/// drop(first);
/// assert_eq!(vec![0u8; 1 << 20].as_ptr(), at);
/// ```
#[derive(Debug)]
pub struct Pooling<A> {
    inner: A,
    free: [Mutex<Free>; CLASSES],
    /// Bytes of large blocks in use, the most there ever were, and those kept.
    used: AtomicUsize,
    peak: AtomicUsize,
    kept: AtomicUsize,
}

/// A list of free blocks, each holding the address of the next in its first bytes.
#[derive(Debug)]
struct Free(*mut u8);

// SAFETY: the blocks of a list belong to nobody else, whichever thread holds the lock.
unsafe impl Send for Free {}

/// The class of a size of at least [`LARGE`], and the bytes its blocks have.
fn class(size: usize) -> (usize, usize) {
    let octave = size.ilog2();
    let step = 1usize << (octave - STEPS.ilog2());
    let within = (size - (1 << octave)).div_ceil(step);
    let base = (octave - LARGE.ilog2()) as usize * STEPS;
    (base + within, (1 << octave) + within * step)
}

impl<A> Pooling<A> {
    /// Around `inner`, with nothing kept yet.
    pub const fn new(inner: A) -> Self {
        Self {
            inner,
            free: [const { Mutex::new(Free(null_mut())) }; CLASSES],
            used: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            kept: AtomicUsize::new(0),
        }
    }

    fn pooled(layout: Layout) -> bool {
        // The second bound keeps a class's rounding within `isize`.
        (LARGE..1 << 46).contains(&layout.size()) && layout.align() <= ALIGN
    }

    /// Takes a kept block of a class.
    fn take(&self, class: usize, size: usize) -> *mut u8 {
        // A poisoned lock would mean a panic between the two lines below: there is none.
        let Ok(mut free) = self.free[class].lock() else {
            return null_mut();
        };
        let block = free.0;
        if !block.is_null() {
            // SAFETY: a kept block holds the address of the next one in its first bytes, written by
            // `dealloc`; blocks are aligned to `ALIGN`.
            free.0 = unsafe { block.cast::<*mut u8>().read() };
            self.kept.fetch_sub(size, Ordering::Relaxed);
        }
        block
    }

    fn count(&self, size: usize) {
        let used = self.used.fetch_add(size, Ordering::Relaxed) + size;
        self.peak.fetch_max(used, Ordering::Relaxed);
    }
}

/// The layout of a class's blocks.
fn block(size: usize) -> Layout {
    // SAFETY: `ALIGN` is a power of two and `pooled` bounds the size far below `isize::MAX`.
    unsafe { Layout::from_size_align_unchecked(size, ALIGN) }
}

// SAFETY: blocks come from the inner allocator with at least the size and alignment asked for; a
// kept block is in exactly one list and is taken out of it before it is handed out.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Pooling<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !Self::pooled(layout) {
            // SAFETY: passed on.
            return unsafe { self.inner.alloc(layout) };
        }
        let (class, size) = class(layout.size());
        let mut at = self.take(class, size);
        if at.is_null() {
            // SAFETY: the size is not zero.
            at = unsafe { self.inner.alloc(block(size)) };
        }
        if !at.is_null() {
            self.count(size);
        }
        at
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !Self::pooled(layout) {
            // SAFETY: passed on.
            return unsafe { self.inner.alloc_zeroed(layout) };
        }
        let (class, size) = class(layout.size());
        let mut at = self.take(class, size);
        if at.is_null() {
            // SAFETY: the size is not zero.
            at = unsafe { self.inner.alloc_zeroed(block(size)) };
        } else {
            // SAFETY: a kept block has `size >= layout.size()` bytes.
            unsafe { at.write_bytes(0, layout.size()) };
        }
        if !at.is_null() {
            self.count(size);
        }
        at
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if !Self::pooled(layout) {
            // SAFETY: passed on.
            return unsafe { self.inner.dealloc(at, layout) };
        }
        let (class, size) = class(layout.size());
        self.used.fetch_sub(size, Ordering::Relaxed);
        let room = self.kept.load(Ordering::Relaxed) + size <= self.peak.load(Ordering::Relaxed);
        if room && let Ok(mut free) = self.free[class].lock() {
            // SAFETY: the block has at least `LARGE` bytes aligned to `ALIGN` and is nobody's now.
            unsafe { at.cast::<*mut u8>().write(free.0) };
            free.0 = at;
            self.kept.fetch_add(size, Ordering::Relaxed);
            return;
        }
        // SAFETY: every pooled block was allocated with its class's layout.
        unsafe { self.inner.dealloc(at, block(size)) };
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller vouches for `new_size` with this alignment.
        let new = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        if !Self::pooled(layout) && !Self::pooled(new) {
            // SAFETY: passed on.
            return unsafe { self.inner.realloc(at, layout, new_size) };
        }
        if Self::pooled(layout) && Self::pooled(new) && class(layout.size()) == class(new_size) {
            return at;
        }
        // SAFETY: `at` holds `layout.size()` bytes, the new block `new_size`, and they differ.
        unsafe {
            let to = self.alloc(new);
            if !to.is_null() {
                to.copy_from_nonoverlapping(at, layout.size().min(new_size));
                self.dealloc(at, layout);
            }
            to
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::alloc::System;

    #[test]
    fn classes_hold_their_sizes_and_rise() {
        let mut last = (0, 0);
        for size in (LARGE..LARGE * 40).step_by(997) {
            let (class, bytes) = class(size);
            assert!(
                bytes >= size && bytes - size <= size / STEPS,
                "{size}: {bytes}"
            );
            assert!((class, bytes) >= last && class < CLASSES);
            last = (class, bytes);
        }
        assert!(class((1 << 46) - 1).0 < CLASSES);
    }

    #[test]
    fn blocks_are_reused_zeroed_on_demand_and_given_back_beyond_the_peak() {
        let pool = Pooling::new(System);
        let layout = |size| Layout::from_size_align(size, 4).unwrap();
        // SAFETY: every block is used within its size and freed once with its layout.
        unsafe {
            let a = pool.alloc(layout(1 << 20));
            assert_eq!(a as usize % ALIGN, 0);
            a.write_bytes(7, 1 << 20);
            pool.dealloc(a, layout(1 << 20));
            let b = pool.alloc_zeroed(layout((1 << 20) - 5));
            assert_eq!(a, b);
            assert!((0..(1 << 20) - 5).all(|i| *b.add(i) == 0));
            let c = pool.realloc(b, layout((1 << 20) - 5), 3 << 20);
            assert!((0..(1 << 20) - 5).all(|i| *c.add(i) == 0));
            pool.dealloc(c, layout(3 << 20));
            let kept = pool.kept.load(Ordering::Relaxed);
            assert!(kept <= pool.peak.load(Ordering::Relaxed) && kept >= 3 << 20);
            assert_eq!(pool.used.load(Ordering::Relaxed), 0);
        }
    }
}
