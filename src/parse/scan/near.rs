//! Searches for what is mostly a few bytes away.

/// Where a byte comes first. `memchr` finds out each time what the machine can do and calls that; here this takes longer
/// than to look at sixteen bytes, which every x86-64 can do at once.
#[inline]
pub(super) fn near(byte: u8, text: &[u8]) -> Option<usize> {
    #[cfg(target_arch = "x86_64")]
    if let Some(search) = memchr::arch::x86_64::sse2::memchr::One::new(byte) {
        return search.find(text);
    }
    memchr::memchr(byte, text)
}

/// The next eight bytes, and how many of them come before the first one below `@`: letters are above it, and white
/// space, `/`, `=` and `>` are below. `None` when none of the eight is, or there are not as many.
#[inline]
pub(super) fn letters(text: &[u8]) -> Option<(u64, usize)> {
    let chunk = u64::from_le_bytes(*text.first_chunk()?);
    // Their two highest bits are zero.
    let below = !(chunk | chunk << 1) & HIGHEST_BITS;
    (below != 0).then_some((chunk, below.trailing_zeros() as usize / 8))
}

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
