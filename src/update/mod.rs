//! Update: what a crawl has found, compared with what the one before it in the same directory had.

mod compare;
mod due;
mod earlier;
mod lines;
mod pages;
mod pass;
#[cfg(feature = "sqlite")]
mod sides;
mod unasked;
mod unknown;

pub(crate) use due::Choice;
pub(crate) use earlier::{Earlier, Known};
pub(crate) use pass::write_changes;
#[cfg(feature = "sqlite")]
pub(crate) use sides::{pages_of, unasked_of};
