//! `crawler inspect`: what a crawl with these settings would see of one page.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use super::shown_content;
use crate::config::{Config, Layers, bare_url};
use crate::engine::{PageClient, PageReport, ReadAs, Selected, Subject};
use crate::error::{Error, Result};
use crate::extract::autopsy::Autopsy;
use crate::extract::{Examined, Found, IsFor};
use crate::observe::{bytes, counted, printable};
use crate::parse::CharsetFrom;
use crate::usage::{Answer, Use};
use clap::{ArgMatches, Args};
use serde_json::Value;

/// Values of crawl flags stay text, and are read in their order from `ArgMatches`, as those of a crawl.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
pub(crate) struct Inspect {
    /// The page: a URL, or a file that holds one
    #[arg(value_name = "URL|FILE", value_hint = clap::ValueHint::AnyPath)]
    subject: String,
    /// Try this CSS selector, or JSONPath that starts with $; repeats
    #[arg(long, value_name = "CSS")]
    select: Vec<String>,
    /// Where a FILE comes from: its references start there [default: its name below fetch.origin]
    #[arg(long, value_name = "URL", value_hint = clap::ValueHint::Url)]
    url: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Show the text of the page, as a person reads it
    #[arg(long)]
    text: bool,
    /// Show the page as Markdown
    #[arg(long)]
    markdown: bool,
    /// Which part of the page these are of [default: auto]
    #[arg(long, value_name = "PART", value_parser = ["auto", "article", "body"])]
    main: Option<String>,
    /// Take this out of the page, like 'price=.price', 'image=img@src' or 'price:number=.price'; repeats
    #[arg(long, value_name = "NAME=SELECTOR")]
    field: Vec<String>,
    /// Take several items of the page, like 'products=li.product'; their fields are --field 'products.title=h2'
    #[arg(long, value_name = "NAME=SELECTOR")]
    item: Vec<String>,
    /// Follow links this far from a seed, which the page counts as [default: none]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    depth: Option<String>,
    /// How far from the seeds [default: host]
    #[arg(long, value_name = "KIND", value_parser = ["host", "subdomains", "domain", "prefix", "any"])]
    scope: Option<String>,
    /// Take only URLs that match; repeats, and replaces the file's list
    #[arg(long, value_name = "PATTERN")]
    include: Vec<String>,
    /// Leave out URLs that match, even when included; repeats, and replaces the file's list
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,
    /// Do not ask for robots.txt; for sites of your own
    #[arg(long)]
    ignore_robots: bool,
    /// Say who you are and how to reach you [default: crawler/VERSION]
    #[arg(long, value_name = "TEXT")]
    user_agent: Option<String>,
    /// Send this header, like 'Accept-Language: en'; repeats, and adds to the file's
    #[arg(long, value_name = "HEADER")]
    header: Vec<String>,
    /// Send requests through this proxy, like http://HOST:PORT; repeats
    #[arg(long, value_name = "URL", value_hint = clap::ValueHint::Url)]
    proxy: Vec<String>,
    /// Who looks names up behind a proxy [default: here]
    #[arg(long, value_name = "WHO", value_parser = ["here", "proxy"])]
    proxy_dns: Option<String>,
    /// The longest that a request may take [default: 1m]
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    timeout: Option<String>,
    /// The longest body that is read, after decompression [default: 8MiB]
    #[arg(long, value_name = "SIZE", allow_negative_numbers = true)]
    max_body: Option<String>,
    /// Read the settings from this file [default: crawl.toml when there]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    config: Option<PathBuf>,
    /// Set any key of crawl.toml, like scope.kind=any; repeats
    #[arg(long, value_name = "TABLE.KEY=VALUE")]
    set: Vec<String>,
}

/// Shows the page. 1 when there is none that a crawl would read.
pub(crate) fn inspect(inspect: &Inspect, matches: &ArgMatches) -> Result<ExitCode> {
    let config = inspect.settings(matches)?;
    let subject = inspect.subject()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Internal(format!("cannot start the runtime: {error}")))?;
    let mut client = PageClient::new(config, &subject, &inspect.select)?;
    let report = runtime.block_on(client.look(&|why| super::voice::say(why)))?;
    if inspect.json {
        super::voice::print_object(&report)?;
    } else {
        super::voice::print(&text(&report))?;
    }
    Ok(ExitCode::from(u8::from(!report.is_read())))
}

impl Inspect {
    fn settings(&self, matches: &ArgMatches) -> Result<Config> {
        let mut layers = Layers::default();
        super::flags::file(self.config.as_deref(), &mut layers)?;
        super::flags::lay(matches, &mut layers)?;
        Ok(layers.finish()?.config)
    }

    fn by_url(&self, url: String) -> Result<Subject> {
        if self.url.is_some() {
            return Err(Error::Usage("--url says where a file comes from, and the page is a URL".to_owned()));
        }
        Ok(Subject::Url(url))
    }

