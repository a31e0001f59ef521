//! The post: letters from bucket to bucket, and what is told to one that may not be here.

use super::bucket::Bucket;
use super::buckets::Frontier;
use super::change::Change;
use super::found::{Found, Refuses};
use super::letter::{Letter, LetterKind, Mail};
use crate::error::Result;
use crate::url::{CrawlUrl, LinkKind, Target};

impl Frontier {
    /// Makes a URL known and pending at depth 0.
    pub fn add_seed(&mut self, url: CrawlUrl) -> Result<()> {
        let to = self.split.of_url(&url);
        if self.graph(to).is_some() {
            return self.on(to, |graph| graph.add_seed(url));
        }
        let found =
            Found { target: Target::Url(url), kind: LinkKind::Follow, mention: None, link_text: None, skip: None };
        self.unsent.push(Letter::unsigned(to, LetterKind::Seed, found));
        Ok(())
    }

    /// Makes what a sitemap lists known at depth 0, in this order, and pending unless its `skip` says otherwise.
    pub fn add_listed(&mut self, found: Vec<Found>) -> Result<()> {
        for found in found {
            let to = self.split.of(&found.target);
            if self.graph(to).is_some() {
                self.on(to, |graph| graph.add_listed(found))?;
            } else {
                self.unsent.push(Letter::unsigned(to, LetterKind::Listed, found));
            }
        }
        Ok(())
    }

    /// Takes a letter out of a store; whether its bucket is here. `refuses` gives the rules for the text of a URL.
    #[cfg_attr(
        not(any(test, feature = "internals")),
        expect(dead_code, reason = "a crawl on one machine has one bucket, which it keeps and which gets no letters")
    )]
    pub fn read(&mut self, mail: Mail, refuses: Refuses<'_>) -> Result<bool> {
        let bucket = mail.letter.to;
        if self.graph(bucket).is_none() {
            return Ok(false);
        }
        self.on(bucket, |graph| graph.read(mail, refuses)).map(|()| true)
    }

    /// Brings what a bucket has written to those that are here, and hands the rest over to be kept: both within this step.
    pub(super) fn deliver(&mut self, from: Bucket, refuses: Refuses<'_>) -> Result<()> {
        let Some(graph) = self.graphs.get_mut(from.index()).and_then(Option::as_mut) else { return Ok(()) };
        if graph.outbox.is_empty() {
            return Ok(());
        }
        for letter in std::mem::take(&mut graph.outbox) {
            let to = letter.to;
            if self.graph(to).is_some() {
                self.on(to, |graph| graph.arrive(letter, refuses))?;
            } else {
                self.on(from, |graph| {
                    graph.changes.push(Change::Sent(Box::new(letter)));
                    Ok(())
                })?;
            }
        }
        Ok(())
    }
}
