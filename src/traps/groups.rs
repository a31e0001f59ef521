//! Groups: the spaces of which something was seen, in bounded memory.

use hashbrown::HashMap;

use super::group::Group;
use super::template::Templates;
use crate::trap::TrapKind;

/// The groups of each kind, by their templates.
///
/// A site may have as many templates as it has pages, but only few of them are large. When there are too many of a kind
/// the smallest are forgotten (as in Manku and Motwani, "Approximate Frequency Counts over Data Streams", 2002): a space that
/// grows is seen again at once, and one that does not is no trap.
#[derive(Debug, Default)]
pub(super) struct Groups {
    kinds: [HashMap<String, Group>; TrapKind::ALL.len()],
    /// How many texts all groups remember.
    texts: usize,
}

impl Groups {
    /// The group of a template, a new one if there is none.
    pub(super) fn get_mut(&mut self, kind: TrapKind, template: &str) -> Option<&mut Group> {
        let groups = self.kinds.get_mut(kind.index())?;
        if groups.len() >= MOST && !groups.contains_key(template) {
            let texts = &mut self.texts;
            forget(groups, |group| *texts = texts.saturating_sub(group.texts()));
        }
        Some(groups.entry_ref(template).or_default())
    }

    pub(super) fn get(&self, kind: TrapKind, template: &str) -> Option<&Group> {
        self.kinds.get(kind.index())?.get(template)
    }

    /// Takes what a page of a group says.
    pub(super) fn read(&mut self, kind: TrapKind, template: &str, said: u64) {
        let room = if self.texts < MOST_TEXTS { MOST_TEXTS_OF_ONE } else { 0 };
        let is_more = self.get_mut(kind, template).is_some_and(|group| group.read(said, room));
        self.texts += usize::from(is_more);
    }

    /// Whether a URL is of a space that is no wide one and has so many pages.
    pub(super) fn has_narrow(&self, templates: &Templates, pages: u64) -> bool {
        let mut narrow = templates.iter().filter(|(kind, _)| !kind.is_wide());
        narrow.any(|(kind, template)| self.get(kind, template).is_some_and(|group| group.pages >= pages))
    }

    /// The templates that are no wide ones and have so many pages, in their order.
    pub(super) fn narrow(&self, pages: u64) -> Vec<String> {
        let kinds = TrapKind::ALL.into_iter().filter(|kind| !kind.is_wide());
        let groups = kinds.filter_map(|kind| self.kinds.get(kind.index())).flatten();
        let large = groups.filter(|(_, group)| group.pages >= pages);
        let mut templates: Vec<_> = large.map(|(template, _)| template.clone()).collect();
        templates.sort_unstable();
        templates
    }
}

/// Forgets the smallest groups: half of them at least.
fn forget(groups: &mut HashMap<String, Group>, mut forgotten: impl FnMut(&Group)) {
    let mut pages = 1;
    while groups.len() > MOST / 2 {
        groups.retain(|_, group| {
            let stays = group.pages > pages;
            if !stays {
                forgotten(group);
            }
            stays
        });
        pages *= 2;
    }
}

/// How many groups of one kind are known at once: some hundred bytes each.
const MOST: usize = 8192;
/// How many texts one group remembers.
const MOST_TEXTS_OF_ONE: usize = 8192;
/// How many all of them remember: four bytes each. What is not remembered counts as new, so that nothing is closed for it.
const MOST_TEXTS: usize = 1 << 19;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_are_forgotten_and_what_grows_is_not() {
        let mut groups = Groups::default();
        for n in 0..5 * MOST {
            let template = format!("http://e.com/{n}");
            groups.get_mut(TrapKind::Folder, &template).unwrap().pages += 1;
            groups.read(TrapKind::Folder, &template, n as u64);
            groups.get_mut(TrapKind::Folder, "http://e.com/trap").unwrap().pages += 1;
            assert!(groups.kinds[TrapKind::Folder.index()].len() <= MOST);
        }
        let trap = groups.get(TrapKind::Folder, "http://e.com/trap").unwrap();
        assert_eq!(trap.pages, 5 * MOST as u64);
        assert!(groups.texts <= MOST);
        assert_eq!(groups.narrow(2), ["http://e.com/trap"]);
    }
}
