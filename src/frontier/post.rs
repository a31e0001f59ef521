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

    /// Sends a letter that is not about a page, with the next changes.
    pub fn send(&mut self, letter: Letter) {
        self.unsent.push(letter);
    }

    /// Says that a letter that is not about a page has had its effect: what else is kept of that goes with the next changes.
    pub fn is_read(&mut self, bucket: Bucket, letter: u64) -> Result<()> {
        if self.graph(bucket).is_none() {
            // It is its next owner's.
            return Ok(());
        }
        self.on(bucket, |graph| {
            graph.changes.push(Change::Read { letter });
            Ok(())
        })
    }

    /// Takes a letter out of a store; whether its bucket is here. `refuses` gives the rules for the text of a URL.
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
