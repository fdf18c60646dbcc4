//! A global allocator that lays every buffer of `f32` against pages that cannot be touched.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[global_allocator]
static ALLOCATOR: Guarding = Guarding;

/// Where a buffer touches the forbidden page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Its last element is followed by it.
    End,
    /// Its first element is preceded by it.
    Begin,
}

static BEGIN: AtomicBool = AtomicBool::new(false);

/// Held by a test while it runs: the side is one for the whole process.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    // A failed test leaves nothing behind that the next would not set.
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on, buffers lie against a forbidden page on this side.
pub(crate) fn guard(side: Side) {
    BEGIN.store(side == Side::Begin, Ordering::Relaxed);
}

struct Guarding;

/// Vectors of four-byte elements (`f32` before all) are guarded; the rest of the process is not.
fn guarded(layout: Layout) -> bool {
    layout.align() == align_of::<f32>() && layout.size().is_multiple_of(size_of::<f32>())
}

fn page() -> usize {
    static PAGE: AtomicUsize = AtomicUsize::new(0);
    let known = PAGE.load(Ordering::Relaxed);
    if known != 0 {
        return known;
    }
    // SAFETY: asks for a constant.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
    PAGE.store(page, Ordering::Relaxed);
    page
}

/// Bytes of the pages that hold a buffer, without the two forbidden ones.
fn pages(size: usize) -> usize {
    size.div_ceil(page()) * page()
}

// SAFETY: a guarded buffer is a mapping of its own, at least as large as asked for, between two
// pages without access; its address is a multiple of four, which is the alignment asked for. Others
// come from the system's allocator.
unsafe impl GlobalAlloc for Guarding {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !guarded(layout) {
            // SAFETY: passed on.
            return unsafe { System.alloc(layout) };
        }
        let (size, inner) = (layout.size(), pages(layout.size()));
        // SAFETY: a new private mapping, of which the inner pages are opened and filled.
        unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let total = inner + 2 * page();
            let base = libc::mmap(null_mut(), total, libc::PROT_NONE, flags, -1, 0);
            if base == libc::MAP_FAILED {
                return null_mut();
            }
            let first = base.cast::<u8>().add(page());
            if libc::mprotect(first.cast(), inner, libc::PROT_READ | libc::PROT_WRITE) != 0 {
                return null_mut();
            }
            // NaN: what is read before it is written shows.
            first.write_bytes(0xff, inner);
            if BEGIN.load(Ordering::Relaxed) {
                first
            } else {
                first.add(inner - size)
            }
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: passed on; what is zeroed is what was asked for.
        unsafe {
            let at = self.alloc(layout);
            if !at.is_null() {
                at.write_bytes(0, layout.size());
            }
            at
        }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        if !guarded(layout) {
            // SAFETY: passed on.
            return unsafe { System.dealloc(at, layout) };
        }
        // On either side the buffer begins in the first of the inner pages.
        let base = (at as usize & !(page() - 1)) - page();
        // SAFETY: the mapping made by `alloc` for this size.
        unsafe { libc::munmap(base as *mut libc::c_void, pages(layout.size()) + 2 * page()) };
    }
}

/// Checks that a child process that reads one element too far is killed, and one that does not,
/// is not.
pub(crate) fn overrun_is_fatal(side: Side, count: usize) {
    guard(side);
    let buffer = vec![0.0f32; count];
    let (inside, outside) = match side {
        Side::End => (count as isize - 1, count as isize),
        Side::Begin => (0, -1),
    };
    assert!(!dies_reading(&buffer, inside), "{side:?} {count}: inside");
    assert!(dies_reading(&buffer, outside), "{side:?} {count}: outside");
}

fn dies_reading(buffer: &[f32], at: isize) -> bool {
    // SAFETY: the child reads one address, which is what it is made for, and ends without running
    // anything else; the parent waits for it.
    unsafe {
        let child = libc::fork();
        assert!(child >= 0);
        if child == 0 {
            let value = buffer.as_ptr().wrapping_offset(at).read_volatile();
            libc::_exit(i32::from(value == 1.0));
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &mut status, 0), child);
        libc::WIFSIGNALED(status) && [libc::SIGSEGV, libc::SIGBUS].contains(&libc::WTERMSIG(status))
    }
}
