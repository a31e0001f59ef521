//! Said: what commits have said beside answers, on its way to the dispatcher.

use std::time::Instant;

use tokio::sync::mpsc;

use super::tenure::Renewals;
use crate::error::Result;
use crate::frontier::{Mail, Rows};
use crate::store::{Committed, News, Store};

/// What commits have said, in their order.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) answers: Vec<Rows>,
    told: Told,
    /// When the last of them was begun, and until when what is here may be asked by it.
    term: Option<(Instant, Option<Instant>)>,
}

/// What others have to tell this process.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) mail: Vec<Mail>,
    pub(super) news: Vec<News>,
}

/// The way of that to the dispatcher. The writer never waits for it: what there is no room for stays here, and until it is on its way
/// no more letters are taken from the store.
#[derive(Debug)]
pub(super) struct Outgoing {
    to: mpsc::Sender<Told>,
    waiting: Told,
    /// How many have gone.
    gone: u64,
    renewals: Renewals,
}

/// What has become of what waits to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// There was nothing.
    Nothing,
    /// It is on its way.
    Gone,
    /// There is no room for it yet.
    Waits,
}

impl Said {
    /// Makes everything durable.
    pub(super) fn committing(store: &mut dyn Store) -> Result<Self> {
        let began = Instant::now();
        let Committed { answers, mail, news, valid_until } = store.commit(began)?;
        Ok(Self { answers, told: Told { mail, news }, term: Some((began, valid_until)) })
    }

    /// Puts what was said later behind this.
    pub(super) fn add(&mut self, later: Self) {
        self.answers.extend(later.answers);
        self.told.add(later.told);
        self.term = later.term.or(self.term);
    }
}

impl Told {
    fn add(&mut self, mut later: Self) {
        self.mail.append(&mut later.mail);
        self.news.append(&mut later.news);
    }

    fn is_nothing(&self) -> bool {
        self.mail.is_empty() && self.news.is_empty()
    }
}

impl Outgoing {
    pub(super) fn new(to: mpsc::Sender<Told>, renewals: Renewals) -> Self {
        Self { to, waiting: Told::default(), gone: 0, renewals }
    }

    /// Takes what was said; the answers, which have a way of their own.
    pub(super) fn take(&mut self, said: Said) -> Vec<Rows> {
        if let Some((began, until)) = said.term {
            self.renewals.renew(began, until);
        }
        self.waiting.add(said.told);
        said.answers
    }

    /// Sends what waits on its way, if there is room.
    pub(super) fn send(&mut self) -> Sent {
        if self.waiting.is_nothing() {
            return Sent::Nothing;
        }
        // Without a reader, none is needed.
        let Ok(place) = self.to.try_reserve() else { return Sent::Waits };
        place.send(std::mem::take(&mut self.waiting));
        self.gone += 1;
        Sent::Gone
    }

    /// Whether somebody who has read so many of them has read all.
    pub(super) fn is_read(&self, read: u64) -> bool {
        self.gone == read && self.waiting.is_nothing()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tenure::Tenure;
    use crate::observe::State;

    fn over() -> Said {
        let told = Told { mail: Vec::new(), news: vec![News::Over(State::Complete)] };
        Said { told, ..Said::default() }
    }

    #[test]
    fn what_there_is_no_room_for_waits_and_comes_together_in_its_order() {
        let ((renewals, _), (to, mut from)) = (Tenure::new(), mpsc::channel(1));
        let mut outgoing = Outgoing::new(to, renewals);
        assert!(outgoing.send() == Sent::Nothing && outgoing.is_read(0));
        outgoing.take(over());
        assert!(!outgoing.is_read(0), "it waits");
        assert_eq!(outgoing.send(), Sent::Gone);
        for _ in 0..2 {
            outgoing.take(over());
            assert_eq!(outgoing.send(), Sent::Waits);
        }
        assert!(!outgoing.is_read(1));
        assert_eq!(from.try_recv().unwrap().news.len(), 1);
        assert_eq!(outgoing.send(), Sent::Gone);
        assert_eq!(from.try_recv().unwrap().news.len(), 2);
        assert!(outgoing.is_read(2) && !outgoing.is_read(1));
    }
}
