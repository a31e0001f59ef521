//! A trap: an endless space that was closed, as logs, stores and summaries tell of it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the URLs of a trap have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TrapKind {
    /// One path, but for its numbers, and the same names in the query.
    Template,
    /// One path, whatever the query.
    Query,
    /// One folder: all but the last segment of the path, and the same names in the query.
    Folder,
    /// Dates below one first segment.
    Dates,
    /// Segments that come again and again.
    Repeats,
    /// All below the first two segments.
    Subsection,
    /// All below the first segment.
    Section,
    /// A whole host.
    Host,
    /// A registrable domain whose hosts multiply.
    Domain,
}

/// A space of URLs that was closed: large, and nothing new in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trap {
    /// What its URLs have in common.
    pub kind: TrapKind,
    /// Its URLs: `{n}` stands for a number, `{hex}`, `{uuid}` and `{id}` for what they say, `*` for anything in a segment,
    /// `**` for any path.
    pub template: String,
    /// How many pages of it, and of those that were closed with it, were read.
    pub pages: u64,
    /// How many of the last ones were compared.
    pub compared: u32,
    /// How many of these had a text that was new, numbers and dates aside.
    pub new: u32,
    /// Two of its URLs.
    pub examples: Vec<String>,
    /// Templates that it leads to and that lead to it, large and stale as it is, and closed with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<String>,
    /// Templates within it that were large by themselves and stay open: only for kinds that are wider than a folder.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
}

impl TrapKind {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 9] = [
        Self::Template,
        Self::Query,
        Self::Folder,
        Self::Dates,
        Self::Repeats,
        Self::Subsection,
        Self::Section,
        Self::Host,
        Self::Domain,
    ];

    /// Whether pages of very different kinds may be of one such space.
    pub const fn is_wide(self) -> bool {
        matches!(self, Self::Subsection | Self::Section | Self::Host | Self::Domain)
    }

    /// Its place among [`ALL`](Self::ALL).
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl Trap {
    /// A glob that matches its URLs, for `traps.budgets`.
    pub fn glob(&self) -> String {
        let mut glob = String::with_capacity(self.template.len());
        let mut rest = self.template.as_str();
        while let Some(at) = rest.find(['{', '*', '?', '[', '\\']) {
            let (plain, marked) = rest.split_at(at);
            glob.push_str(plain);
            let length = if marked.starts_with('{') { marked.find('}').map_or(1, |end| end + 1) } else { 1 };
            if !glob.ends_with('*') {
                glob.push('*');
            }
            rest = marked.get(length..).unwrap_or_default();
            if marked.starts_with('?') {
                // Names without values: what comes behind is said by the star.
                return glob;
            }
        }
        if glob.starts_with('*') { format!("*://{glob}{rest}") } else { glob + rest }
    }
}

/// Which pages, how many, how much of it new.
impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { template, pages, compared, new, with, .. } = self;
        f.write_str(template)?;
        for other in with {
            write!(f, ", with {other}")?;
        }
        write!(f, ": {pages} pages that lead to each other, {new} of the last {compared} compared were new")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trap(template: &str) -> Trap {
        Trap {
            kind: TrapKind::Template,
            template: template.to_owned(),
            pages: 1003,
            compared: 50,
            new: 1,
            examples: Vec::new(),
            with: Vec::new(),
            except: Vec::new(),
        }
    }

    #[test]
    fn a_glob_matches_what_a_template_stands_for() {
        for (template, glob) in [
            ("http://e.com/cal/{n}/{n}", "http://e.com/cal/*/*"),
            ("http://e.com/cal/{n}?day&month", "http://e.com/cal/*"),
            ("http://e.com/cal?*", "http://e.com/cal*"),
            ("http://e.com/a/*.html", "http://e.com/a/*.html"),
            ("http://e.com/**", "http://e.com/*"),
            ("http://e.com/a/**{date}", "http://e.com/a/*"),
            ("*.e.com/**", "*://*.e.com/*"),
        ] {
            assert_eq!(trap(template).glob(), glob, "{template}");
        }
    }

    #[test]
    fn a_trap_says_what_it_is_and_keeps_its_name() {
        let trap = trap("http://e.com/{n}");
        let text = "http://e.com/{n}: 1003 pages that lead to each other, 1 of the last 50 compared were new";
        assert_eq!(trap.to_string(), text);
        let two = Trap { with: vec!["http://e.com/a".to_owned()], ..trap.clone() };
        assert!(
            two.to_string().starts_with("http://e.com/{n}, with http://e.com/a: 1003 pages that lead to each other")
        );
        let kept = serde_json::to_string(&trap).unwrap();
        assert_eq!(serde_json::from_str::<Trap>(&kept).unwrap(), trap);
        assert!(TrapKind::ALL.into_iter().enumerate().all(|(n, kind)| kind.index() == n));
    }
}
