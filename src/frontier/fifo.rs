//! A queue of numbers that grows and shrinks in small steps.

use std::collections::VecDeque;

/// First in, first out, with a way to the front.
///
/// One host may have tens of millions of URLs waiting: a queue that doubles would hold, and copy, as many spare places.
/// Another hundred thousand hosts have one each: so the first block grows as needed.
#[derive(Debug, Default)]
pub(super) struct Fifo {
    blocks: VecDeque<VecDeque<u32>>,
}

impl Fifo {
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    pub(super) fn push_back(&mut self, value: u32) {
        match self.blocks.back_mut() {
            Some(block) if block.len() < BLOCK => block.push_back(value),
            _ => {
                let mut block = VecDeque::with_capacity(if self.blocks.is_empty() { 1 } else { BLOCK });
                block.push_back(value);
                self.blocks.push_back(block);
            }
        }
    }

    pub(super) fn push_front(&mut self, value: u32) {
        match self.blocks.front_mut() {
            Some(block) if block.len() < BLOCK => block.push_front(value),
            _ => self.blocks.push_front(VecDeque::from([value])),
        }
    }

    pub(super) fn pop_front(&mut self) -> Option<u32> {
        let block = self.blocks.front_mut()?;
        let value = block.pop_front();
        if block.is_empty() {
            self.blocks.pop_front();
        }
        value
    }

    /// The values from the front on.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.blocks.iter().flatten().copied()
    }

    /// The value so many places behind the front.
    pub(super) fn peek(&self, mut at: usize) -> Option<u32> {
        for block in &self.blocks {
            match block.get(at) {
                Some(value) => return Some(*value),
                None => at -= block.len(),
            }
        }
        None
    }
}

const BLOCK: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_a_queue_with_two_ends() {
        let (mut fifo, mut expected) = (Fifo::default(), VecDeque::new());
        let mut random = fastrand::Rng::with_seed(3);
        for n in 0..50_000 {
            match random.u32(0..8) {
                0 => {
                    fifo.push_front(n);
                    expected.push_front(n);
                }
                1..=4 => {
                    fifo.push_back(n);
                    expected.push_back(n);
                }
                _ => assert_eq!(fifo.pop_front(), expected.pop_front()),
            }
            let at = random.usize(0..2000);
            assert_eq!(fifo.peek(at), expected.get(at).copied());
        }
        assert!(expected.len() > BLOCK);
        assert!(fifo.iter().eq(expected));
    }
}
