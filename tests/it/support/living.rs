//! A site that lives: pages with validators, which are edited between one crawl and the next, and every byte of its answers
//! counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::{Arc, Mutex};

use super::{Arrival, Reply, Server};

/// What a path is answered with.
#[derive(Debug, Clone, Hash, PartialEq, Eq)]
pub(crate) enum Page {
    /// A page, with the `ETag` of its body.
    Html(String),
    /// The same, with more header lines.
    HtmlWith(String, Vec<(String, String)>),
    /// A page whose host has no validators.
    Unnamed(String),
    /// It is elsewhere.
    To(u16, String),
    /// This status.
    Status(u16),
}

/// The pages of a site, by their paths. What is not among them is a 404.
#[derive(Debug, Clone, Default)]
pub(crate) struct Living(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    pages: BTreeMap<String, Page>,
    bytes: usize,
    not_modified: usize,
}

impl Living {
    pub(crate) fn new(pages: BTreeMap<String, Page>) -> Self {
        Self(Arc::new(Mutex::new(State { pages, ..State::default() })))
    }

    /// Edits the site.
    pub(crate) fn edit(&self, edit: impl FnOnce(&mut BTreeMap<String, Page>)) {
        edit(&mut self.0.lock().unwrap().pages);
    }

    /// The pages as they are.
    pub(crate) fn pages(&self) -> BTreeMap<String, Page> {
        self.0.lock().unwrap().pages.clone()
    }

    /// The bytes of all answers since this was last asked, and how many of these were 304.
    pub(crate) fn take_sent(&self) -> (usize, usize) {
        let mut state = self.0.lock().unwrap();
        (std::mem::take(&mut state.bytes), std::mem::take(&mut state.not_modified))
    }

    pub(crate) fn serve(&self) -> Server {
        let site = self.clone();
        Server::start(move |arrival: &Arrival| site.answer(arrival))
    }

    fn answer(&self, arrival: &Arrival) -> Reply {
        let mut state = self.0.lock().unwrap();
        let (body, more, has_tag) = match state.pages.get(&arrival.path) {
            Some(Page::Html(body)) => (body.clone(), Vec::new(), true),
            Some(Page::HtmlWith(body, more)) => (body.clone(), more.clone(), true),
            Some(Page::Unnamed(body)) => (body.clone(), Vec::new(), false),
            other => {
                let reply = match other {
                    Some(Page::To(status, to)) => Reply::redirect(*status, to),
                    Some(Page::Status(status)) => Reply::new(*status),
                    _ => Reply::new(404),
                };
                state.bytes += reply.wire().len();
                return reply;
            }
        };
        let tag = format!("\"{:x}\"", hash(&body));
        let is_known = has_tag && arrival.header("if-none-match") == Some(&*tag);
        let mut reply = if is_known { Reply::new(304) } else { Reply::html(body) };
        if has_tag {
            reply = reply.header("ETag", &tag);
        }
        let reply = more.iter().fold(reply, |reply, (name, value)| reply.header(name, value));
        state.bytes += reply.wire().len();
        state.not_modified += usize::from(is_known);
        reply
    }
}

/// Words that nobody else says, as a text of so many bytes at least.
pub(crate) fn words(of: &str, length: usize) -> String {
    let (mut text, mut seed) = (String::new(), hash(of));
    while text.len() < length {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word: String =
            (0..6).map(|n| char::from(b'a' + u8::try_from((seed >> (8 * n + 8)) % 26).unwrap())).collect();
        write!(text, "{word} ").unwrap();
    }
    text
}

fn hash(of: &(impl std::hash::Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}
