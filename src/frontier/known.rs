//! The known URLs: which key has which number. Exact: no page is ever lost to a false positive.

use super::segments::Segments;
use crate::url::UrlKey;

/// Every key that was ever seen, numbered in the order of discovery: 18 to 20 bytes each, all 16 of the key among them.
///
/// A key is told apart by its *start*, 40 bits of it, and its *rest*. The rests stand in the order of their numbers. The starts
/// are spread over many small tables by their lowest bits, which a table therefore need not keep; the other bits are in
/// its slots, each with the number of its key, in ascending order. So a slot is found near where it would be if the bits were
/// spread evenly, as those of a fingerprint are, and nothing has to be left empty.
///
/// There is a table for each [`MEAN`] keys: one at a time is parted in two by the next bit (linear hashing). So nothing large is
/// ever copied, and a step costs the same however many keys there are.
#[derive(Debug)]
pub(super) struct KnownKeys {
    rests: Segments<Rest>,
    tables: Segments<Vec<Slot>>,
}

/// What of a key is not its start.
type Rest = [u8; 11];

/// A number of 48 bits: what a table has to keep of a start, and behind that the number of the key.
#[derive(Debug, Clone, Copy)]
struct Slot([u16; 3]);

/// One of the tables, and how many bits of a start tell it from the others.
#[derive(Debug, Clone, Copy)]
struct Spot {
    table: usize,
    bits: u32,
}

impl KnownKeys {
    /// With room for so many keys: none of the tables is parted before, and they grow less often.
    pub(super) fn with_room(keys: usize) -> Self {
        let mut tables = Segments::default();
        let room = if keys < MEAN { 0 } else { ROOM };
        (0..keys.div_ceil(MEAN).max(1)).for_each(|_| tables.push(Vec::with_capacity(room)));
        Self { rests: Segments::default(), tables }
    }

    pub(super) fn get(&self, key: UrlKey) -> Option<u32> {
        let (start, rest) = parted(key);
        let spot = self.spot(start);
        self.alike(spot, start, self.place(spot, start)).find(|id| self.rests.at(*id as usize) == Some(&rest))
    }

    /// Numbers a new key; `None` when there are no more numbers.
    pub(super) fn insert(&mut self, key: UrlKey) -> Option<u32> {
        let (start, rest) = parted(key);
        let spot = self.spot(start);
        let at = self.place(spot, start);
        let behind = at + self.alike(spot, start, at).count();
        self.insert_at(spot, behind, (start, rest))
    }

    /// Numbers a key if it is new; `None` when it is not, or there are no more numbers.
    pub(super) fn insert_new(&mut self, key: UrlKey) -> Option<u32> {
        let (start, rest) = parted(key);
        let spot = self.spot(start);
        let (at, mut count) = (self.place(spot, start), 0);
        for id in self.alike(spot, start, at) {
            if self.rests.at(id as usize) == Some(&rest) {
                return None;
            }
            count += 1;
        }
        self.insert_at(spot, at + count, (start, rest))
    }

    /// Touches where keys are, or would be, and what behind that is moved for a new one: with millions of them each touch
    /// waits for the memory, and so they wait together. Nothing is decided by what is found, or they would wait in turn.
    pub(super) fn touch(&self, keys: impl Iterator<Item = UrlKey>) {
        let slots = keys.map(|key| {
            let (start, _) = parted(key);
            let spot = self.spot(start);
            let slots = self.tables.at(spot.table).map(Vec::as_slice).unwrap_or_default();
            let first = guess(slots, spot.slot(start, 0));
            let at = |at: usize| slots.get(at).map_or(0, |slot| slot.get());
            at(first) ^ at(first.midpoint(slots.len())) ^ at(slots.len().saturating_sub(1))
        });
        std::hint::black_box(slots.fold(0, |all, slot| all ^ slot));
    }

    /// Where in its table the first slot is that has the same bits of a start, or would be.
    fn place(&self, spot: Spot, start: u64) -> usize {
        self.tables.at(spot.table).map_or(0, |slots| place(slots, spot.slot(start, 0)))
    }

    /// The numbers of the slots from a place on that have the same bits of a start.
    fn alike(&self, spot: Spot, start: u64, at: usize) -> impl Iterator<Item = u32> {
        let slots = self.tables.at(spot.table).and_then(|slots| slots.get(at..)).unwrap_or_default();
        let bits = start >> spot.bits;
        let alike = slots.iter().map(|slot| slot.get()).take_while(move |slot| slot >> spot.number_bits() == bits);
        alike.filter_map(move |slot| spot.number(slot))
    }

