//! Elsewhere: what a page leads to in another bucket, and what that bucket is told of it.

use std::sync::Arc;

use super::bucket::{Bucket, Split};
use super::change::{Change, Row, StoredUrl};
use super::found::{Refuses, Room};
use super::graph::{Graph, Others};
use super::letter::{Letter, LetterKind, Mail, key_of_part};
use super::near::Source;
use super::node::{NO_WAY, Node, NodeState, PART, Path};
use super::paths::{Link, PathTo, Verdict, length, too_many};
use crate::error::Result;
use crate::outcome::SkipReason;
use crate::url::{CrawlUrl, Target};

impl Graph {
    /// Whether what a link leads to is at home in another bucket, and in which.
    pub(super) fn other_home(&self, target: &Target) -> Option<Bucket> {
        if self.split == Split::ONE {
            return None;
        }
        Some(self.split.of(target)).filter(|home| *home != self.bucket)
    }

    /// Takes note of a URL of another bucket that was found on a page, unless there is no room for it; its number. Its home
    /// is told when it is new here, and when this way is shorter. What is new there too takes room.
    pub(super) fn found_elsewhere(
        &mut self,
        home: Bucket,
        target: Target,
        skip: Option<SkipReason>,
        link: Link<'_>,
        room: &mut Room,
        others: Others<'_>,
    ) -> Result<Option<u32>> {
        let Link { way, is_path, .. } = link;
        let is_part = way.hops & PART != 0;
        let key = if is_part { key_of_part(target.key()) } else { target.key() };
        if let Some(id) = self.known.get(key) {
            if is_path && self.is_shorter_elsewhere(id, way)? {
                self.move_elsewhere(id, way)?;
                self.send(id, home, target, way, skip)?;
            }
            return Ok(Some(id));
        }
        let is_new = !others.know(home, target.key());
        if is_new && !room.takes(length(target.text(), way.link_text.map(|text| &**text))) {
            return Ok(None);
        }
        let id = self.known.insert(key).ok_or_else(too_many)?;
        let (depth, hops, state) = (way.depth, way.hops, NodeState::Elsewhere);
        self.nodes.push(Node { depth, hops, state, host: None })?;
        let (referrer, referrer_url) = way.referrer();
        self.changes.push(Change::Found(StoredUrl {
            id,
            text: Arc::clone(target.text()),
            key,
            path: Path { depth, hops, referrer },
            referrer_url,
            mention: way.mention,
            link_text: way.link_text.cloned(),
            state,
            host: None,
        }));
        self.outbox.push(letter(home, target, way, skip));
        Ok(Some(id))
    }

    /// Takes a way to a URL of another bucket that is told again, if it is shorter: its home is told once its text is here.
    pub(super) fn shorten_elsewhere(&mut self, id: u32, way: PathTo<'_>) -> Result<()> {
        if self.is_shorter_elsewhere(id, way)? {
            self.move_elsewhere(id, way)?;
            self.sending.insert(id);
        }
        Ok(())
    }

    /// Tells the home of a URL that it lies less deep than was told before.
    pub(super) fn supply_elsewhere(&mut self, row: Row) -> Result<()> {
        let Node { depth, hops, .. } = self.node(row.id)?;
        // It may have moved again since the question was answered: then it is asked again, for where that is.
        if row.place != (depth, hops) {
            self.sending.insert(row.id);
            return Ok(());
        }
        let key = if hops & PART != 0 { key_of_part(row.key) } else { row.key };
        let target = Target::Url(CrawlUrl::stored(row.text, key));
        let source = row.referrer.map(|text| Source { id: None, text });
        let way = PathTo { depth, hops, from: source.as_ref(), ..PathTo::START };
        let mut letter = letter(self.split.of(&target), target, way, None);
        letter.is_told_again = true;
        self.outbox.push(letter);
        self.changes.push(Change::Told { id: row.id });
        Ok(())
    }

    /// Takes what another bucket tells. Whoever is to judge does it by these rules, as of any link.
    pub(super) fn arrive(&mut self, letter: Letter, refuses: Refuses<'_>) -> Result<()> {
        let (kind, is_path) = (letter.link_kind(), letter.kind != LetterKind::Nofollow);
        let Letter { kind: told, target, depth, hops, referrer, mention, link_text, skip, is_told_again, .. } = letter;
        if let (LetterKind::Seed, Target::Url(url)) = (told, &target) {
            return self.add_seed(url.clone());
        }
        let source = referrer.map(|text| Source { id: None, text });
        let way =
            PathTo { depth, hops, from: source.as_ref(), mention, link_text: link_text.as_ref(), ..PathTo::START };
        let is_path = is_path && matches!(target, Target::Url(_));
        let known = self.known.get(target.key());
        if let (Some(id), Target::Url(url), true) = (known, &target, is_told_again)
            && self.node(id)?.hops != NO_WAY
        {
            // As what is told again within a bucket: the rules have been asked.
            return self.shorten(id, Some(url), PathTo { verdict: Verdict::Unknown, ..way });
        }
        let (link, mut room) = (Link { way, kind, is_path }, Room::UNBOUNDED);
        self.take_link(target, skip, link, known, &mut room, refuses).map(drop)
    }

    /// Takes a letter out of a store: it is not there any more once what it has changed is kept.
    pub(super) fn read(&mut self, mail: Mail, refuses: Refuses<'_>) -> Result<()> {
        self.arrive(mail.letter, refuses)?;
        self.changes.push(Change::Read { letter: mail.id });
        Ok(())
    }

    /// A way that may be followed is shorter than any that may not.
    fn is_shorter_elsewhere(&self, id: u32, way: PathTo<'_>) -> Result<bool> {
        let node = self.node(id)?;
        let hops = if node.is_part() { way.hops | PART } else { way.hops };
        Ok(node.hops == NO_WAY || (way.depth, hops) < (node.depth, node.hops))
    }

    fn move_elsewhere(&mut self, id: u32, way: PathTo<'_>) -> Result<()> {
        let node = self.node(id)?;
        let hops = if node.is_part() { way.hops | PART } else { way.hops };
        self.set(id, Node { depth: way.depth, hops, ..node })?;
        let (referrer, referrer_url) = way.referrer();
        let link_text = way.link_text.cloned();
        self.changes.push(Change::Moved { id, referrer, referrer_url, mention: way.mention, link_text });
        self.tell_place(id)
    }

    /// Sends a letter about a URL whose place is told: nobody has to look for it again.
    fn send(&mut self, id: u32, home: Bucket, target: Target, way: PathTo<'_>, skip: Option<SkipReason>) -> Result<()> {
        let Node { depth, hops, .. } = self.node(id)?;
        self.outbox.push(letter(home, target, PathTo { depth, hops, ..way }, skip));
        self.sending.remove(&id);
        self.changes.push(Change::Told { id });
        Ok(())
    }
}

fn letter(to: Bucket, target: Target, way: PathTo<'_>, skip: Option<SkipReason>) -> Letter {
    let kind = if way.hops == NO_WAY { LetterKind::Nofollow } else { LetterKind::Link };
    Letter {
        to,
        kind,
        target,
        depth: way.depth,
        hops: way.hops,
        referrer: way.from.map(|from| Arc::clone(&from.text)),
        mention: way.mention,
        link_text: way.link_text.cloned(),
        skip,
        is_told_again: false,
        body: None,
    }
}
