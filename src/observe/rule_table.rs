//! The rule table: what each rule has found, for the person at the terminal.

use super::text::{count, printable};
use crate::extracted::RuleHealth;

/// The lines of the table, without line feeds: a header, the rules in their order, and how many are left out. No line
/// without a rule.
pub(super) fn rule_table(rules: &[RuleHealth]) -> Vec<String> {
    let shown = shown(rules);
    if shown.is_empty() {
        return Vec::new();
    }
    let name_width = shown.iter().map(|rule| name(rule).chars().count()).chain([MIN_NAME]).max().unwrap_or(MIN_NAME);
    let line = |name: &str, [pages, found, missing, wrong]: [String; 4]| {
        format!("  {name:<name_width$}  {pages:>9}  {found:>9}  {missing:>9}  {wrong:>10}")
    };
    let mut lines = vec![line("rules", ["pages", "found on", "missing", "wrong type"].map(str::to_owned))];
    lines.extend(shown.iter().map(|rule| {
        let or_none = |n: u64| if n > 0 { count(n).to_string() } else { "-".to_owned() };
        let pages = [count(rule.pages).to_string(), count(rule.pages_found).to_string()];
        let [pages, found] = pages;
        line(&name(rule), [pages, found, or_none(rule.tally.missing), or_none(rule.tally.type_errors)])
    }));
    if let Some(more @ 1..) = rules.len().checked_sub(shown.len()) {
        let more = if more == 1 { "1 more rule".to_owned() } else { format!("{} more rules", count(more as u64)) };
        lines.push(format!("  and {more}: see summary.json"));
    }
    lines
}

/// All rules if they are few; else those that miss something, and the first of the others.
fn shown(rules: &[RuleHealth]) -> Vec<&RuleHealth> {
    if rules.len() <= SHOWN {
        return rules.iter().collect();
    }
    let is_ill = |rule: &RuleHealth| rule.tally.missing > 0 || rule.tally.type_errors > 0 || rule.pages_found == 0;
    let mut ill = rules.iter().filter(|rule| is_ill(rule)).count().min(SHOWN);
    let mut well = SHOWN - ill;
    let mut is_shown = |rule: &&RuleHealth| {
        let left = if is_ill(rule) { &mut ill } else { &mut well };
        let is_shown = *left > 0;
        *left = left.saturating_sub(1);
        is_shown
    };
    rules.iter().filter(|rule| is_shown(rule)).collect()
}

/// The name of a rule, cut to what a line has room for.
fn name(rule: &RuleHealth) -> String {
    let name = printable(&rule.name);
    if name.chars().count() <= MAX_NAME {
        return name;
    }
    name.chars().take(MAX_NAME - 1).chain(['…']).collect()
}

const SHOWN: usize = 20;
const MIN_NAME: usize = 10;
const MAX_NAME: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extracted::Tally;

    fn rule(name: &str, pages: u64, pages_found: u64, missing: u64) -> RuleHealth {
        let tally = Tally { missing, ..Tally::default() };
        RuleHealth { name: name.to_owned(), pages, pages_found, tally, examples: Vec::new() }
    }

    #[test]
    fn each_rule_has_a_line() {
        let long = "products.a-name-that-is-longer-than-any-line-has-room-for";
        let rules = [rule("price", 1200, 1190, 10), rule(long, 3, 3, 0)];
        insta::assert_snapshot!(rule_table(&rules).join("\n"), @r"
          rules                                 pages   found on    missing  wrong type
          price                                 1,200      1,190         10           -
          products.a-name-that-is-longer-…          3          3          -           -
        ");
        assert_eq!(rule_table(&[]), [""; 0]);
    }

    #[test]
    fn of_many_those_that_miss_something_are_shown() {
        let mut rules: Vec<_> = (0..40).map(|nth| rule(&format!("well{nth}"), 9, 9, 0)).collect();
        rules.push(rule("ill", 9, 0, 9));
        let lines = rule_table(&rules);
        assert_eq!(lines.len(), 1 + SHOWN + 1);
        assert!(lines[SHOWN].starts_with("  ill"), "{lines:#?}");
        assert_eq!(lines[SHOWN + 1], "  and 21 more rules: see summary.json");
    }
}
