//! The allocator of programs that measure, and of `berth` itself: it counts what
//! is asked of it, and asks for huge pages under large tables.
//!
//! A deep book's tables are read all over. With pages of 4 KiB a good part of the
//! time goes into finding out where a page lies; with pages of 2 MiB it does not.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

static IS_COUNTING: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Bytes of a huge page.
const HUGE_PAGE: usize = 2 << 20;

/// Blocks of this many bytes or more lie on huge pages, where there are some.
/// Once a measurement has begun their pages are there from the start.
const LARGE: usize = 2 * HUGE_PAGE;

/// The system's allocator, with advice about large blocks, and with a count of
/// what is asked of it once a measurement has begun: until then that costs a look
/// at a flag. A program names it as its `#[global_allocator]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingAllocator;

#[expect(unsafe_code, reason = "an allocator is unsafe to write; each call is handed on as it came")]
// SAFETY: every method hands its arguments to the system's allocator unchanged
// and gives back what that gave, so whatever holds for that one holds here. The
// advice changes nothing that a program can see.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps this method's contract, which is the same.
        advised(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps this method's contract, which is the same.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps this method's contract, which is the same.
        advised(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps this method's contract, which is the same.
        advised(unsafe { System.realloc(ptr, layout, size) }, size)
    }
}

/// The same block; a large one with the advice to lie on huge pages. Where there
/// are none, small ones serve.
#[inline]
fn advised(block: *mut u8, size: usize) -> *mut u8 {
    if size >= LARGE && !block.is_null() {
        advise(block, size);
    }
    block
}

#[cold]
fn advise(block: *mut u8, size: usize) {
    #[cfg(target_os = "linux")]
    {
        // What lies before the first huge page and behind the last stays as it is.
        let before = block.align_offset(HUGE_PAGE);
        let inside = size.saturating_sub(before) / HUGE_PAGE * HUGE_PAGE;
        #[expect(unsafe_code, reason = "the standard library has no advice to give")]
        // SAFETY: the advice changes no byte and no right of any page, whatever
        // range it names; this one is within the block, which is not null.
        let _ = unsafe { libc::madvise(block.wrapping_add(before).cast(), inside, libc::MADV_HUGEPAGE) };
        if IS_COUNTING.load(Ordering::Relaxed) {
            #[expect(unsafe_code, reason = "what is measured must not wait for the kernel to clear pages")]
            // SAFETY: as above; pages that are there before their first write
            // read as those that come with it.
            let _ = unsafe { libc::madvise(block.wrapping_add(before).cast(), inside, libc::MADV_POPULATE_WRITE) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (block, size);
}

fn count() {
    if IS_COUNTING.load(Ordering::Relaxed) {
        COUNT.fetch_add(1, Ordering::Relaxed);
    }
}

/// Begins to count.
pub(crate) fn begin() {
    IS_COUNTING.store(true, Ordering::Relaxed);
}

/// Allocations of all threads since counting began: none ever in a program that
/// has another allocator.
#[must_use]
pub fn allocations() -> u64 {
    COUNT.load(Ordering::Relaxed)
}

/// Whether this program counts its allocations.
#[must_use]
pub fn are_counted() -> bool {
    begin();
    let before = allocations();
    drop(black_box(Box::new(black_box(0_u8))));
    allocations() > before
}
