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
mod kin;
mod mask;
mod options;
mod reading;
mod repeats;
mod template;
mod ties;
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
use kin::MOST_KIN;
use template::Templates;
use ties::Form;

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

    /// The same verdicts, of somebody who takes no pages.
    pub(crate) fn verdicts(&self) -> Self {
        Self { options: self.options.clone(), groups: Groups::default(), closed: self.closed.clone() }
    }

    /// All that is closed, in that order.
    pub(crate) fn closed(&self) -> &[Trap] {
        self.closed.as_slice()
    }

    /// The space of a URL that is closed; `None` when it may be requested.
    pub(crate) fn refuses(&self, url: &CrawlUrl) -> Option<&Trap> {
        self.closed.of(url).filter(|trap| self.budget(trap.kind, url.as_str()).is_some())
    }

    /// Takes a page; what is closed now.
    pub(crate) fn visited(&mut self, visit: Visit<'_>) -> &[Trap] {
        let known = self.closed.as_slice().len();
        // What was in flight when its space was closed is of no other one.
        if self.is_on() && self.closed.of(visit.url).is_none() {
            self.take(visit);
        }
        self.closed.as_slice().get(known..).unwrap_or_default()
    }

    fn take(&mut self, visit: Visit<'_>) {
        let own = Templates::of(visit.url);
        let is_of_large = self.groups.has_narrow(&own, self.large());
        // Pages of a template that is large by itself say nothing about what is around it.
        let own: Vec<_> = own.iter().filter(|(kind, _)| !(kind.is_wide() && is_of_large)).collect();
        let leads_out = self.find(visit.found, &own);
        let (mut may_close, smallest) = (false, self.smallest());
        for (nth, (kind, template)) in own.iter().enumerate() {
            let Some(group) = self.groups.get_mut(*kind, template) else { continue };
            group.pages += 1;
            may_close |= group.pages >= smallest || group.ties.is_some();
            group.leads_out.push(leads_out.get(nth).copied().unwrap_or_default());
            group.first.get_or_insert_with(|| visit.url.to_shared());
            if *kind == TrapKind::Domain && group.hosts.len() < ENOUGH_HOSTS {
                group.hosts.insert(visit.url.host().into());
            }
            if let Some(said) = visit.said {
                self.groups.read(*kind, template, said);
            }
        }
        // Of most pages all spaces are too small for any of what follows.
        if !may_close {
            return;
        }
        self.make_up_for(&own);
        self.watch(&own, visit.url);
        let traps =
            own.iter().map(|(kind, template)| self.judge(*kind, template, visit.url)).find(|traps| !traps.is_empty());
        let Some(traps) = traps else { return };
        // What was seen of the spaces around it was mostly it.
        let widest = traps.iter().map(|trap| trap.kind).max();
        for (kind, template) in own.iter().filter(|(kind, _)| Some(*kind) > widest) {
            if let Some(group) = self.groups.get_mut(*kind, template) {
                group.begin_again();
            }
        }
        for trap in traps {
            self.closed.add(trap);
        }
    }

    /// Takes what was found on a page of these spaces: for each of them whether that leads out of it.
    fn find(&mut self, found: &[CrawlUrl], own: &[(TrapKind, &str)]) -> Vec<bool> {
        let mut leads_out = vec![false; own.len()];
        let (form, mut led_to) = (form_of(own), Vec::new());
        let source =
            form.and_then(|(kind, template)| Some(self.groups.get(kind, template)?.ties.as_ref()?.form.clone()));
        for url in found {
            let templates = Templates::of(url);
            let is_of_large = self.groups.has_narrow(&templates, self.large());
            for ((kind, template), out) in own.iter().zip(&mut leads_out) {
                let is_within = templates.get(*kind) == Some(template) && !(kind.is_wide() && is_of_large);
                *out |= !is_within;
            }
            for (kind, template) in templates.iter().filter(|(kind, _)| !(kind.is_wide() && is_of_large)) {
                let is_within = own.contains(&(kind, template));
                let Some(group) = self.groups.get_mut(kind, template) else { continue };
                group.from_within.push(is_within);
                if let Some(ties) = &mut group.ties {
                    ties.found_on(source.clone());
                }
            }
            if source.is_some() && form != templates.form() && led_to.len() <= MOST_KIN {
                let barren =
                    templates.form().and_then(|(kind, template)| self.groups.get(kind, template)?.ties.as_ref());
                let barren = barren.map(|ties| ties.form.clone());
                if !led_to.contains(&barren) {
                    led_to.push(barren);
                }
            }
        }
        if let Some(ties) = form.and_then(|(kind, template)| self.groups.get_mut(kind, template)?.ties.as_mut()) {
            ties.led_to(led_to);
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

    /// Watches to what else a page's own template leads, once that is large and stale.
    fn watch(&mut self, own: &[(TrapKind, &str)], url: &CrawlUrl) {
        let (large, Some((kind, template))) = (self.large(), form_of(own)) else { return };
        let n = self.budget(kind, url.as_str()).map(compared);
        if let Some(group) = self.groups.get_mut(kind, template).filter(|group| group.pages >= large) {
            let is_stale = n.is_some_and(|n| group.is_stale(n, Compared::WithAll));
            group.watch(is_stale, kind, template, url);
        }
    }

    /// What is to be closed of a space that is large and stale and leads only to itself, or to others that are so with it.
    fn judge(&self, kind: TrapKind, template: &str, last: &CrawlUrl) -> Vec<Trap> {
        let alone = || self.judge_alone(kind, template, last).map(|trap| vec![trap]);
        alone().or_else(|| self.judge_kin(kind, template, last)).unwrap_or_default()
    }

    fn judge_alone(&self, kind: TrapKind, template: &str, last: &CrawlUrl) -> Option<Trap> {
        let group = self.groups.get(kind, template)?;
        // Most are too small for any of it.
        if group.pages < self.smallest() {
            return None;
        }
        let pages = self.budget(kind, last.as_str())?;
        let n = compared(pages);
        let how = if kind.is_wide() { Compared::WithEachOther } else { Compared::WithAll };
        let multiplies = kind != TrapKind::Domain || group.hosts.len() >= (n as usize).min(ENOUGH_HOSTS);
        if group.pages < pages || !group.is_stale(n, how) || !group.leads_to_itself(n) || !multiplies {
            return None;
        }
        let except = if kind.is_wide() { self.large_within(template) } else { Vec::new() };
        let examples = examples(group, last.to_string());
        let (pages, compared, new) = (group.pages, n, group.new_of_last(n, how)?);
        Some(Trap { kind, template: template.to_owned(), pages, compared, new, examples, with: Vec::new(), except })
    }

    /// The same of several templates that lead to each other: together they have to be large.
    fn judge_kin(&self, kind: TrapKind, template: &str, last: &CrawlUrl) -> Option<Vec<Trap>> {
        let group = self.groups.get(kind, template).filter(|group| group.ties.is_some())?;
        let pages = self.budget(kind, last.as_str())?;
        let n = compared(pages);
        if !group.is_stale(n, Compared::WithAll) {
            return None;
        }
        let kin = self.groups.kin(kind, template, n)?;
        let groups = kin.iter().map(|(kind, template)| self.groups.get(*kind, template));
        let groups: Vec<&Group> = groups.collect::<Option<_>>()?;
        let all: u64 = groups.iter().map(|group| group.pages).sum();
        let may_close = |(form, group): (&Form, &&Group)| self.budget(form.0, group.first.as_deref()?);
        if all < pages || !kin.iter().zip(&groups).all(|of| may_close(of).is_some()) {
            return None;
        }
        let trap = |((kind, template), group): (&Form, &Group)| {
            let with = kin.iter().filter(|(_, other)| other != template).map(|(_, other)| other.to_string());
            Some(Trap {
                kind: *kind,
                template: template.to_string(),
                pages: all,
                compared: n,
                new: group.new_of_last(n, Compared::WithAll)?,
                examples: examples(group, group.ties.as_ref()?.last.as_ref()?.to_string()),
                with: with.collect(),
                except: Vec::new(),
            })
        };
        kin.iter().zip(groups).map(trap).collect()
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
            // That they come again is half of what there is to know.
            TrapKind::Repeats => Limit(self.options.template_pages.0.map(|pages| pages.div_ceil(2))),
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

fn examples(group: &Group, last: String) -> Vec<String> {
    group.first.iter().map(ToString::to_string).chain([last]).collect()
}

/// The narrowest of the spaces of a page, if it has one that is no wide one.
fn form_of<'a>(own: &[(TrapKind, &'a str)]) -> Option<(TrapKind, &'a str)> {
    own.first().copied().filter(|(kind, _)| !kind.is_wide())
}

/// So many hosts of a domain are enough for it to be one whose hosts multiply.
const ENOUGH_HOSTS: usize = 50;
/// What is large when nothing else says so.
const LARGE: u64 = 1000;

#[cfg(test)]
mod tests;
