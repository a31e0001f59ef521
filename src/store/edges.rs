//! The edges of a page as bytes: numbers of URLs, small because they lie close together.

use crate::error::{Error, Result};
use crate::frontier::Edge;

/// For each edge the distance to the one before, zigzag, with the redirect in its lowest bit, as LEB128. What a page links
/// to was mostly found on the same page or on its neighbours, so most edges take one or two bytes.
pub(super) fn encode(edges: &[Edge]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(edges.len() * 2);
    let mut last = 0;
    for edge in edges {
        let distance = i64::from(edge.to) - last;
        last = i64::from(edge.to);
        let zigzag = (distance << 1) ^ (distance >> 63);
        let mut rest = (zigzag.cast_unsigned() << 1) | u64::from(edge.redirect);
        while rest >= 0x80 {
            bytes.push(low_bits(rest) | 0x80);
            rest >>= 7;
        }
        bytes.push(low_bits(rest));
    }
    bytes
}

pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Edge>> {
    let (mut edges, mut last) = (Vec::with_capacity(bytes.len() / 2), 0_i64);
    let (mut value, mut shift) = (0_u64, 0);
    for byte in bytes {
        if shift > 56 {
            return Err(damaged());
        }
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            let zigzag = value >> 1;
            let distance = (zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed();
            last = last.checked_add(distance).ok_or_else(damaged)?;
            let to = u32::try_from(last).map_err(|_| damaged())?;
            edges.push(Edge { to, redirect: value & 1 == 1 });
            (value, shift) = (0, 0);
        }
    }
    if shift > 0 { Err(damaged()) } else { Ok(edges) }
}

fn low_bits(value: u64) -> u8 {
    u8::try_from(value & 0x7f).expect("seven bits fit")
}

fn damaged() -> Error {
    Error::Damaged("the links of a page are not readable".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_decoded_is_what_was_encoded(edges in proptest::collection::vec(any::<(u32, bool)>(), 0..50)) {
            let edges: Vec<Edge> = edges.into_iter().map(|(to, redirect)| Edge { to, redirect }).collect();
            prop_assert_eq!(decode(&encode(&edges)).unwrap(), edges);
        }

        #[test]
        fn any_bytes_are_edges_or_damaged(bytes in proptest::collection::vec(any::<u8>(), 0..50)) {
            if let Ok(edges) = decode(&bytes) {
                prop_assert_eq!(decode(&encode(&edges)).unwrap(), edges);
            }
        }
    }

    #[test]
    fn neighbours_take_a_byte() {
        let edges: Vec<Edge> = (1000..1100).map(|to| Edge { to, redirect: false }).collect();
        assert_eq!(encode(&edges).len(), 101);
    }
}
