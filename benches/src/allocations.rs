//! Counts what the program allocates.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

static IS_COUNTING: AtomicBool = AtomicBool::new(false);
static COUNT: AtomicU64 = AtomicU64::new(0);

/// The system's allocator, with a count of what is asked of it once a
/// measurement has begun: until then it costs a look at a flag. A program that
/// measures names it as its `#[global_allocator]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingAllocator;

#[expect(unsafe_code, reason = "an allocator is unsafe to write; each call is handed on as it came")]
// SAFETY: every method hands its arguments to the system's allocator unchanged
// and gives back what that gave, so whatever holds for that one holds here.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps this method's contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps this method's contract, which is the same.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps this method's contract, which is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps this method's contract, which is the same.
        unsafe { System.realloc(ptr, layout, size) }
    }
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