    fn insert_at(&mut self, spot: Spot, at: usize, (start, rest): (u64, Rest)) -> Option<u32> {
        let id = u32::try_from(self.rests.len()).ok()?;
        let slots = self.tables.at_mut(spot.table)?;
        if slots.len() == slots.capacity() {
            slots.reserve_exact(STEP);
        }
        slots.insert(at, Slot::of(spot.slot(start, id)));
        self.rests.push(rest);
        if self.rests.len() > self.tables.len() * MEAN {
            self.part_one();
        }
        Some(id)
    }

    /// In which table a start is. As many as a power of two are told apart by as many bits; those that were parted since, and
    /// what was parted off, by one more.
    fn spot(&self, start: u64) -> Spot {
        let count = self.tables.len();
        let bits = count.ilog2();
        let lowest = |bits: u32| usize::try_from(start & ((1_u64 << bits) - 1)).unwrap_or_default();
        if lowest(bits) < count - (1 << bits) {
            Spot { table: lowest(bits + 1), bits: bits + 1 }
        } else {
            Spot { table: lowest(bits), bits }
        }
    }

    /// Parts the next table by one more bit of its starts: what has that bit goes to a new one.
    fn part_one(&mut self) {
        let count = self.tables.len();
        let bits = count.ilog2();
        let table = count - (1 << bits);
        let (before, after) = (Spot { table, bits }, Spot { table, bits: bits + 1 });
        let Some(slots) = self.tables.at_mut(table) else { return };
        let all = std::mem::take(slots);
        let is_parted_off = |slot: &Slot| slot.get() >> before.number_bits() & 1 == 1;
        let count = all.iter().filter(|slot| is_parted_off(slot)).count();
        let room = |count: usize| count.next_multiple_of(STEP);
        let (mut stay, mut go) = (Vec::with_capacity(room(all.len() - count)), Vec::with_capacity(room(count)));
        for slot in all {
            let (bits, id) = (slot.get() >> before.number_bits(), before.number(slot.get()).unwrap_or_default());
            let to = if is_parted_off(&slot) { &mut go } else { &mut stay };
            to.push(Slot::of(bits >> 1 << after.number_bits() | u64::from(id)));
        }
        *slots = stay;
        self.tables.push(go);
    }
}

impl Default for KnownKeys {
    fn default() -> Self {
        Self::with_room(0)
    }
}

impl Spot {
    /// Of the 48 bits of a slot those of the number: the more tables there are, the less has to be kept of a start, and the
    /// greater the numbers. With `n` tables these are less than `n * MEAN`, and `n` less than two to the power of `bits + 1`.
    fn number_bits(self) -> u32 {
        48 - START + self.bits
    }

    fn slot(self, start: u64, id: u32) -> u64 {
        start >> self.bits << self.number_bits() | u64::from(id)
    }

    fn number(self, slot: u64) -> Option<u32> {
        u32::try_from(slot & ((1 << self.number_bits()) - 1)).ok()
    }
}

impl Slot {
    fn of(number: u64) -> Self {
        let part = |from: u32| u16::try_from(number >> from & 0xffff).unwrap_or_default();
        Self([part(32), part(16), part(0)])
    }

    fn get(self) -> u64 {
        let [high, middle, low] = self.0.map(u64::from);
        high << 32 | middle << 16 | low
    }
}

fn parted(key: UrlKey) -> (u64, Rest) {
    let bytes = *key.as_bytes();
    let start = u128::from_le_bytes(bytes) & ((1 << START) - 1);
    let [_, _, _, _, _, rest @ ..] = bytes;
    (u64::try_from(start).unwrap_or_default(), rest)
}

/// Where the first slot is that is not less than this one. It is looked for where it would be if slots were spread evenly;
/// where they are not, because somebody has picked keys, as in any ordered list.
fn place(slots: &[Slot], wanted: u64) -> usize {
    let guess = guess(slots, wanted);
    let (before, behind) = slots.split_at_checked(guess).unwrap_or((slots, &[]));
    let is_less = |slot: &&Slot| slot.get() < wanted;
    let up = behind.iter().take(NEAR).take_while(is_less).count();
    let down = if up > 0 { 0 } else { before.iter().rev().take(NEAR).take_while(|slot| !is_less(slot)).count() };
    if up == NEAR || down == NEAR {
        return slots.partition_point(|slot| slot.get() < wanted);
    }
    guess + up - down
}

