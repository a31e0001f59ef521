//! Bodies that say they are encoded and are not.
//!
//! Proxies and frameworks that decode a body forget to take the label off. What is text and nothing of which can be
//! decoded is no damaged body: it is left as it is.

use super::coding::{Coding, Emit, Stop};

/// A coding that is doubted until it has given something.
pub(super) struct Doubted {
    coding: Box<dyn Coding>,
    state: Trust,
}

enum Trust {
    /// Nothing was decoded yet of these bytes.
    Doubt(Vec<u8>),
    /// Nothing of these bytes can be decoded. What they are is told by so many of them, however they arrive.
    Suspect(Vec<u8>, Stop),
    /// The body is encoded as it says.
    Encoded,
    /// The body is not encoded.
    Plain,
}

impl Doubted {
    pub(super) fn new(coding: Box<dyn Coding>) -> Self {
        Self { coding, state: Trust::Doubt(Vec::new()) }
    }
}

impl Coding for Doubted {
    fn push(&mut self, data: &[u8], emit: &mut Emit<'_>) -> Result<(), Stop> {
        let before = match &mut self.state {
            Trust::Encoded => return self.coding.push(data, emit),
            Trust::Plain => return emit(data),
            Trust::Suspect(held, _) => {
                held.extend_from_slice(data);
                return if held.len() < SNIFFED && is_text(held) { Ok(()) } else { self.decide(emit) };
            }
            Trust::Doubt(before) => before,
        };
        let mut has_given = false;
        let pushed = self.coding.push(data, &mut |piece| {
            has_given |= !piece.is_empty();
            emit(piece)
        });
        match pushed {
            Err(damage @ Stop::Damaged(_)) if !has_given => {
                let held = std::mem::take(before);
                self.state = Trust::Suspect(held, damage);
                self.push(data, emit)
            }
            Ok(()) if !has_given && before.len() + data.len() <= MAX_DOUBT => {
                before.extend_from_slice(data);
                Ok(())
            }
            pushed => {
                self.state = Trust::Encoded;
                pushed
            }
        }
    }

    fn finish(&mut self, emit: &mut Emit<'_>) -> Result<(), Stop> {
        match self.state {
            Trust::Plain => Ok(()),
            Trust::Suspect(..) => self.decide(emit),
            Trust::Doubt(_) | Trust::Encoded => self.coding.finish(emit),
        }
    }
}

impl Doubted {
    /// Says what a body is of which nothing can be decoded, by its first bytes.
    fn decide(&mut self, emit: &mut Emit<'_>) -> Result<(), Stop> {
        match std::mem::replace(&mut self.state, Trust::Plain) {
            Trust::Suspect(held, _) if is_text(held.get(..SNIFFED).unwrap_or(&held)) => emit(&held),
            Trust::Suspect(_, damage) => Err(damage),
            known => {
                self.state = known;
                Ok(())
            }
        }
    }
}

/// Whether it holds no binary data byte (MIME Sniffing Standard, section 3).
fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().any(|byte| matches!(byte, 0..=8 | 0x0B | 0x0E..=0x1A | 0x1C..=0x1F))
}

/// A coding that has given nothing of so many bytes is taken at its word: no text looks like one for so long.
const MAX_DOUBT: usize = 64 << 10;

/// By so many bytes at the start of a body it is told what it is (MIME Sniffing Standard, section 5.2).
const SNIFFED: usize = 1445;
