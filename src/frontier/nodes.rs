//! What memory holds of each URL beside its key: four bytes.

use hashbrown::HashTable;

use super::node::{Node, NodeState, Position};
use super::segments::Segments;
use crate::error::{Error, Result};

/// The [`Node`] of each URL, by its number.
///
/// There are few [positions](Position) for many URLs: one for each host and each depth at which something of it lies. So each
/// is kept once, and of a URL its state and the number of its position.
#[derive(Debug, Default)]
pub(super) struct Nodes {
    /// The code of the state in the lowest bits.
    packed: Segments<u32>,
    positions: Positions,
}

/// Positions by the order in which they were met. None is forgotten: they are as many as URLs only where each is of a host of
/// its own, and a host takes a hundred times as much.
#[derive(Debug, Default)]
struct Positions {
    all: Segments<Position>,
    numbers: HashTable<u32>,
    /// That of the URL before: mostly it is the next one's too.
    last: Option<(Position, u32)>,
}

impl Nodes {
    pub(super) fn len(&self) -> usize {
        self.packed.len()
    }

    pub(super) fn get(&self, id: u32) -> Option<Node> {
        let packed = self.bits(id)?;
        let position = self.positions.all.get((packed >> STATE_BITS) as usize)?;
        Some(position.node(NodeState::of(packed & STATE)))
    }

    /// What is kept of a URL itself.
    pub(super) fn bits(&self, id: u32) -> Option<u32> {
        self.packed.get(id as usize)
    }

    /// Takes the next URL.
    pub(super) fn push(&mut self, node: Node) -> Result<()> {
        let packed = self.pack(node)?;
        self.packed.push(packed);
        Ok(())
    }

    pub(super) fn set(&mut self, id: u32, node: Node) -> Result<()> {
        let packed = self.pack(node)?;
        self.packed.set(id as usize, packed);
        Ok(())
    }

    /// Gives a URL another state, where it is.
    pub(super) fn set_state(&mut self, id: u32, state: NodeState) {
        if let Some(packed) = self.bits(id) {
            self.packed.set(id as usize, packed & !STATE | u32::from(state.code()));
        }
    }

    fn pack(&mut self, node: Node) -> Result<u32> {
        let number = self.positions.number(node.position()?).ok_or_else(too_many)?;
        Ok(number << STATE_BITS | u32::from(node.state.code()))
    }
}

impl Positions {
    /// The number of a position; `None` when there are too many.
    fn number(&mut self, position: Position) -> Option<u32> {
        let Self { all, numbers, last } = self;
        if let Some((_, number)) = last.filter(|(known, _)| *known == position) {
            return Some(number);
        }
        let found = numbers.find(position.hash(), |number| all.get(*number as usize) == Some(position)).copied();
        let number = if let Some(number) = found {
            number
        } else {
            let next = u32::try_from(all.len()).ok().filter(|number| *number <= u32::MAX >> STATE_BITS)?;
            all.push(position);
            let hash_of = |number: &u32| all.get(*number as usize).map_or(0, Position::hash);
            numbers.insert_unique(position.hash(), next, hash_of);
            next
        };
        *last = Some((position, number));
        Some(number)
    }
}

fn too_many() -> Error {
    Error::Internal("more than 268 million depths of hosts, which is as far as this frontier counts".to_owned())
}

const STATE_BITS: u32 = 4;
const STATE: u32 = (1 << STATE_BITS) - 1;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::frontier::lease::HostId;
    use crate::outcome::SkipReason;

    fn node() -> impl Strategy<Value = Node> {
        let states = SkipReason::ALL.into_iter().map(NodeState::Skipped);
        let states: Vec<_> = states.chain([NodeState::Pending, NodeState::Settled, NodeState::Elsewhere]).collect();
        let host = proptest::option::of((0..3_u32).prop_map(HostId));
        (0..4_u32, 0..2_u32, proptest::sample::select(states), host).prop_map(|(depth, hops, state, host)| Node {
            depth,
            hops,
            state,
            host,
        })
    }

    proptest! {
        #[test]
        fn each_node_is_as_it_was_set_last(
            first in proptest::collection::vec(node(), 1..50),
            then in proptest::collection::vec((0..50_u32, node()), 0..200),
        ) {
            let (mut nodes, mut plain) = (Nodes::default(), first.clone());
            for node in first {
                nodes.push(node).unwrap();
            }
            for (id, node) in then {
                let Some(slot) = plain.get_mut(id as usize) else { continue };
                if id % 2 == 0 {
                    *slot = node;
                    nodes.set(id, node).unwrap();
                } else {
                    slot.state = node.state;
                    nodes.set_state(id, node.state);
                }
            }
            prop_assert_eq!(nodes.len(), plain.len());
            for (id, node) in (0..).zip(&plain) {
                prop_assert_eq!(nodes.get(id), Some(*node));
            }
            prop_assert_eq!(nodes.get(u32::try_from(plain.len()).unwrap()), None);
        }
    }
}
