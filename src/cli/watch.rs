//! `crawler watch`: the same crawl again and again, each time as an update of the one before.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use super::crawl::{self, Called, Earlier, Home};
use super::flags::Flags;
use super::signals::{Signal, Signals};
use crate::change::Changes;
use crate::committed::look_at_notes;
use crate::config::Config;
use crate::crawl_dir::{Schedule, told};
use crate::error::{Error, Result};
use crate::export::Target;
use crate::observe::{ProgressMode, State, Summary, Terminal, count, counted, elapsed};
use crate::outcome::OutcomeKind;
use crate::recurrence::{Next, Recurrence, Turn};
use crate::report::Report;
use crate::store::file;
use crate::units::TimeLimit;
use crate::versions::is_between;
use clap::Args;
use jiff::Timestamp;
use tokio::runtime::Runtime;

#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// How long from the start of one run to that of the next, like 6h [default: schedule.every]
    #[arg(long, value_name = "TIME")]
    every: Option<String>,
    #[command(flatten)]
    flags: Flags,
}

impl Asked {
    pub(crate) fn flags(&self) -> &Flags {
        &self.flags
    }

    /// What is crawled each time, and how often.
    pub(crate) fn lay(&self, mut called: Called) -> Result<Called> {
        if let Some(text) = &self.every {
            let every = text.parse::<TimeLimit>().ok().filter(|every| every.0.is_some_and(|every| !every.is_zero()));
            called.loaded.config.schedule.every = every.ok_or_else(|| {
                let problem = format!("--every: `{text}` is no time between two runs");
                Error::Usage(format!("{problem}\n = help: a number with a unit, like 30m, 6h or 1d"))
            })?;
        }
        Ok(called)
    }
}

/// Crawls when it is due, until a signal ends it.
pub(crate) fn watch(called: Called) -> ExitCode {
    let terminal = crawl::speak(&called.loaded, &called.told);
    let every = match every(&called) {
        Ok(every) => every,
        Err(error) => return super::voice::report(&error),
    };
    let mut config = called.loaded.config;
    // In a log, one line a run is what there is to say.
    if config.observe.progress == ProgressMode::Auto && !terminal.is_interactive() {
        config.observe.progress = ProgressMode::Never;
    }
    let watched = Schedule::take(&config.dir).and_then(|schedule| {
        let runtime = crawl::runtime()?;
        let signals = runtime.block_on(async { Signals::listen() })?;
        let watch = Watch { config, schedule, every, terminal, is_first: true };
        let end = watch.go_on(&runtime, signals);
        // A name that is being looked up is nothing to wait for any more.
        runtime.shutdown_background();
        end
    });
    match watched {
        Ok(signal) => signal.exit_code(),
        Err(error) => super::voice::report(&error),
    }
}

/// How long it is from one run to the next.
fn every(called: &Called) -> Result<Recurrence> {
    let config = &called.loaded.config;
    let Some(every) = config.schedule.every.0 else {
        let problem = "nobody has said how often to crawl";
        return Err(Error::Usage(format!(
            "{problem}\n = help: --every 6h, or every = \"6h\" in the table [schedule] of the settings"
        )));
    };
    if called.earlier != Earlier::GoneOnWith {
        let problem = "`watch` crawls the first time, and then each time as with --update";
        return Err(Error::Usage(format!("{problem}\n = help: leave out --fresh, --retry-failed and --update")));
    }
    if !config.output.path.as_os_str().is_empty() {
        let problem = "`watch` keeps the records of each crawl in its directory";
        return Err(Error::Usage(format!("{problem}\n = help: leave out --output")));
    }
    if called.home == Home::Nowhere || !config.frontier.store {
        let problem = "`watch` keeps each crawl in a directory until the next one has taken its place";
        return Err(Error::Usage(format!("{problem}\n = help: leave out --no-store and --output -")));
    }
    if !config.store.as_str().is_empty() {
        let problem = "`watch` updates a crawl whose store is in its directory, and --store keeps it in a database";
        return Err(Error::Usage(format!(
            "{problem}\n = help: leave out --store, or let cron start `crawler --fresh --store …`"
        )));
    }
    if called.dashboard.is_some() {
        let problem = "--dashboard shows one crawl, and `watch` waits between many";
        return Err(Error::Usage(format!("{problem}\n = help: leave it out")));
    }
    Ok(Recurrence::new(every))
}

