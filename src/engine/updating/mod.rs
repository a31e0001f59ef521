//! Updating: a crawl that takes the place of the one before it in its directory, once it is whole.
//!
//! It is a crawl of its own, in a directory in that of the other: store, outputs, commits and going on after a kill are those
//! of any crawl. What is more: its worker asks whether pages have changed, and at the end what has become of each page is
//! written, and the two change places.

mod beginning;
#[cfg(feature = "sqlite")]
mod beside;
mod in_place;
#[cfg(not(feature = "sqlite"))]
mod nowhere;
#[cfg(feature = "sqlite")]
mod retold;
mod told;

pub(super) use beginning::Beginning;
#[cfg(feature = "sqlite")]
pub(super) use beside::Updating;
pub(super) use in_place::close_in_place;
#[cfg(not(feature = "sqlite"))]
pub(super) use nowhere::Updating;
pub(super) use told::Told;
