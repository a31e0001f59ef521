//! Where the next record starts, behind bytes that are none.

use std::io::{BufRead, Read, Result as IoResult};

use flate2::bufread::GzDecoder;
use memchr::memmem;

/// Looks for the start of a record, or of a gzip member that starts with one; how many bytes lie before it. `None` when there
/// is no other one.
///
/// It cannot be told from a record that is the payload of another, as an archive of archives has them: what is found is where
/// to go on, and not a promise.
pub(crate) fn next_start(mut from: impl BufRead) -> IoResult<Option<u64>> {
    let (mut passed, mut window) = (0, Vec::with_capacity(2 * WINDOW));
    loop {
        let read = (&mut from).take(WINDOW as u64).read_to_end(&mut window)?;
        let is_end = read < WINDOW;
        // The last bytes are looked at with those that come next, unless nothing comes.
        let sure = if is_end { window.len() } else { window.len().saturating_sub(LOOK_AHEAD) };
        if let Some(at) = find(&window, sure) {
            return Ok(Some(passed + at as u64));
        }
        if is_end {
            return Ok(None);
        }
        passed += sure as u64;
        window.drain(..sure);
    }
}

/// The first start before `sure` of these bytes.
fn find(window: &[u8], sure: usize) -> Option<usize> {
    let starts = |at: &usize| *at < sure;
    let plain = memmem::find_iter(window, VERSION)
        .take_while(starts)
        .find(|at| at.checked_sub(1).and_then(|before| window.get(before)).is_none_or(|before| *before == b'\n'));
    let member = memmem::find_iter(window, &MEMBER).take_while(starts).find(|at| {
        let mut start = [0; VERSION.len()];
        let bytes = window.get(*at..).unwrap_or_default();
        GzDecoder::new(bytes).read_exact(&mut start).is_ok() && start == *VERSION
    });
    [plain, member].into_iter().flatten().min()
}

/// What every record starts with.
const VERSION: &[u8; 5] = b"WARC/";
/// What every gzip member starts with (RFC 1952, section 2.3.1): two bytes that say so, and the only method there is.
const MEMBER: [u8; 3] = [0x1f, 0x8b, 8];
/// What is searched at once.
const WINDOW: usize = 64 << 10;
/// A member is known by its first bytes: of the head of a gzip member, with a name of a file in it, and of the first block.
const LOOK_AHEAD: usize = 4 << 10;

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn gzipped(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_record_starts_at_the_start_of_a_line_or_of_a_member() {
        let found = |bytes: &[u8]| next_start(bytes).unwrap();
        assert_eq!(found(b""), None);
        assert_eq!(found(b"WARC/1.1\r\n"), Some(0));
        assert_eq!(found(b"m\r\nWARC/1.0\r\n"), Some(3));
        assert_eq!(found(b"a WARC/1.0 in a line"), None);
        assert_eq!(found(b"a WARC/1.0 in a line\nWARC/1.0\r\n"), Some(21));
        let page = [b"..", &*gzipped(b"<html>")].concat();
        let before = page.len() as u64;
        assert_eq!(found(&page), None);
        assert_eq!(found(&[page.clone(), gzipped(b"WARC/1.1\r\n")].concat()), Some(before));
        assert_eq!(found(&[page, gzipped(b"WARC/1.1\r\n"), b"\nWARC/1.1".to_vec()].concat()), Some(before));
    }

    proptest! {
        #[test]
        fn it_is_found_wherever_it_is(
            before in prop_oneof![0..3 * WINDOW, WINDOW - 20..WINDOW + 20, WINDOW - LOOK_AHEAD - 20..WINDOW - LOOK_AHEAD + 20],
            is_member in any::<bool>(),
            behind in 0..2 * WINDOW,
        ) {
            let start = if is_member { gzipped(b"WARC/1.1\r\nA: b\r\n\r\n") } else { b"WARC/1.1\r\n".to_vec() };
            let bytes = [vec![b'\n'; before], start, vec![0; behind]].concat();
            prop_assert_eq!(next_start(&*bytes).unwrap(), Some(before as u64));
        }
    }
}
