#![allow(unsafe_code)]

use libmimalloc_sys::mi_malloc;
use mimalloc::MiMalloc;
use std::alloc::{GlobalAlloc, Layout};

/// What a request needs is freed by whichever thread goes on with it, and glibc's threads then wait for each other
/// (docs/benchmarks.md).
#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

/// mimalloc, asked for a block's alignment only where it would not give it anyway: asked for any, it takes a larger block for a
/// size that is no power of two, and a longer way. Few blocks are zeroed or resized: for these its crate asks.
struct Allocator;

// SAFETY: all memory is mimalloc's own, by whichever function it came, and `mi_malloc` is as much aligned as is asked for.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match is_aligned_anyway(layout) {
            // SAFETY: any size may be asked for.
            true => unsafe { mi_malloc(layout.size()).cast() },
            // SAFETY: as the caller's.
            false => unsafe { MiMalloc.alloc(layout) },
        }
    }

    #[inline]
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as the caller's.
        unsafe { MiMalloc.dealloc(place, layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller's.
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn realloc(&self, place: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: as the caller's.
        unsafe { MiMalloc.realloc(place, layout, new_size) }
    }
}

/// As every `malloc` aligns (C11, section 7.22.3; mimalloc's `MI_MAX_ALIGN_SIZE`): for whatever fits into the size, up to
/// 16 bytes.
fn is_aligned_anyway(layout: Layout) -> bool {
    const ALWAYS: usize = 16;
    layout.align() <= ALWAYS && layout.align() <= layout.size()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn memory_is_aligned_as_asked_whatever_its_size() {
        for align in [1, 2, 4, 8, 16, 32, 64, 4096] {
            for size in (1..300).chain([1000, 1025, 1500, 4097, 100_000, 3 << 20]) {
                let layout = Layout::from_size_align(size, align).unwrap();
                // Several, as the first of a size may be aligned by chance.
                let places: Vec<_> = (0..5)
                    // SAFETY: the size is not 0.
                    .map(|_| unsafe { ALLOCATOR.alloc(layout) })
                    .collect();
                for place in places {
                    assert!(!place.is_null() && place.addr() % align == 0, "{size} by {align}: {place:?}");
                    // SAFETY: it came from there, by this layout.
                    unsafe { ALLOCATOR.dealloc(place, layout) };
                }
            }
        }
    }
}
