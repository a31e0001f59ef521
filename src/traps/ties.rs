//! Ties: what a large and stale template has to do with others that are.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::trap::TrapKind;

/// The narrowest space of a URL, by its kind and its text.
pub(super) type Form = (TrapKind, Arc<str>);

/// What a template that is large and stale has to do with others that are.
#[derive(Debug)]
pub(super) struct Ties {
    pub(super) form: Form,
    /// Its last page.
    pub(super) last: Option<Arc<str>>,
    /// Of each of its last URLs: the template of the page on which it was found, if that is large and stale as well.
    found_on: VecDeque<Option<Form>>,
    /// Of each of its last pages: the other templates that it was the first to lead to, each once.
    led_to: VecDeque<Vec<Option<Form>>>,
}

impl Ties {
    pub(super) fn new(kind: TrapKind, template: &str) -> Self {
        Self { form: (kind, template.into()), last: None, found_on: VecDeque::new(), led_to: VecDeque::new() }
    }

    /// Takes where one of its URLs was found.
    pub(super) fn found_on(&mut self, form: Option<Form>) {
        push(&mut self.found_on, form);
    }

    /// Takes what one of its pages led to.
    pub(super) fn led_to(&mut self, forms: Vec<Option<Form>>) {
        push(&mut self.led_to, forms);
    }

    /// The templates on whose pages at least one in ten of its last `n` URLs was found; `None` when one of these is not
    /// large and stale, or fewer URLs are known.
    pub(super) fn feeders(&self, n: usize) -> Option<Vec<&Form>> {
        let mut last: Vec<_> = last(&self.found_on, n)?.map(Option::as_ref).collect();
        last.sort_unstable();
        last.chunk_by(|one, next| one == next).filter(|same| same.len() * 10 >= n).map(|same| *same.first()?).collect()
    }

    /// Whether of its last `n` URLs nine in ten were found on pages of these, and at most one in ten of its last `n`
    /// pages led to anything else.
    pub(super) fn is_within(&self, kin: &[&Self], n: usize) -> Option<bool> {
        let is_kin = |form: &Option<Form>| form.as_ref().is_some_and(|form| kin.iter().any(|ties| ties.form == *form));
        let fed = last(&self.found_on, n)?.filter(|form| is_kin(form)).count();
        let out = last(&self.led_to, n)?.filter(|forms| !forms.iter().all(is_kin)).count();
        Some(fed * 10 >= n * 9 && out * 10 <= n)
    }
}

fn push<T>(window: &mut VecDeque<T>, item: T) {
    if window.len() == LAST {
        window.pop_front();
    }
    window.push_back(item);
}

fn last<T>(window: &VecDeque<T>, n: usize) -> Option<impl Iterator<Item = &T>> {
    (window.len() >= n).then(|| window.iter().rev().take(n))
}

/// How many of the last are kept.
const LAST: usize = 64;
