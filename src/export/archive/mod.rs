//! The archive of a crawl in the forms in which other programs look at it: an index beside it, and one file with all.

mod datapackage;
mod index;
mod page_list;
mod sorted_lines;
mod wacz;
mod zip_num;

pub(crate) use index::index;
pub(crate) use wacz::{Wacz, wacz};