    fn subject(&self) -> Result<Subject> {
        let name = &self.subject;
        if name.contains("://") {
            return self.by_url(name.clone());
        }
        let path = PathBuf::from(name);
        if !path.exists() {
            if let Some(url) = bare_url(name) {
                super::voice::say(&printable(&format!("{name} is taken as {url}, as a browser does")));
                return self.by_url(url);
            }
            return Err(Error::Usage(format!(
                "`{name}` is neither a URL nor a file that exists\n = allowed: the URL of a page, the name of a host, or a \
                 file that holds one"
            )));
        }
        Ok(Subject::File { path, url: self.url.clone() })
    }
}

/// The report for a person, a fact on each line.
fn text(report: &PageReport) -> String {
    let mut text = Text(String::new());
    text.0 = format!("{}\n", printable(&report.url));
    text.way(report);
    text.response(report);
    text.page(report);
    text.usage(report);
    text.links(report);
    if let Some(content) = &report.content {
        text.0.push_str(&shown_content::lines(content));
    }
    for table in &report.rules {
        text.table(table);
    }
    for selected in &report.selected {
        text.selected(selected);
    }
    for trouble in &report.troubles {
        text.fact("trouble", trouble);
    }
    text.0
}

struct Text(String);

impl Text {
    fn fact(&mut self, name: &str, value: &str) {
        self.indented(2, name, value);
    }

    fn indented(&mut self, depth: usize, name: &str, value: &str) {
        let (name, value) = (printable(name), printable(value));
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{:depth$}{name:<12} {value}", "");
    }

    fn way(&mut self, report: &PageReport) {
        if let Some(file) = &report.file {
            self.fact("file", file);
        }
        if let Some(robots) = &report.robots {
            let word = if robots.allowed { "allowed" } else { "disallowed" };
            self.fact("robots", &format!("{word}: {}", robots.why));
        } else {
            self.fact("robots", "robots.txt was not asked for");
        }
        if let Some(skipped) = &report.skipped {
            self.fact("a crawl", &format!("would skip it: {}: {}", skipped.reason.name(), skipped.why));
        }
        for hop in &report.redirects {
            self.fact("redirect", &format!("{} to {}", hop.status.unwrap_or_default(), hop.location));
        }
        if let Some(why) = &report.not_asked {
            self.fact("not asked", &format!("{}: {}: {}", report.final_url, why.reason.name(), why.why));
        }
    }

    fn response(&mut self, report: &PageReport) {
        if let Some(error) = &report.error {
            self.fact("error", &error.to_string());
        }
        if let Some(status) = report.status {
            let http = report.http.as_ref().map(|version| format!(", {version}")).unwrap_or_default();
            self.fact("status", &format!("{status}{http}, {} ms", report.elapsed_ms.unwrap_or_default()));
        }
        for header in &report.headers {
            self.fact("header", &format!("{}: {}", header.name, header.value));
        }
        if let Some(media) = &report.media {
            let read_as = match media.read_as {
                ReadAs::Html => "read as HTML",
                ReadAs::Json => "read as JSON",
                ReadAs::Nothing => "not read",
                ReadAs::NotFetched => "not fetched",
            };
            self.fact("body", &format!("{read_as}: {}", media.why));
        }
        if let Some(read) = report.bytes {
            self.fact("bytes", &bytes(read).to_string());
        }
    }

    fn page(&mut self, report: &PageReport) {
        if let (Some(charset), Some(from)) = (&report.charset, report.charset_from) {
            let why = match from {
                CharsetFrom::Bom => "its byte order mark says so",
                CharsetFrom::ContentType => "Content-Type says so",
                CharsetFrom::Start => "its first 1024 bytes say so",
                CharsetFrom::Xml => "nothing says it, and XML is in UTF-8 then",
                CharsetFrom::LateMeta => "a <meta> further down says so",
                CharsetFrom::Guess => "guessed, as nothing says it",
            };
            self.fact("charset", &format!("{charset}: {why}"));
        }
        let facts = [
            ("title", &report.title),
            ("description", &report.description),
            ("lang", &report.lang),
            ("canonical", &report.canonical),
        ];
        for (name, value) in facts {
            if let Some(value) = value {
                self.fact(name, value);
            }
        }
        if let (Some(base), Some(start)) = (&report.base, &report.references_start_from) {
            self.fact("base", &format!("{base}: references start from {start}"));
        }
        for said in &report.directives {
            let means = if said.nofollow { "  (its links are not to be followed)" } else { "" };
            self.fact(&said.from, &format!("{}{means}", said.content));
        }
    }

    /// What may be done with the page, and who says it.
    fn usage(&mut self, report: &PageReport) {
        let Some(usage) = &report.usage else { return };
        let answer = |of: Use| match usage.answer(of)? {
            Answer::Yes => Some(format!("{} allowed", of.name())),
            Answer::No => Some(format!("no {}", of.name())),
        };
        let mut said: Vec<_> = Use::ALL.into_iter().filter_map(answer).collect();
        said.extend(usage.price.iter().map(|price| format!("a request costs {price}")));
        said.extend(usage.omitted.then(|| "[policy] leaves its content out of the record".to_owned()));
        let said =
            if said.is_empty() { "said, and neither allowed nor disallowed".to_owned() } else { said.join(", ") };
        self.fact("usage", &said);
        for statement in &usage.statements {
            let line = statement.line.map(|line| format!(" line {line}")).unwrap_or_default();
            self.indented(4, &format!("{}{line}", statement.from.name()), &statement.text);
        }
    }

