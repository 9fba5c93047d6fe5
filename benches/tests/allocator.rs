//! The allocator hands out what is asked for, small and large, and counts.

use berth_benches::allocations::{CountingAllocator, allocations, are_counted};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

const MIB: usize = 1 << 20;

#[test]
fn blocks_keep_their_bytes_while_they_grow_and_shrink_past_what_is_large() {
    let sizes = [1, 4_096, 3 * MIB, 4 * MIB - 1, 4 * MIB, 9 * MIB, 33 * MIB, 5 * MIB, 4 * MIB, MIB, 7];
    let mut block: Vec<u64> = Vec::new();
    for words in sizes.map(|bytes| bytes.div_ceil(8)) {
        let kept = block.len().min(words);
        block.truncate(words);
        block.shrink_to_fit();
        block.reserve_exact(words - block.len());
        block.extend(kept as u64..words as u64);
        assert!(block.iter().enumerate().all(|(at, word)| *word == at as u64), "{words} words");
    }
}

#[test]
fn zeroed_blocks_are_zeros_also_where_others_were_before() {
    for bytes in [MIB, 4 * MIB, 16 * MIB] {
        for _ in 0..3 {
            drop(std::hint::black_box(vec![0xff_u8; bytes]));
            let zeroed = std::hint::black_box(vec![0_u8; bytes]);
            assert!(zeroed.iter().all(|byte| *byte == 0));
        }
    }
}

#[test]
fn alignments_are_kept() {
    #[derive(Clone, Copy)]
    #[repr(align(4096))]
    struct Page([u8; 4096]);
    for pages in [1, 1_023, 1_024, 5_000] {
        let block = vec![Page([7; 4096]); pages];
        assert_eq!(block.as_ptr() as usize % 4096, 0);
        assert!(block.iter().all(|page| page.0 == [7; 4096]));
    }
}

#[test]
fn every_allocation_counts() {
    assert!(are_counted());
    let before = allocations();
    let blocks: Vec<Vec<u8>> = [8, 5 * MIB].map(Vec::with_capacity).into();
    drop(std::hint::black_box(blocks));
    // Other tests allocate beside this one.
    assert!(allocations() >= before + 3);
}
