//! What is wrong with rules, and where: so that whoever read them can show line and column.

use std::fmt;

use super::wrong::Wrong;

/// One mistake in the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The way to it from the top of crawl.toml: `items`, 0, `fields`, `price`, `css`. Where a field is written in one line,
    /// its text stands for the last step.
    pub path: Vec<Step>,
    /// Which half of the setting is wrong.
    pub part: Part,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// One step of the way to a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A key of a table.
    Name(String),
    /// An entry of a list, from 0.
    Item(usize),
}

/// The half of a setting that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its name.
    Key,
    /// Its value.
    Value,
}

/// All that is wrong with the rules: at least one mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

/// Collects faults on the way through the tables.
#[derive(Debug, Default)]
pub(super) struct Finder {
    path: Vec<Step>,
    pub(super) faults: Vec<Fault>,
}

impl Finder {
    /// Goes into a key of a table, until [`leave`](Self::leave).
    pub(super) fn enter(&mut self, name: &str) {
        self.path.push(Step::Name(name.to_owned()));
    }

    /// Goes into an entry of a list, until [`leave`](Self::leave).
    pub(super) fn enter_entry(&mut self, nth: usize) {
        self.path.push(Step::Item(nth));
    }

    pub(super) fn leave(&mut self) {
        self.path.pop();
    }

    /// The value where the way stands is wrong.
    pub(super) fn value(&mut self, wrong: Wrong) {
        self.faults.push(Fault { path: self.path.clone(), part: Part::Value, wrong });
    }

    /// The name where the way stands is wrong.
    pub(super) fn key(&mut self, wrong: Wrong) {
        self.faults.push(Fault { path: self.path.clone(), part: Part::Key, wrong });
    }

    /// The value of this key is wrong.
    pub(super) fn value_of(&mut self, name: &str, wrong: Wrong) {
        self.enter(name);
        self.value(wrong);
        self.leave();
    }

    /// Takes what could be read of the value of this key, or tells what is wrong with it.
    pub(super) fn read<T>(&mut self, name: &str, read: Result<T, Wrong>) -> Option<T> {
        read.map_err(|wrong| self.value_of(name, wrong)).ok()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, step) in self.path.iter().enumerate() {
            match step {
                Step::Name(name) if nth > 0 => write!(f, ".{name}")?,
                Step::Name(name) => f.write_str(name)?,
                Step::Item(nth) => write!(f, "[{nth}]")?,
            }
        }
        write!(f, ": {}", self.wrong.found)?;
        if let Some(at) = &self.wrong.at {
            write!(f, " (from byte {})", at.start + 1)?;
        }
        let notes = [("allowed", &self.wrong.allowed), ("help", &self.wrong.help)];
        notes
            .into_iter()
            .filter_map(|(name, note)| Some((name, note.as_ref()?)))
            .try_for_each(|(name, note)| write!(f, "\n = {name}: {note}"))
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().enumerate().try_for_each(|(nth, fault)| write!(f, "{}{fault}", if nth > 0 { "\n" } else { "" }))
    }
}

impl std::error::Error for Faults {}
