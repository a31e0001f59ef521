//! Near: all pairs of hashes that differ in few bits, without comparing each with each.
//!
//! The bits are cut into six blocks. Two hashes that differ in at most three bits have at least three blocks in common, so a
//! table for each choice of three, sorted by these, has them side by side (Manku, Jain and Das Sarma, "Detecting
//! Near-Duplicates for Web Crawling", 2007, section 3). That is exact: no pair is missed.

/// In how many bits two hashes may differ at most.
pub(crate) const MOST: u32 = 3;

/// Of each hash the places of those before it that are near: at most `distance` bits differ. The hashes are all different.
pub(super) fn earlier(hashes: &[u64], distance: u32) -> Vec<Vec<u32>> {
    let mut near = vec![Vec::new(); hashes.len()];
    let mut table: Vec<(u64, u32)> = Vec::with_capacity(hashes.len());
    for blocks in choices() {
        let mask = mask_of(blocks);
        table.clear();
        table.extend((0..).zip(hashes).map(|(place, hash)| (hash & mask, place)));
        table.sort_unstable();
        for same in table.chunk_by(|one, next| one.0 == next.0) {
            each_pair(same, |one, other| {
                let Some((a, b)) = hashes.get(one as usize).zip(hashes.get(other as usize)) else { return };
                // A pair that has more blocks in common is told by the first table that has it.
                if (a ^ b).count_ones() <= distance && first_common(a ^ b) == blocks {
                    near.get_mut(other as usize).into_iter().for_each(|near| near.push(one));
                }
            });
        }
    }
    near
}

/// Gives each pair of places of equal entries, the smaller one first: they are sorted.
fn each_pair(same: &[(u64, u32)], mut take: impl FnMut(u32, u32)) {
    let mut rest = same;
    while let Some(((_, one), behind)) = rest.split_first() {
        for (_, other) in behind {
            take(*one, *other);
        }
        rest = behind;
    }
}

/// All choices of three blocks, each as a set of bits.
fn choices() -> impl Iterator<Item = u8> {
    (0..1 << BLOCKS.len()).filter(|choice: &u8| choice.count_ones() == MOST)
}

/// The bits of some blocks.
fn mask_of(blocks: u8) -> u64 {
    let chosen = (0..).zip(BLOCKS).filter(|(nth, _)| blocks >> nth & 1 == 1);
    chosen.fold(0, |mask, (_, block)| mask | block)
}

/// The first three blocks in which there is no difference, in the order of [`choices`].
fn first_common(difference: u64) -> u8 {
    let common = (0..).zip(BLOCKS).filter(|(_, block)| difference & block == 0);
    common.take(MOST as usize).fold(0, |blocks, (nth, _): (u8, _)| blocks | 1 << nth)
}

/// Which bits each block has.
const BLOCKS: [u64; 6] = [0x7ff, 0x7ff << 11, 0x7ff << 22, 0x7ff << 33, 0x3ff << 44, 0x3ff << 54];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_blocks_are_all_bits_once() {
        assert_eq!(BLOCKS.iter().fold(0, |all, block| all ^ block), u64::MAX);
        assert_eq!(choices().count(), 20);
    }

    proptest! {
        #[test]
        fn it_finds_what_comparing_each_with_each_finds(
            seeds in prop::collection::vec(any::<u64>(), 1..8),
            flips in prop::collection::vec((0..8_usize, prop::collection::vec(0..64_u32, 0..6)), 0..60),
            distance in 0..=MOST,
        ) {
            let mut hashes = seeds.clone();
            for (seed, bits) in flips {
                let hash = bits.iter().fold(seeds[seed % seeds.len()], |hash, bit| hash ^ 1 << bit);
                if !hashes.contains(&hash) {
                    hashes.push(hash);
                }
            }
            hashes.dedup();
            let found = earlier(&hashes, distance);
            for (place, hash) in hashes.iter().enumerate() {
                let mut own = found[place].clone();
                own.sort_unstable();
                let is_near = |before: &u32| (hashes[*before as usize] ^ hash).count_ones() <= distance;
                let expected: Vec<u32> = (0..u32::try_from(place).unwrap()).filter(is_near).collect();
                prop_assert_eq!(own, expected);
            }
        }
    }
}
