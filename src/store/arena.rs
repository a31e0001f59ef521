//! Many short byte strings, one behind the other: without an allocation, a length and a count for each.

/// Byte strings that are put in once and never change.
///
/// An `Arc<str>` costs 16 bytes for its counts, 16 for the pointer and some for the allocator: with URLs of 40 bytes that
/// is as much again. It grows by blocks, so that there is never a copy of what is in it.
#[derive(Debug, Default)]
pub(super) struct Arena {
    blocks: Vec<Vec<u8>>,
}

/// Where a string is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    block: u32,
    start: u32,
}

impl Spot {
    /// That of an empty string, in any arena.
    pub(super) const EMPTY: Self = Self { block: u32::MAX, start: 0 };
}

impl Arena {
    /// Keeps a string; `None` when there are more than can be counted.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Option<Spot> {
        if bytes.is_empty() {
            return Some(Spot::EMPTY);
        }
        let fits = |block: &Vec<u8>| block.len() + bytes.len() + LENGTH <= BLOCK;
        if !self.blocks.last().is_some_and(fits) {
            // The first may stay small: most crawls do.
            let room = if self.blocks.is_empty() { 0 } else { BLOCK };
            self.blocks.push(Vec::with_capacity(room));
        }
        let number = u32::try_from(self.blocks.len() - 1).ok().filter(|number| *number != Spot::EMPTY.block)?;
        let block = self.blocks.last_mut()?;
        let spot = Spot { block: number, start: u32::try_from(block.len()).ok()? };
        block.extend_from_slice(&u32::try_from(bytes.len()).ok()?.to_le_bytes());
        block.extend_from_slice(bytes);
        Some(spot)
    }

    /// The string at a spot of this arena.
    pub(super) fn get(&self, spot: Spot) -> &[u8] {
        self.find(spot).unwrap_or_default()
    }

    fn find(&self, spot: Spot) -> Option<&[u8]> {
        let rest = self.blocks.get(spot.block as usize)?.get(spot.start as usize..)?;
        let (length, rest) = rest.split_first_chunk::<LENGTH>()?;
        rest.get(..u32::from_le_bytes(*length) as usize)
    }
}

/// Bytes for the length of a string.
const LENGTH: usize = 4;
const BLOCK: usize = 1 << 18;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_again_over_many_blocks() {
        let (mut arena, mut random) = (Arena::default(), fastrand::Rng::with_seed(5));
        let strings: Vec<Vec<u8>> = (0..4000)
            .map(|n| match n {
                // Longer than a block.
                7 => vec![9; BLOCK + 1],
                _ => std::iter::repeat_with(|| random.u8(..)).take(n % 400).collect(),
            })
            .collect();
        let spots: Vec<Spot> = strings.iter().map(|string| arena.put(string).unwrap()).collect();
        assert!(arena.blocks.len() > 3);
        assert!(spots.iter().zip(&strings).all(|(spot, string)| arena.get(*spot) == string));
    }
}
