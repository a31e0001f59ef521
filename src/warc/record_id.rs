//! Names of records: `<urn:uuid:…>`.

use std::fmt;

/// The name of one record, which no other record has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct RecordId(u128);

impl RecordId {
    /// The name that these 128 bits make: they have to be such that nobody else has them.
    pub(crate) fn new(bits: u128) -> Self {
        // RFC 9562, section 5.8: version 8, whose bits are whatever its maker says, and the variant of that standard.
        Self(bits & !(0xf << 76) & !(0x3 << 62) | 0x8 << 76 | 0x2 << 62)
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |from: u32, digits: u32| self.0 >> from & ((1 << (digits * 4)) - 1);
        write!(
            f,
            "<urn:uuid:{:08x}-{:04x}-{:04x}-{:04x}-{:012x}>",
            part(96, 8),
            part(80, 4),
            part(64, 4),
            part(48, 4),
            part(0, 12)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_uuid_of_version_8() {
        assert_eq!(RecordId::new(0).to_string(), "<urn:uuid:00000000-0000-8000-8000-000000000000>");
        assert_eq!(RecordId::new(u128::MAX).to_string(), "<urn:uuid:ffffffff-ffff-8fff-bfff-ffffffffffff>");
        let bits = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef;
        assert_eq!(RecordId::new(bits).to_string(), "<urn:uuid:01234567-89ab-8def-8123-456789abcdef>");
    }
}
