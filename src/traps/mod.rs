//! Traps: which spaces of URLs are endless and say nothing new, so that a crawl ends although a site does not.
//!
//! A page is of several spaces at once: its template, its folder, its section, its host, its registrable domain
//! (`template`). Of each it is counted how many pages were read, how many of their texts were new, where its URLs were found
//! and whether its pages lead out of it (`group`). What is large, stale and leads only to itself is closed. Why these
//! three, and what was rejected, is in `docs/design/traps.md`.

mod budget;
mod closed;
mod dates;
mod group;
mod groups;
mod mask;
mod options;
mod reading;
mod repeats;
mod template;
mod window;

pub use budget::Budget;
pub use options::Options;
pub(crate) use reading::{NOTHING, is_read, said};

use crate::trap::{Trap, TrapKind};
use crate::units::Limit;
use crate::url::CrawlUrl;
use closed::Closed;
use group::{Compared, Group};
use groups::Groups;
use template::Templates;

/// What decides that a space is closed, and which URLs are of one that is.
///
/// - A page is taken once it is settled, with the URLs that it was the first to lead to.
/// - Nothing is ever closed for its size alone, and what is closed stays so, also in the next run.
/// - What is not known for sure speaks for going on: a page that was not read, a group that was forgotten.
#[derive(Debug)]
pub(crate) struct Traps {
    options: Options,
    groups: Groups,
    closed: Closed,
}

/// A page that was read, or a redirect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit<'a> {
    /// Its URL.
    pub(crate) url: &'a CrawlUrl,
    /// What it says; `None` when that was not [read](is_read).
    pub(crate) said: Option<u64>,
    /// The URLs that it was the first to lead to, and that are to be requested.
    pub(crate) found: &'a [CrawlUrl],
}

impl Traps {
    /// Without anything that is closed.
    pub(crate) fn new(options: Options) -> Self {
        Self { options, groups: Groups::default(), closed: Closed::default() }
    }

    /// Whether anything is ever closed.
    pub(crate) fn is_on(&self) -> bool {
        let Options { template_pages, host_pages, domain_pages, budgets } = &self.options;
        [template_pages, host_pages, domain_pages].iter().any(|pages| pages.0.is_some()) || !budgets.is_empty()
    }

    /// Takes what earlier runs have closed, as far as these settings would still close it.
    pub(crate) fn restore(&mut self, closed: impl IntoIterator<Item = Trap>) {
        for trap in closed {
            let url = trap.examples.first().map_or("", String::as_str);
            if self.budget(trap.kind, url).is_some_and(|pages| trap.pages >= pages) {
                self.closed.add(trap);
            }
        }
    }

    /// All that is closed, in that order.
    pub(crate) fn closed(&self) -> &[Trap] {
        self.closed.as_slice()
    }

    /// The space of a URL that is closed; `None` when it may be requested.
    pub(crate) fn refuses(&self, url: &CrawlUrl) -> Option<&Trap> {
        self.closed.of(url).filter(|trap| self.budget(trap.kind, url.as_str()).is_some())
    }

    /// Takes a page; the space that is closed now, if one is.
    pub(crate) fn visited(&mut self, visit: Visit<'_>) -> Option<&Trap> {
        if !self.is_on() {
            return None;
        }
        let own = Templates::of(visit.url);
        let is_of_large = self.groups.has_narrow(&own, self.large());
        // Pages of a template that is large by itself say nothing about what is around it.
        let own: Vec<_> = own.iter().filter(|(kind, _)| !(kind.is_wide() && is_of_large)).collect();
        let leads_out = self.find(visit.found, &own);
        for (nth, (kind, template)) in own.iter().enumerate() {
            let Some(group) = self.groups.get_mut(*kind, template) else { continue };
            group.pages += 1;
            group.leads_out.push(leads_out.get(nth).copied().unwrap_or_default());
            group.first.get_or_insert_with(|| visit.url.to_shared());
            if *kind == TrapKind::Domain && group.hosts.len() < ENOUGH_HOSTS {
                group.hosts.insert(visit.url.host().into());
            }
            if let Some(said) = visit.said {
                self.groups.read(*kind, template, said);
            }
        }
        self.make_up_for(&own);
        let trap = own.iter().find_map(|(kind, template)| self.judge(*kind, template, visit.url))?;
        // What was seen of the spaces around it was mostly it.
        for (kind, template) in own.iter().filter(|(kind, _)| *kind > trap.kind) {
            if let Some(group) = self.groups.get_mut(*kind, template) {
                group.begin_again();
            }
        }
        let is_new = self.closed.add(trap);
        self.closed.as_slice().last().filter(|_| is_new)
    }