/// Where a slot would be if slots were spread evenly.
fn guess(slots: &[Slot], wanted: u64) -> usize {
    usize::try_from(((wanted >> 16) * slots.len() as u64) >> 32).unwrap_or_default()
}

/// How many bits of a key are its start.
const START: u32 = 40;
/// How many keys there are for each table.
const MEAN: usize = 96;
/// By how many slots a table grows: few are spare, and it is not moved often, which costs more than all else.
const STEP: usize = 16;
/// How many slots a table has at first, when it is known to be needed: fewer than almost any will have.
const ROOM: usize = MEAN - STEP;
/// How far from where it should be a slot is looked for step by step.
const NEAR: usize = 32;

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::url::UrlRules;

    #[test]
    fn each_key_has_the_number_of_its_turn() {
        let rules = UrlRules::new(4096);
        let key = |n: u32| rules.parse(&format!("http://e.com/{n}")).unwrap().key();
        let mut known = KnownKeys::default();
        for n in 0..100_000 {
            assert_eq!(known.get(key(n)), None);
            assert_eq!(known.insert(key(n)), Some(n));
        }
        assert_eq!(known.tables.len(), 100_000_usize.div_ceil(MEAN));
        for n in 0..100_000 {
            assert_eq!(known.get(key(n)), Some(n));
        }
        assert!((100_000..200_000).all(|n| known.get(key(n)).is_none()));
    }

    #[test]
    fn a_key_takes_20_bytes_at_most() {
        let (mut known, mut random) = (KnownKeys::default(), fastrand::Rng::with_seed(7));
        let count = 300_000;
        for _ in 0..count {
            known.insert(UrlKey::of_bytes(random.u128(..).to_le_bytes())).unwrap();
        }
        let slots: usize = known.tables.iter().map(Vec::capacity).sum();
        let tables = known.tables.len() * size_of::<Vec<Slot>>();
        let bytes = count * size_of::<Rest>() + slots * size_of::<Slot>() + tables;
        assert!(
            bytes <= 18 * count,
            "{bytes} bytes without those of the allocator, which are 8 for each table and its gaps"
        );
    }

    #[test]
    fn with_room_for_them_keys_have_the_same_numbers() {
        let mut random = fastrand::Rng::with_seed(11);
        let keys: Vec<_> = (0..30_000).map(|_| UrlKey::of_bytes(random.u128(..).to_le_bytes())).collect();
        for room in [1, MEAN, MEAN + 1, 20_000, 30_000, 40_000] {
            let mut known = KnownKeys::with_room(room);
            for (id, key) in (0..).zip(&keys) {
                assert_eq!(known.insert_new(*key), Some(id));
            }
            assert_eq!(known.tables.len(), room.max(keys.len()).div_ceil(MEAN));
            assert!((0..).zip(&keys).all(|(id, key)| known.get(*key) == Some(id)), "{room}");
        }
    }

    /// Keys of which many have the same start, the same bits in one table, or the same rest: what no fingerprints would be.
    fn picked_key() -> impl Strategy<Value = UrlKey> {
        let byte = || prop_oneof![Just(0), Just(1), Just(0x80), Just(0xff), any::<u8>()];
        (proptest::collection::vec(byte(), 5), 0..4_u8).prop_map(|(start, rest)| {
            let mut key = [rest; 16];
            key.iter_mut().zip(start).for_each(|(to, byte)| *to = byte);
            UrlKey::of_bytes(key)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn picked_keys_are_told_apart_as_by_a_plain_map(keys in proptest::collection::vec(picked_key(), 0..2000)) {
            let (mut known, mut plain) = (KnownKeys::default(), HashMap::new());
            for key in &keys {
                prop_assert_eq!(known.get(*key), plain.get(key).copied());
                if plain.contains_key(key) {
                    prop_assert_eq!(known.insert_new(*key), None);
                } else {
                    let id = if plain.len() % 2 == 0 { known.insert(*key) } else { known.insert_new(*key) };
                    prop_assert_eq!(id, u32::try_from(plain.len()).ok());
                    plain.insert(*key, id.unwrap());
                }
            }
            for (key, id) in &plain {
                prop_assert_eq!(known.get(*key), Some(*id));
            }
        }
    }
}
