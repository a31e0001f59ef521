//! The checksum of a file that grows, with the file: taken of the bytes on their way, so nothing is read again for it.

use std::fs::File;
use std::io::{self, Write};

use crc32fast::Hasher;

/// The CRC-32 of the first bytes of a file; nothing when those of an earlier run were not summed up.
#[derive(Debug, Clone)]
pub(super) struct Sum(Option<Hasher>);

/// A file with the checksum of what was written to it.
#[derive(Debug)]
pub(super) struct Summed {
    pub(super) file: File,
    pub(super) sum: Sum,
}

impl Sum {
    /// Of no bytes.
    pub(super) fn new() -> Self {
        Self(Some(Hasher::new()))
    }

    /// Goes on behind so many bytes, of which the sum is known or not.
    pub(super) fn after(length: u64, sum: Option<u32>) -> Self {
        if length == 0 { Self::new() } else { Self(sum.map(|sum| Hasher::new_with_initial_len(sum, length))) }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        if let Some(hasher) = &mut self.0 {
            hasher.update(bytes);
        }
    }

    /// What it comes to so far.
    pub(super) fn value(&self) -> Option<u32> {
        self.0.clone().map(Hasher::finalize)
    }
}

impl Write for Summed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sum.add(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_crc_of_all_that_came_however_it_came() {
        // The check value of CRC-32/ISO-HDLC (catalogue of parametrised CRC algorithms).
        let check = |sum: &Sum| assert_eq!(sum.value(), Some(0xcbf4_3926));
        let mut whole = Sum::new();
        whole.add(b"123456789");
        check(&whole);
        let mut first = Sum::after(0, None);
        first.add(b"1234");
        let mut second = Sum::after(4, first.value());
        second.add(b"56789");
        check(&second);
        let mut unknown = Sum::after(4, None);
        unknown.add(b"56789");
        assert_eq!(unknown.value(), None);
        let folder = tempfile::tempdir().unwrap();
        let mut file = Summed { file: File::create(folder.path().join("a")).unwrap(), sum: Sum::new() };
        file.write_all(b"123456789").unwrap();
        check(&file.sum);
    }
}
