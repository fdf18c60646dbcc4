//! Output buffers that are written once, without being zeroed first, and shared by tasks that
//! write disjoint parts of them.

use std::marker::PhantomData;

/// A buffer whose elements become readable only when all of them have been written.
pub(crate) struct Output {
    values: Vec<f32>,
    len: usize,
}

impl Output {
    /// Room for `len` elements, uninitialised.
    pub(crate) fn new(len: usize) -> Self {
        Self {
            values: Vec::with_capacity(len),
            len,
        }
    }

    /// The buffer for tasks to write to.
    pub(crate) fn shared(&mut self) -> Shared<'_> {
        Shared {
            start: self.values.as_mut_ptr(),
            len: self.len,
            buffer: PhantomData,
        }
    }

    /// The elements.
    ///
    /// # Safety
    /// Every element has been written.
    pub(crate) unsafe fn written(mut self) -> Vec<f32> {
        // SAFETY: the capacity is at least `len`, and the caller vouches for the elements.
        unsafe { self.values.set_len(self.len) };
        self.values
    }
}

/// Runs `fill` on the buffer of a new vector of `len` elements.
///
/// # Safety
/// `fill` writes every element.
pub(crate) unsafe fn filled(len: usize, fill: impl FnOnce(Shared<'_>)) -> Vec<f32> {
    let mut output = Output::new(len);
    fill(output.shared());
    // SAFETY: passed on to the caller.
    unsafe { output.written() }
}

/// A buffer that several tasks write to at once. Keeping their parts disjoint is up to them.
#[derive(Clone, Copy)]
pub(crate) struct Shared<'a> {
    start: *mut f32,
    len: usize,
    buffer: PhantomData<&'a mut [f32]>,
}

// SAFETY: the buffer outlives `'a` and is borrowed mutably for it; writing through the pointer is
// `unsafe` where it happens, with the argument that tasks do not overlap.
unsafe impl Send for Shared<'_> {}
// SAFETY: as above.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    /// Over the elements of a slice.
    pub(crate) fn over(values: &'a mut [f32]) -> Self {
        Self {
            start: values.as_mut_ptr(),
            len: values.len(),
            buffer: PhantomData,
        }
    }

    /// Elements in the buffer.
    pub(crate) fn len(self) -> usize {
        self.len
    }

    /// Pointer to element `at`, which may be one past the last.
    pub(crate) fn at(self, at: usize) -> *mut f32 {
        assert!(at <= self.len, "element {at} of a buffer of {}", self.len);
        // SAFETY: `at` lies within the allocation or one past its end.
        unsafe { self.start.add(at) }
    }

    /// Elements `at .. at + len` as a slice.
    ///
    /// # Safety
    /// The elements are initialised and no other task touches them while the slice lives.
    pub(crate) unsafe fn slice(self, at: usize, len: usize) -> &'a mut [f32] {
        assert!(
            len <= self.len && at <= self.len - len,
            "{at} + {len} of {}",
            self.len
        );
        // SAFETY: in range by the assertion; the caller vouches for the rest.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(at), len) }
    }
}