    /// Takes what was found on a page of these spaces: for each of them whether that leads out of it.
    fn find(&mut self, found: &[CrawlUrl], own: &[(TrapKind, &str)]) -> Vec<bool> {
        let mut leads_out = vec![false; own.len()];
        for url in found {
            let templates = Templates::of(url);
            let is_of_large = self.groups.has_narrow(&templates, self.large());
            for ((kind, template), out) in own.iter().zip(&mut leads_out) {
                let is_within = templates.get(*kind) == Some(template) && !(kind.is_wide() && is_of_large);
                *out |= !is_within;
            }
            for (kind, template) in templates.iter().filter(|(kind, _)| !(kind.is_wide() && is_of_large)) {
                let is_within = own.contains(&(kind, template));
                if let Some(group) = self.groups.get_mut(kind, template) {
                    group.from_within.push(is_within);
                }
            }
        }
        leads_out
    }

    /// Once a template is large by itself, what was counted of it does not count for what is around it any more.
    fn make_up_for(&mut self, own: &[(TrapKind, &str)]) {
        let large = self.large();
        let is_large_now = own.iter().any(|(kind, template)| {
            !kind.is_wide() && self.groups.get(*kind, template).is_some_and(|group| group.pages == large)
        });
        if is_large_now {
            for (kind, template) in own.iter().filter(|(kind, _)| kind.is_wide()) {
                if let Some(group) = self.groups.get_mut(*kind, template) {
                    group.pages = group.pages.saturating_sub(large);
                }
            }
        }
    }

    /// Whether a space is large and stale and leads only to itself.
    fn judge(&self, kind: TrapKind, template: &str, last: &CrawlUrl) -> Option<Trap> {
        let group = self.groups.get(kind, template)?;
        // Most are too small for any of it.
        if group.pages < self.smallest() {
            return None;
        }
        let pages = self.budget(kind, last.as_str())?;
        let n = compared(pages);
        let how = if kind.is_wide() { Compared::WithEachOther } else { Compared::WithAll };
        let new = group.new_of_last(n, how)?;
        let is_stale = new * 20 <= n;
        let leads_to_itself = group.from_within.of_last(n)? * 10 >= n * 9 && group.leads_out.of_last(n)? * 10 <= n;
        let multiplies = kind != TrapKind::Domain || group.hosts.len() >= (n as usize).min(ENOUGH_HOSTS);
        if group.pages < pages || !is_stale || !leads_to_itself || !multiplies {
            return None;
        }
        let except = if kind.is_wide() { self.large_within(template) } else { Vec::new() };
        Some(Trap {
            kind,
            template: template.to_owned(),
            pages: group.pages,
            compared: n,
            new,
            examples: examples(group, last),
            except,
        })
    }

    /// The templates within a wide space that are large by themselves.
    fn large_within(&self, wide: &str) -> Vec<String> {
        let (domain, start) = (wide.strip_prefix("*."), wide.trim_end_matches('*'));
        let mut narrow = self.groups.narrow(self.large());
        narrow.retain(|template| match domain {
            Some(domain) => template.contains(domain.trim_end_matches("/**")),
            None => template.starts_with(start),
        });
        narrow
    }

    /// How many pages make a space of a URL large; `None` when it is never closed. The wider it is, the more: what is closed
    /// is the narrowest space that accounts for it.
    fn budget(&self, kind: TrapKind, url: &str) -> Option<u64> {
        let own = self.options.budgets.iter().find_map(|budget| budget.of(url));
        let Limit(pages) = own.unwrap_or(match kind {
            TrapKind::Domain => self.options.domain_pages,
            kind if kind.is_wide() => self.options.host_pages,
            _ => self.options.template_pages,
        });
        pages.map(|pages| pages.saturating_add(pages / 32 * kind.index() as u64))
    }

    /// The smallest number of pages that may close anything.
    fn smallest(&self) -> u64 {
        if self.options.budgets.is_empty() { self.large() } else { 0 }
    }

    /// From how many pages on a template is large by itself: long before it may be closed, so that nothing around it is
    /// closed for it.
    fn large(&self) -> u64 {
        let Options { template_pages, host_pages, domain_pages, .. } = &self.options;
        let least = [template_pages, host_pages, domain_pages].into_iter().filter_map(|pages| pages.0).min();
        (least.unwrap_or(LARGE) / 4).max(2)
    }
}

/// How many of the last pages are compared.
fn compared(pages: u64) -> u32 {
    u32::try_from(pages / 20).unwrap_or(u32::MAX).clamp(4, u64::BITS)
}

fn examples(group: &Group, last: &CrawlUrl) -> Vec<String> {
    let first = group.first.iter().map(ToString::to_string);
    first.chain([last.to_string()]).collect()
}

/// So many hosts of a domain are enough for it to be one whose hosts multiply.
const ENOUGH_HOSTS: usize = 50;
/// What is large when nothing else says so.
const LARGE: u64 = 1000;

#[cfg(test)]
mod tests;