    fn links(&mut self, report: &PageReport) {
        if report.media.as_ref().is_none_or(|media| media.read_as != ReadAs::Html) {
            return;
        }
        let followed = report.links.iter().filter(|link| link.verdict == "follow").count();
        let all = counted(report.links.len() as u64, "link", "links");
        self.fact("links", &format!("{all}, {followed} to follow"));
        for link in report.links.iter().take(SHOWN) {
            let why = link.why.as_ref().map(|why| format!("  ({why})")).unwrap_or_default();
            self.indented(4, &link.verdict, &format!("{}{why}", link.url));
        }
        if let Some(more @ 1..) = report.links.len().checked_sub(SHOWN) {
            self.indented(4, "", &format!("and {more} more: --json has them all"));
        }
        if report.links_left_out > 0 {
            self.indented(
                4,
                "",
                &format!("and {} that are left out: max_links, max_link_bytes in [parse]", report.links_left_out),
            );
        }
    }

    fn table(&mut self, table: &Examined) {
        let name = table.name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
        let pages = if table.pages.is_empty() { String::new() } else { format!(" for {}", table.pages.join(", ")) };
        let not = match table.is_for {
            IsFor::Page => "",
            IsFor::OtherUrls => ": not for this URL",
            IsFor::OtherTypes => ": not for responses of this type",
        };
        let _ = writeln!(self.0, "{}", printable(&format!("[[{}]]{name}{pages}{not}", table.table)));
        for rule in &table.rules {
            self.rule(&rule.name, rule);
        }
    }

    fn rule(&mut self, name: &str, rule: &Found) {
        let tally = rule.tally;
        let place = if rule.place.is_empty() { String::new() } else { format!("  ({})", rule.place) };
        let told = match (tally.tried, tally.found) {
            (0, _) => "not tried".to_owned(),
            (_, 0) => "nothing".to_owned(),
            (1, _) if tally.values > 1 => format!("{} values, the first {}", tally.values, shown(&rule.value)),
            (1, _) if rule.value.is_null() => counted(tally.values, "match", "matches"),
            (1, _) => shown(&rule.value),
            (tried, found) => format!("{found} of {tried}, the first {}", shown(&rule.value)),
        };
        self.indented(2, name, &format!("{told}{place}"));
        for why in &rule.why {
            self.indented(4, "why", why);
        }
        if let Some(autopsy) = &rule.autopsy {
            self.autopsy(autopsy);
        }
    }

    fn autopsy(&mut self, autopsy: &Autopsy) {
        for step in &autopsy.steps {
            self.indented(4, &step.matches.to_string(), &step.text);
        }
        for near in &autopsy.nearest {
            let example = near.example.as_ref().map(|example| format!(", as {example:?}")).unwrap_or_default();
            self.indented(4, "nearest", &format!("{}  ({}{example})", near.text, near.matches));
        }
        for note in &autopsy.notes {
            self.indented(4, "note", note);
        }
    }

    fn selected(&mut self, selected: &Selected) {
        let _ = writeln!(self.0, "{}", printable(&format!("--select {}", selected.select)));
        let Some(rule) = &selected.rule else {
            self.fact("", "not for responses of this type");
            return;
        };
        if rule.tally.found == 0 {
            self.rule("", rule);
            return;
        }
        self.fact("", &counted(rule.tally.values, "value", "values"));
        for value in selected.values.iter().take(SHOWN) {
            let _ = writeln!(self.0, "    {}", printable(&shown(value)));
        }
        if let Some(more @ 1..) = selected.values.len().checked_sub(SHOWN) {
            let _ = writeln!(self.0, "    and {more} more: --json has them all");
        }
    }
}

/// A value on one line: of a list, the first entry.
fn shown(value: &Value) -> String {
    let value = value.as_array().and_then(|values| values.first()).unwrap_or(value);
    let text = value.to_string();
    match text.char_indices().nth(WIDEST) {
        Some((end, _)) => format!("{}\u{2026}", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// How many links or values are shown to a person.
const SHOWN: usize = 50;
const WIDEST: usize = 100;

pub(crate) const EPILOGUE: &str = "\
Examples:
  crawler inspect https://example.com/shop
  crawler inspect https://example.com/shop --select 'li.product .price'
  crawler inspect page.html --url https://example.com/shop --item 'products=li' --field 'products.title=h2'

robots.txt is asked for first, and redirects are followed as in a crawl. Without seeds in crawl.toml \
the page is the seed; in any case it counts as one, so that its links are at depth 1.

Exit codes:
  0  the page was read
  1  there is none to read: disallowed, failed, an error status, or a type that is not read
  2  wrong usage or configuration";
