//! Computes where an [`Arena`](crate::Arena) places its blocks: one after the other. This module only calculates with
//! addresses, so that native tests can test it.

use core::alloc::Layout;

/// A range of memory from which blocks are allocated, beginning at its start.
#[derive(Debug)]
pub(crate) struct Region {
    /// The first address of the region.
    base: usize,
    /// The first address that the next block may have.
    free: usize,
    /// The number of blocks in use.
    live: usize,
}

impl Region {
    pub(crate) const fn new(base: usize) -> Self {
        Self { base, free: base, live: 0 }
    }

    /// Allocates a block. Returns its first address and its end, up to which the caller has to provide memory. Returns
    /// `None` if the block does not fit into the address space.
    pub(crate) fn take(&mut self, layout: Layout) -> Option<(usize, usize)> {
        // Alignments are powers of two. A mask is faster here than the division of `next_multiple_of`.
        let mask = layout.align() - 1;
        let begin = self.free.checked_add(mask)? & !mask;
        let end = begin.checked_add(layout.size())?;
        self.free = end;
        self.live += 1;
        Some((begin, end))
    }

    /// Frees a block. The memory of the last block can be used again at once. All memory can be used again when no
    /// block is in use.
    pub(crate) fn give_back(&mut self, begin: usize, size: usize) {
        self.live = self.live.saturating_sub(1);
        if self.live == 0 {
            self.free = self.base;
        } else if begin + size == self.free {
            self.free = begin;
        }
    }

    /// Changes the size of a block without moving it. Returns the address up to which the caller has to provide
    /// memory, or `None` if the block would have to move. Only the last block can grow.
    pub(crate) fn resize(&mut self, begin: usize, old_size: usize, new_size: usize) -> Option<usize> {
        if begin + old_size == self.free {
            self.free = begin.checked_add(new_size)?;
            Some(self.free)
        } else if new_size <= old_size {
            Some(begin + old_size)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use core::alloc::Layout;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::Region;

    #[derive(Debug, Clone)]
    enum Step {
        Take { size: usize, align: usize },
        GiveBack { which: usize },
        Resize { which: usize, size: usize },
    }

    fn step() -> impl Strategy<Value = Step> {
        let align = prop_oneof![Just(1), Just(4), Just(8), Just(16)];
        prop_oneof![
            (1..200_usize, align).prop_map(|(size, align)| Step::Take { size, align }),
            any::<usize>().prop_map(|which| Step::GiveBack { which }),
            (any::<usize>(), 1..200_usize).prop_map(|(which, size)| Step::Resize { which, size }),
        ]
    }

    /// Does one step. `blocks` holds the first address and the size of each block in use.
    fn run(region: &mut Region, blocks: &mut Vec<(usize, usize)>, step: &Step) {
        match *step {
            Step::Take { size, align } => {
                let layout = Layout::from_size_align(size, align).expect("a layout");
                let (begin, end) = region.take(layout).expect("addresses");
                assert_eq!((begin % align, end), (0, begin + size));
                blocks.push((begin, size));
            }
            Step::GiveBack { which } if !blocks.is_empty() => {
                let (begin, size) = blocks.swap_remove(which % blocks.len());
                region.give_back(begin, size);
            }
            Step::Resize { which, size } if !blocks.is_empty() => {
                let at = which % blocks.len();
                let (begin, old_size) = blocks[at];
                if region.resize(begin, old_size, size).is_some() {
                    blocks[at].1 = size;
                }
            }
            Step::GiveBack { .. } | Step::Resize { .. } => {}
        }
    }

    proptest! {
        #[test]
        fn no_two_blocks_in_use_share_an_address(steps in prop::collection::vec(step(), 0..100)) {
            let (mut region, mut blocks) = (Region::new(1000), Vec::new());
            for step in steps {
                run(&mut region, &mut blocks, &step);
                let mut sorted = blocks.clone();
                sorted.sort_unstable();
                prop_assert!(sorted.iter().all(|(begin, _)| *begin >= 1000));
                prop_assert!(sorted.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0));
            }
        }

        #[test]
        fn all_of_it_is_free_again_when_no_block_is_in_use(steps in prop::collection::vec(step(), 0..100)) {
            let (mut region, mut blocks) = (Region::new(1000), Vec::new());
            for step in steps {
                run(&mut region, &mut blocks, &step);
            }
            blocks.drain(..).for_each(|(begin, size)| region.give_back(begin, size));
            prop_assert_eq!(region.take(Layout::new::<u8>()), Some((1000, 1001)));
        }
    }

    #[test]
    fn the_last_block_grows_where_it_is_and_no_other_does() {
        let mut region = Region::new(0);
        let block = Layout::from_size_align(8, 8).expect("a layout");
        assert_eq!((region.take(block), region.take(block)), (Some((0, 8)), Some((8, 16))));
        assert_eq!(region.resize(8, 8, 32), Some(40));
        assert_eq!(region.resize(0, 8, 9), None);
        assert_eq!(region.resize(0, 8, 4), Some(8));
    }

    #[test]
    fn addresses_end() {
        let mut region = Region::new(usize::MAX - 4);
        assert_eq!(region.take(Layout::new::<u64>()), None);
        assert_eq!(region.take(Layout::new::<u8>()), Some((usize::MAX - 4, usize::MAX - 3)));
    }
}