struct Watch {
    config: Config,
    schedule: Schedule,
    every: Recurrence,
    terminal: Terminal,
    /// Whether no run of this process has come to its end: what is wrong with the call shows then.
    is_first: bool,
}

impl Watch {
    /// Crawls and waits in turns; the signal that ended it.
    fn go_on(mut self, runtime: &Runtime, mut signals: Signals) -> Result<Signal> {
        loop {
            let now = Timestamp::now();
            self.mend_schedule(now)?;
            let Next { due, begins } = self.every.next(self.schedule.last(), now);
            if self.is_first && begins > now {
                tracing::info!("watching {}: the next run is at {begins:.0}", self.config.dir.display());
            }
            if let Some(signal) = runtime.block_on(wait(self.every, begins, &mut signals)) {
                return Ok(signal);
            }
            let due = due.min(Timestamp::now());
            self.schedule.keep(Turn { due, ended: None })?;
            match self.run(runtime, &mut signals) {
                Ok((summary, Some(signal))) if summary.state == State::Stopped => {
                    tracing::info!("stopped; the same command goes on with this run");
                    return Ok(signal);
                }
                Ok((summary, signal)) => {
                    // What holds of `fail_on` is told, and ends nothing here.
                    let fails = crawl::fails(&summary, &self.config.dir, &self.config.fail_on);
                    let report = self.report(&summary);
                    // Told before it has ended: killed in between, it is told twice rather than not at all.
                    let turn = self.tell(due, &said(&summary));
                    told(&self.config.dir)?;
                    self.schedule.keep(turn)?;
                    for error in [fails.err(), report.err()].into_iter().flatten() {
                        super::voice::report(&error);
                    }
                    if let Some(signal) = signal {
                        return Ok(signal);
                    }
                }
                // What is wrong with the call is wrong each time.
                Err(error @ Error::Usage(_)) if self.is_first => return Err(error),
                Err(error) => {
                    super::voice::report(&error);
                    let turn = self.tell(due, "failed");
                    self.schedule.keep(turn)?;
                }
            }
            self.is_first = false;
        }
    }

    /// Keeps no time that is still to come: else each process that begins would wait for a whole span once more.
    fn mend_schedule(&mut self, now: Timestamp) -> Result<()> {
        match self.schedule.last() {
            Some(last) if last != last.by(now) => self.schedule.keep(last.by(now)),
            _ => Ok(()),
        }
    }

    /// One run: the first crawl of the directory, or what is left of it, or else an update.
    fn run(&self, runtime: &Runtime, signals: &mut Signals) -> Result<(Summary, Option<Signal>)> {
        let earlier = if is_whole(&self.config.dir)? { Earlier::Updated } else { Earlier::GoneOnWith };
        let crawl = crawl::build(self.config.clone(), earlier, Home::Dir, &self.terminal, None, runtime)?;
        runtime.block_on(crawl::run(crawl, signals))
    }

    /// Says what a run came to that has ended now, and when the next one is.
    fn tell(&self, due: Timestamp, said: &str) -> Turn {
        let now = Timestamp::now();
        let turn = Turn { due, ended: Some(now) };
        let Next { begins, .. } = self.every.next(Some(turn), now);
        tracing::info!("run of {due:.0}: {said}; next at {begins:.0}");
        turn
    }

