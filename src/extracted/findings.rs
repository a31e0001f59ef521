//! What rules found on one page: numbers for each rule, and what is worth telling.

/// What the rules found on one page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// For each rule by its [number](crate::extract::Rules::names); all zero for those that are not for the page.
    pub rules: Vec<Tally>,
    /// What went wrong, a clause each: broken JSON, a type that does not fit.
    pub troubles: Vec<String>,
}

/// What one rule found on one page, or, added up, on all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tally {
    /// How often it was applied: once for each page, or for each item.
    pub tried: u64,
    /// How often there was a value.
    pub found: u64,
    /// How many values there were: more than one for a list.
    pub values: u64,
    /// How often a required value was missing.
    pub missing: u64,
    /// How many values were not of the type that was asked for.
    pub type_errors: u64,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.tried += other.tried;
        self.found += other.found;
        self.values += other.values;
        self.missing += other.missing;
        self.type_errors += other.type_errors;
    }
}

impl Findings {
    /// What is to be found of so many rules.
    pub fn new(rules: usize) -> Self {
        Self { rules: vec![Tally::default(); rules], troubles: Vec::new() }
    }

    /// Something to tell, once and within bounds.
    pub fn trouble(&mut self, what: String) {
        if self.troubles.len() < MAX_TROUBLES && !self.troubles.contains(&what) {
            self.troubles.push(what);
        }
    }

    /// Whether a required value is missing.
    pub fn misses_required(&self) -> bool {
        self.rules.iter().any(|tally| tally.missing > 0)
    }
}

/// How many different troubles of one page are told.
const MAX_TROUBLES: usize = 8;
