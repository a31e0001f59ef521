//! Searches for what is mostly a few bytes away.

/// Where a byte comes first: mostly among the next eight. `memchr` finds out each time what the machine can do and calls that;
/// here this takes longer than to look at sixteen bytes, which every x86-64 can do at once.
#[inline]
pub(crate) fn near(byte: u8, text: &[u8]) -> Option<usize> {
    if let Some((chunk, rest)) = text.split_first_chunk() {
        let found = places_of(byte, u64::from_le_bytes(*chunk));
        if found != 0 {
            return Some(first_of(found));
        }
        return farther(byte, rest).map(|at| chunk.len() + at);
    }
    text.iter().position(|other| *other == byte)
}

#[inline]
fn farther(byte: u8, text: &[u8]) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    if let Some(search) = memchr::arch::x86_64::sse2::memchr::One::new(byte) {
        return search.find(text);
    }
    memchr::memchr(byte, text)
}

/// The next eight bytes, and how many of them come before the first one below `@`: letters are above it, and white
/// space, `/`, `=` and `>` are below. `None` when none of the eight is, or there are not as many.
#[inline]
pub(crate) fn letters(text: &[u8]) -> Option<(u64, usize)> {
    let chunk = u64::from_le_bytes(*text.first_chunk()?);
    // Their two highest bits are zero.
    let below = !(chunk | chunk << 1) & HIGHEST_BITS;
    (below != 0).then_some((chunk, first_of(below)))
}

/// Whether one of three bytes is in a text. Most texts that are asked about are values of attributes, so short that `memchr`
/// takes longer to begin than this to end.
#[inline]
pub(crate) fn has_one_of(bytes: [u8; 3], text: &[u8]) -> bool {
    if text.len() > FAR {
        let [first, second, third] = bytes;
        return memchr::memchr3(first, second, third, text).is_some();
    }
    let Some(last) = text.last_chunk() else { return text.iter().any(|byte| bytes.contains(byte)) };
    let (chunks, _) = text.as_chunks();
    // The last chunk has what is left of the others, and mostly more.
    chunks.iter().chain([last]).any(|chunk| {
        let chunk = u64::from_le_bytes(*chunk);
        bytes.iter().fold(0, |all, byte| all | places_of(*byte, chunk)) != 0
    })
}

/// The highest bit of each byte of a chunk that is this one. Above the first that is, there may be others.
#[inline]
fn places_of(byte: u8, chunk: u64) -> u64 {
    // Those are zero now, and only they, and what borrows from them, come out with that bit.
    let differs = chunk ^ LOWEST_BITS.wrapping_mul(u64::from(byte));
    differs.wrapping_sub(LOWEST_BITS) & !differs & HIGHEST_BITS
}

/// In which byte the lowest of these bits is.
#[inline]
fn first_of(bits: u64) -> usize {
    bits.trailing_zeros() as usize / 8
}

/// From this length on `memchr` is quicker.
const FAR: usize = 64;
const LOWEST_BITS: u64 = 0x0101_0101_0101_0101;
const HIGHEST_BITS: u64 = 0x8080_8080_8080_8080;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_wherever_it_is() {
        for length in 0..120 {
            for other in [0, 1, b'<' - 1, b'<' + 1, b'<' ^ 0x80, 0xFF] {
                let mut text = vec![other; length];
                assert_eq!(near(b'<', &text), None);
                for at in (0..length).rev() {
                    text[at] = b'<';
                    assert_eq!(near(b'<', &text), Some(at), "{length} {at} {other}");
                }
            }
        }
    }

    #[test]
    fn one_of_three_bytes_is_found_wherever_it_is() {
        for length in 0..2 * FAR {
            for other in [1, b'&' - 1, b'&' + 1, b'&' ^ 0x80, 0x80, 0xFF] {
                let mut text = vec![other; length];
                assert!(!has_one_of([b'&', b'\r', 0], &text), "{length} {other}");
                for at in 0..length {
                    for byte in [b'&', b'\r', 0] {
                        text[at] = byte;
                        assert!(has_one_of([b'&', b'\r', 0], &text), "{length} {at} {other}");
                    }
                    text[at] = other;
                }
            }
        }
    }

    #[test]
    fn letters_end_at_the_first_byte_below_them() {
        for byte in 0..=u8::MAX {
            for at in 0..8 {
                let mut text = *b"spanCodeX";
                text[at] = byte;
                let length = letters(&text).map(|(chunk, length)| {
                    assert_eq!(chunk.to_le_bytes(), text[..8]);
                    length
                });
                assert_eq!(length, (byte < b'@').then_some(at), "{byte} {at}");
            }
        }
        assert_eq!(letters(b"a href>"), None);
    }
}