    /// Leaves a report of a crawl that is whole, beside the one before if that is kept.
    fn report(&self, summary: &Summary) -> Result<()> {
        // The report of an update of which nothing came would be that of the crawl before.
        if !self.config.schedule.report || summary.records == 0 || !summary.failed_seeds.is_empty() {
            return Ok(());
        }
        let before = summary.update.as_ref().and_then(|changes| changes.before.as_deref()).map(Path::new);
        let html = Report::of(&self.config.dir, before)?.html()?;
        let target = Target::begin(&self.config.dir.join(REPORT), true)?;
        target.file().write_all(html.as_bytes()).map_err(|error| Error::io("write", target.beside(), error))?;
        target.finish().map(drop)
    }
}

/// Waits until a run begins; a signal that came before.
async fn wait(every: Recurrence, mut begins: Timestamp, signals: &mut Signals) -> Option<Signal> {
    loop {
        let now = Timestamp::now();
        begins = every.begins(begins, now);
        let left = begins.duration_since(now);
        let left = Duration::try_from(left).ok().filter(|left| !left.is_zero())?;
        // The clock may be set, and a machine sleeps: both show at the next look.
        if let Ok(signal) = tokio::time::timeout(left.min(LOOKS_AGAIN_AFTER), signals.next()).await {
            return Some(signal);
        }
    }
}

/// Whether the crawl in a directory has come to its end, or one that has is just being put in its place.
fn is_whole(dir: &Path) -> Result<bool> {
    if is_between(dir) {
        return Ok(true);
    }
    if !file::is_there(dir)? {
        return Ok(false);
    }
    let session = look_at_notes(dir, |store| store.last_session())?;
    Ok(session.is_some_and(|session| matches!(session.ended, Some(State::Complete | State::Limit))))
}

/// What a run came to, in a line.
fn said(summary: &Summary) -> String {
    let settled = summary.settled;
    let mut said = vec![summary.state.name().to_owned(), counted(settled.ok, "page", "pages")];
    for (n, kind) in [(settled.http_error, OutcomeKind::HttpError), (settled.failed, OutcomeKind::Failed)] {
        if n > 0 {
            said.push(format!("{} {}", count(n), kind.name().replace('_', " ")));
        }
    }
    if !summary.failed_seeds.is_empty() {
        said.push("no page came of any seed".to_owned());
    }
    let changes = summary.update.as_ref().map(|changes| format!("; {}", said_of(changes))).unwrap_or_default();
    format!("{}{changes} in {}", said.join(", "), elapsed(Duration::from_millis(summary.elapsed_ms)))
}

/// What an update came to, by the words of `changes.jsonl`.
fn said_of(changes: &Changes) -> String {
    let Changes { new, changed, moved, gone, failed, .. } = *changes;
    let pairs = [(new, "new"), (changed, "changed"), (moved, "moved"), (gone, "gone"), (failed, "failed")];
    let mut told: Vec<_> =
        pairs.iter().filter(|(n, _)| *n > 0).map(|(n, name)| format!("{} {name}", count(*n))).collect();
    if changes.total() == 0 {
        told.insert(0, "nothing changed".to_owned());
    }
    told.join(", ")
}

pub(crate) const EPILOGUE: &str = "\
Takes the flags of a crawl, and --every (schedule.every). The first run is a crawl, each later one an \
update of it, with DIR/changes.jsonl and DIR/report.html. Runs stay at the times that they began with; one \
that is due while another still runs is left out, and what was due while nobody watched is made up for \
once. A run that fails does not end it. Ctrl-C (SIGINT, SIGTERM) does; the same command goes on.

Exit codes:
  1  the schedule cannot be kept in DIR
  2  wrong usage or settings
  129, 130, 143  ended by SIGHUP, SIGINT, SIGTERM";

/// The report of the last run that was whole, in the crawl directory.
const REPORT: &str = "report.html";
const LOOKS_AGAIN_AFTER: Duration = Duration::from_mins(1);
