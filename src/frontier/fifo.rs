//! A queue of numbers in few bytes, that grows and shrinks in small steps.

use std::collections::VecDeque;

/// First in, first out, with a way to the front.
///
/// One host may have tens of millions of URLs waiting, and what one page leads to has numbers in a row: what is neither near the
/// front nor near the back is packed, in blocks, to some bits for each number. Another hundred thousand hosts have one each: so
/// the front grows as needed, and is all there is at first.
#[derive(Debug, Default)]
pub(super) struct Fifo {
    /// Empty only when the queue is. Of more than [`FRONT`] numbers there are as many here at least.
    front: VecDeque<u32>,
    behind: Option<Box<Behind>>,
}

/// What comes behind the front.
#[derive(Debug, Default)]
struct Behind {
    packed: VecDeque<Box<[u8]>>,
    /// Fewer than [`BLOCK`].
    back: Vec<u32>,
}

impl Fifo {
    pub(super) fn is_empty(&self) -> bool {
        self.front.is_empty()
    }

    pub(super) fn push_back(&mut self, value: u32) {
        if self.behind.is_none() && self.front.len() < BLOCK {
            self.front.push_back(value);
            return;
        }
        let behind = self.behind.get_or_insert_default();
        behind.back.push(value);
        if behind.back.len() == BLOCK {
            behind.packed.push_back(pack(&behind.back));
            behind.back.clear();
        }
    }

    pub(super) fn push_front(&mut self, value: u32) {
        self.front.push_front(value);
    }

    pub(super) fn pop_front(&mut self) -> Option<u32> {
        let value = self.front.pop_front();
        if self.front.len() < FRONT
            && let Some(behind) = &mut self.behind
        {
            if let Some(block) = behind.packed.pop_front() {
                self.front.extend(unpack(&block));
            } else {
                self.front.extend(&behind.back);
                self.behind = None;
            }
        }
        value
    }

    /// The values from the front on.
    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        let behind = self.behind.iter().flat_map(|behind| {
            let packed = behind.packed.iter().flat_map(|block| unpack(block));
            packed.chain(behind.back.iter().copied())
        });
        self.front.iter().copied().chain(behind)
    }

    /// The value so many places behind the front; as far as [`FRONT`] at once.
    pub(super) fn peek(&self, at: usize) -> Option<u32> {
        match self.front.get(at) {
            Some(value) => Some(*value),
            None if self.behind.is_none() => None,
            None => self.iter().nth(at),
        }
    }
}

/// Numbers as distances from what would have been the next in a row, zigzag, as LEB128. In the lowest bit whether a row begins
/// there; how long it is follows then.
fn pack(values: &[u32]) -> Box<[u8]> {
    let (mut bytes, mut next) = (Vec::new(), 0_i64);
    for row in values.chunk_by(|one, other| one.checked_add(1) == Some(*other)) {
        let Some(first) = row.first() else { continue };
        let distance = i64::from(*first) - next;
        let zigzag = ((distance << 1) ^ (distance >> 63)).cast_unsigned();
        put(&mut bytes, zigzag << 1 | u64::from(row.len() > 1));
        if row.len() > 1 {
            put(&mut bytes, row.len() as u64);
        }
        next = i64::from(*first) + i64::try_from(row.len()).unwrap_or_default();
    }
    bytes.into()
}

fn unpack(bytes: &[u8]) -> impl Iterator<Item = u32> {
    let (mut bytes, mut next) = (bytes.iter(), 0_i64);
    std::iter::from_fn(move || {
        let head = take(&mut bytes)?;
        let zigzag = head >> 1;
        let first = next + ((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed());
        let count = if head & 1 == 1 { take(&mut bytes)?.cast_signed() } else { 1 };
        next = first + count;
        let row = u32::try_from(first).and_then(|first| Ok(first..=u32::try_from(next - 1)?));
        Some(row.expect("only rows of numbers are packed"))
    })
    .flatten()
}

fn put(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(low_bits(value) | 0x80);
        value >>= 7;
    }
    bytes.push(low_bits(value));
}

fn take(bytes: &mut std::slice::Iter<'_, u8>) -> Option<u64> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = *bytes.next()?;
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
}

fn low_bits(value: u64) -> u8 {
    u8::try_from(value & 0x7f).expect("seven bits fit")
}

/// How many numbers are packed together.
const BLOCK: usize = 1024;
/// How many are at hand as they are, when there are so many.
const FRONT: usize = 512;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        assert!(fifo.iter().eq(expected.iter().copied()));
        while let Some(value) = expected.pop_front() {
            assert!(fifo.behind.is_none() || fifo.front.len() >= FRONT);
            assert_eq!(fifo.pop_front(), Some(value));
        }
        assert!(fifo.is_empty() && fifo.behind.is_none());
    }

    #[test]
    fn numbers_in_rows_of_twenty_take_a_fifth_of_a_byte() {
        let mut fifo = Fifo::default();
        let rows = (0..100_000_u32).filter(|n| n % 25 < 20);
        rows.for_each(|n| fifo.push_back(n));
        let packed: usize = fifo.behind.iter().flat_map(|behind| &behind.packed).map(|block| block.len()).sum();
        assert!(packed < 100_000 / 5, "{packed}");
    }

    proptest! {
        #[test]
        fn any_numbers_are_unpacked_as_they_were(values in proptest::collection::vec(prop_oneof![
            any::<u32>(), 0..9_u32, Just(u32::MAX), Just(u32::MAX - 1), Just(0)], 0..200)) {
            prop_assert_eq!(unpack(&pack(&values)).collect::<Vec<_>>(), values);
        }
    }
}
