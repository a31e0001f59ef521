//! Checkpoints: how far an output is durable, as a store keeps it.

/// How far an output is durable. Kept by a store together with everything that led to the output, and given back at the
/// next start: the output is then cut back to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Checkpoint {
    /// A file that only ever grows.
    Length {
        /// So many bytes of it, which end with a whole piece.
        committed: u64,
        /// So many once corrected pieces are in its place, while they are about to be put there.
        amended: Option<u64>,
        /// The CRC-32 (ISO-HDLC) of the file as it is then; `None` when it is not known.
        crc: Option<u32>,
    },
}

impl Checkpoint {
    /// A file of so many bytes.
    pub fn length(committed: u64) -> Self {
        Self::Length { committed, amended: None, crc: None }
    }

    /// The same, with the CRC-32 (ISO-HDLC) of the file as it is once what was prepared is in its place.
    #[must_use]
    pub fn with_crc(self, crc: Option<u32>) -> Self {
        let Self::Length { committed, amended, .. } = self;
        Self::Length { committed, amended, crc }
    }

    /// The checksum of the file, once what was prepared for it is in its place; `None` when it is not known.
    pub fn settled_crc(&self) -> Option<u32> {
        let Self::Length { crc, .. } = self;
        *crc
    }

    /// How long the file is, once what was prepared for it is in its place.
    pub fn settled_length(&self) -> u64 {
        let Self::Length { committed, amended, .. } = self;
        amended.unwrap_or(*committed)
    }
}
