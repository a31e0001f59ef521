//! Report: a crawl as one page for people, which opens without a network and without a script.

mod baseline;
mod drawing;
mod extremes;
mod figures;
mod pages;
mod rank;
mod records;
mod response_times;
mod sections;
mod timeline;
mod wrong;

use std::path::Path;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Value, context};
use serde::Serialize;

use crate::committed::look_at_notes;
use crate::error::{Error, Result};
use crate::extracted::Health;
use crate::observe::{count, counted, in_markup, unread_lines, wall_lines};
use crate::trap::Trap;
use baseline::Differences;
use figures::{Figures, compared};
use wrong::Wrong;

/// What a crawl came to, and where it is otherwise than an earlier one.
#[derive(Debug)]
pub(crate) struct Report {
    dir: String,
    of: Figures,
    rules: Health,
    traps: Vec<Trap>,
    seeds: Vec<String>,
    links: Vec<Wrong>,
    audit: Vec<Wrong>,
    earlier: Option<Earlier>,
}

/// The crawl that this one is compared with.
#[derive(Debug)]
struct Earlier {
    dir: String,
    of: Figures,
    differences: Differences,
}

impl Report {
    /// Reads the crawl in a directory, while it runs or after it, and an earlier one to compare it with. Takes a few passes
    /// over the records.
    ///
    /// # Errors
    /// There is no crawl, or nobody can read its records again.
    pub(crate) fn of(dir: &Path, baseline: Option<&Path>) -> Result<Self> {
        let (rules, traps, seeds) =
            look_at_notes(dir, |store| Ok((store.rules()?.unwrap_or_default(), store.traps()?, store.seeds()?)))?;
        let of = Figures::of(dir)?;
        let (links, audit) = (wrong::links(dir)?, wrong::audit(dir)?);
        let earlier = baseline.map(|earlier| {
            let differences = baseline::differences(earlier, dir)?;
            Ok::<_, Error>(Earlier { dir: earlier.display().to_string(), of: Figures::of(earlier)?, differences })
        });
        let dir = dir.display().to_string();
        Ok(Self { dir, of, rules, traps, seeds, links, audit, earlier: earlier.transpose()? })
    }

    /// What is told of it at the terminal.
    pub(crate) fn summary(&self) -> String {
        let status = &self.of.status;
        let pages = counted(status.settled.ok, "page", "pages");
        let bad = status.settled.http_error + status.settled.failed;
        format!("{pages}, {} broken", count(bad))
    }

    /// The page, in HTML.
    pub(crate) fn html(&self) -> Result<String> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        // As its own, but for slashes: these are what URLs are full of, and they need no escape.
        environment.set_formatter(|out, state, value| match value.as_str() {
            Some(text) if !value.is_safe() => out.write_str(&in_markup(text)).map_err(minijinja::Error::from),
            _ => minijinja::escape_formatter(out, state, value),
        });
        environment.add_filter("count", |n: u64| crate::observe::count(n).to_string());
        environment.add_filter("bytes", |n: u64| crate::observe::bytes(n).to_string());
        environment.add_filter("millis", figures::millis);
        environment.add_filter("percent", figures::percent);
        environment.add_filter("is_link", is_link);
        let unfit = |error: minijinja::Error| Error::Internal(format!("the report cannot be made: {error:#}"));
        environment.add_template("report.html", TEMPLATE).map_err(unfit)?;
        let template = environment.get_template("report.html").map_err(unfit)?;
        template.render(self.context()).map_err(unfit)
    }

    fn context(&self) -> Value {
        let Figures { status, pages } = &self.of;
        let unread = unread_lines(&status.unread).into_iter().chain(wall_lines(&status.unread.walls));
        let unread = unread.filter(|(_, text)| !text.is_empty());
        let unread: Vec<Pair> = unread.map(|(name, text)| Pair { name: name.to_owned(), text }).collect();
        let map = pages.sections.map(figures::SECTIONS_SHOWN);
        context! {
            style => Value::from_safe_string(STYLE.to_owned()),
            version => env!("CARGO_PKG_VERSION"),
            dir => &self.dir,
            seeds => &self.seeds,
            state => figures::state(status.state),
            status => data(status),
            times => data(figures::percentiles(&pages.times)),
            accounts => data(figures::accounts(status)),
            account_bar => safe(figures::account_bar(status)),
            timeline => safe(figures::timeline(&pages.timeline)),
            rates => data(figures::rates(&pages.timeline)),
            histogram => safe(figures::histogram(&pages.times)),
            columns => data(pages.times.columns()),
            depths => data(figures::depths(&pages.depths)),
            deepest_is_more => pages.depths.len() > 30,
            largest => data(pages.largest.list()),
            slowest => data(pages.slowest.list()),
            failures => data(&pages.failures),
            wrong => [("Links", "links", data(&self.links)), ("Audit", "audit", data(&self.audit))]
                .map(|(title, id, rules)| context! { title, id, rules })
                .to_vec(),
            failed => status.settled.http_error + status.settled.failed,
            rules => data(&self.rules),
            traps => data(&self.traps),
            unread => data(unread),
            ranked => data(&pages.ranked),
            sections => data(figures::sections(&map)),
            more_sections => map.more,
            section_map => safe(figures::section_map(&map)),
            earlier => self.earlier.as_ref().map(|earlier| context! {
                dir => &earlier.dir,
                started_at => &earlier.of.status.started_at,
                figures => data(compared(&earlier.of, &self.of)),
                differences => data(&earlier.differences),
            }),
        }
    }
}

/// A fact with its name.
#[derive(Debug, Serialize)]
struct Pair {
    name: String,
    text: String,
}

/// What the template reads of a type.
fn data(value: impl Serialize) -> Value {
    Value::from(Serde(value))
}

/// Whether a browser gets to where a page of a crawl has led: a reference that is no URL leads to nowhere, or into the folder of
/// the report.
fn is_link(text: &str) -> bool {
    ::url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// A drawing, which has escaped its texts itself.
fn safe(drawing: String) -> Value {
    Value::from_safe_string(drawing)
}

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
