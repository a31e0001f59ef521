//! Which selectors an element is worth to be compared with: each is filed under one thing that it asks for, as browsers
//! file the rules of style sheets. Most elements of a page are of no name, class or id that any rule names.

use html5ever::{LocalName, local_name, ns};
use scraper::ElementRef;
use scraper::selector::Simple;
use selectors::parser::Component;

/// Something without which no element matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Id(LocalName),
    Class(LocalName),
    /// In lower case, as elements of HTML have it, and as it is written, for those of SVG.
    Name(LocalName, LocalName),
    None,
}

/// What is filed, by its key.
#[derive(Debug)]
pub(super) struct Candidates<'k, T> {
    names: Vec<(&'k LocalName, T)>,
    ids: Vec<(&'k LocalName, T)>,
    classes: Vec<(&'k LocalName, T)>,
    others: Vec<T>,
}

impl Key {
    /// The key of a selector: the rarest thing that its last step asks for.
    pub(super) fn of<'a>(last_step: impl Iterator<Item = &'a Component<Simple>>) -> Self {
        let mut key = Self::None;
        for component in last_step {
            match (component, &key) {
                (Component::ID(id), _) => return Self::Id(id.0.clone()),
                (Component::Class(class), Self::None | Self::Name(..)) => key = Self::Class(class.0.clone()),
                (Component::LocalName(name), Self::None) => {
                    key = Self::Name(name.lower_name.0.clone(), name.name.0.clone());
                }
                _ => {}
            }
        }
        key
    }
}

impl<'k, T: Copy> Candidates<'k, T> {
    pub(super) fn new(all: impl Iterator<Item = (&'k Key, T)>) -> Self {
        let mut candidates = Self { names: Vec::new(), ids: Vec::new(), classes: Vec::new(), others: Vec::new() };
        for (key, candidate) in all {
            match key {
                Key::Id(id) => candidates.ids.push((id, candidate)),
                Key::Class(class) => candidates.classes.push((class, candidate)),
                Key::Name(lower, written) => {
                    candidates.names.push((lower, candidate));
                    if lower != written {
                        candidates.names.push((written, candidate));
                    }
                }
                Key::None => candidates.others.push(candidate),
            }
        }
        candidates
    }

    /// Visits what an element may match.
    pub(super) fn of(&self, element: ElementRef<'_>, mut visit: impl FnMut(&T)) {
        let element = element.value();
        for (name, candidate) in &self.names {
            if element.name.local == **name {
                visit(candidate);
            }
        }
        if !(self.ids.is_empty() && self.classes.is_empty()) {
            for (name, value) in element.attrs.iter().filter(|(name, _)| name.ns == ns!()) {
                if name.local == local_name!("id") {
                    of_text(&self.ids, |id| value.eq_ignore_ascii_case(id), &mut visit);
                } else if name.local == local_name!("class") {
                    of_text(&self.classes, |class| has_word(value, class), &mut visit);
                }
            }
        }
        self.others.iter().for_each(visit);
    }
}

/// Visits what is filed under a text that fits. Case does not matter in old pages, so it does not here: what is asked is
/// only whether it is worth the comparison.
fn of_text<T>(filed: &[(&LocalName, T)], fits: impl Fn(&str) -> bool, visit: &mut impl FnMut(&T)) {
    filed.iter().filter(|(text, _)| fits(text)).for_each(|(_, candidate)| visit(candidate));
}

fn has_word(value: &str, word: &str) -> bool {
    value.len() >= word.len() && value.split_ascii_whitespace().any(|has| has.eq_ignore_ascii_case(word))
}
