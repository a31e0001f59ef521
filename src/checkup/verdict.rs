//! Verdicts: what a URL's answer means for a link that leads to it.

use super::answers::{Answer, Answers, End, Landing};
use super::keys::Key;
use super::link_rules as rules;
use super::mixed::Mixed;
use super::{Detail, Hop, Rule};
use crate::outcome::{FailureKind, SkipReason};

/// What is to be said of a link.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It leads to this page, and that is there.
    Fine(Key),
    /// Nobody has asked for what it leads to, for this reason.
    Unasked(Unasked),
    /// It is wrong, by this rule. With the page that it leads to all the same.
    Wrong(&'static Rule, Detail, Option<Key>),
}

/// Why nobody has asked for what a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Unasked {
    Skipped(SkipReason),
    /// The robots.txt of its host could not be read, and nothing is allowed there then.
    NoRobots,
    /// It is not its turn yet.
    Pending,
    /// It is of a kind that the crawl does not follow.
    Kind,
}

impl Unasked {
    /// The name in outputs.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Skipped(reason) => reason.name(),
            Self::NoRobots => "robots_unread",
            Self::Pending => "pending",
            Self::Kind => "kind",
        }
    }

    /// Why that is, for a person.
    pub(super) fn told(self) -> &'static str {
        match self {
            Self::Skipped(SkipReason::Scope) => "out of scope",
            Self::Skipped(SkipReason::Depth) => "deeper than `depth`",
            Self::Skipped(SkipReason::Robots) => "robots.txt disallows it",
            Self::Skipped(SkipReason::Limit) => "a limit was reached before",
            Self::Skipped(SkipReason::Trap) => "part of a space that was closed as endless",
            Self::Skipped(SkipReason::Nofollow) => "only on links that are not to be followed",
            Self::Skipped(SkipReason::Scheme) => "neither http nor https",
            Self::Skipped(SkipReason::TooLong) => "longer than a URL may be",
            Self::Skipped(SkipReason::UnsafeAddress) => "an address that is not to be connected to",
            Self::Skipped(SkipReason::Usage) => "its site says no to what the crawl is for",
            Self::NoRobots => "the robots.txt of its host could not be read, and nothing is allowed there then",
            Self::Pending => "not asked for yet: the crawl has not come to its end",
            Self::Kind => "of a kind that the crawl does not follow",
        }
    }
}

/// What a link that leads to a URL of this key comes to.
pub(super) fn of(key: Key, answers: &Answers) -> Verdict {
    let Landing { hops, end } = answers.follow(key);
    let mut detail = Detail { chain: chain(&hops, answers), ..Detail::default() };
    let last = hops.last().and_then(|nth| answers.redirect(*nth));
    detail.to = last.map(|redirect| redirect.to.to_string());
    let (target, answer) = match end {
        End::Circle => {
            let why = if hops.len() == 1 {
                "redirects to itself".to_owned()
            } else {
                format!("a circle of {} redirects", hops.len())
            };
            return Verdict::Wrong(&rules::REDIRECT_LOOPS, Detail { why, ..detail }, None);
        }
        End::Unknown => return Verdict::Unasked(Unasked::Kind),
        End::At(target, answer) => (target, answer),
    };
    match answer {
        // What a redirect has led to too often is skipped as a trap.
        Answer::Redirect(_) => Verdict::Unasked(Unasked::Skipped(SkipReason::Trap)),
        Answer::Skipped(reason) => Verdict::Unasked(Unasked::Skipped(reason)),
        Answer::NoRobots => Verdict::Unasked(Unasked::NoRobots),
        Answer::Pending => Verdict::Unasked(Unasked::Pending),
        Answer::Status(status) => {
            let why = said(status, hops.len());
            Verdict::Wrong(&rules::BROKEN_LINKS, Detail { why, status: Some(status), ..detail }, None)
        }
        Answer::Failed(kind) => {
            let (why, error) = (failed(kind), Some(kind.name().to_owned()));
            Verdict::Wrong(&rules::BROKEN_LINKS, Detail { why, error, ..detail }, None)
        }
        Answer::Ok => redirected(&hops, target, detail),
    }
}

/// What to say of mixed content.
pub(super) fn of_mixed(mixed: Mixed) -> (&'static Rule, Detail) {
    let (rule, why) = match mixed {
        Mixed::Blocked => (&rules::MIXED_CONTENT, "loaded over http by a page over https: browsers block it"),
        Mixed::Upgraded => {
            (&rules::MIXED_MEDIA, "named over http by a page over https: browsers ask for it over https")
        }
    };
    (rule, Detail { why: why.to_owned(), ..Detail::default() })
}

fn redirected(hops: &[u32], target: Key, detail: Detail) -> Verdict {
    let is_permanent = |hop: &Hop| matches!(hop.status, 301 | 308);
    match detail.chain.as_slice() {
        [hop] if is_permanent(hop) => {
            let why = "redirects for good: link to where that leads".to_owned();
            Verdict::Wrong(&rules::PERMANENT_REDIRECTS, Detail { why, ..detail }, Some(target))
        }
        [] | [_] => Verdict::Fine(target),
        [..] => {
            let why = format!("{} redirects in a row", hops.len());
            Verdict::Wrong(&rules::REDIRECT_CHAINS, Detail { why, ..detail }, Some(target))
        }
    }
}

fn chain(hops: &[u32], answers: &Answers) -> Vec<Hop> {
    let redirects = hops.iter().filter_map(|nth| answers.redirect(*nth));
    redirects.map(|redirect| Hop { url: redirect.url.to_string(), status: redirect.status }).collect()
}

fn said(status: u16, hops: usize) -> String {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let reason = reason.map(|reason| format!(" {reason}")).unwrap_or_default();
    if hops == 0 { format!("{status}{reason}") } else { format!("redirects to what is answered with {status}{reason}") }
}

fn failed(kind: FailureKind) -> String {
    match kind {
        FailureKind::Dns => "its host has no address",
        FailureKind::Connect => "no connection",
        FailureKind::Tls => "no TLS with its host",
        FailureKind::Timeout => "no answer in time",
        FailureKind::Reset => "the connection was closed before the answer was whole",
        FailureKind::TooLarge => "its body is over the limit",
        FailureKind::Protocol => "the answer is no valid HTTP",
        FailureKind::Decode => "its body cannot be decoded",
        FailureKind::BlockedAddress => "its address is not to be connected to",
        FailureKind::Unavailable => "its host was given up",
        FailureKind::File => "there is no such file",
        FailureKind::NotArchived => "not in the archive",
        _ => kind.name(),
    }
    .to_owned()
}
