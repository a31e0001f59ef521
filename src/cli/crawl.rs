//! One crawl at the terminal: outputs, signals, the closing summary, the exit code.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::checked_up::checked_up;
use super::{dashboard, descriptors, going_on};
use crate::config::{Config, Loaded, SettingOrigin};
use crate::crawl_dir::told as told_changes;
use crate::error::{Error, Result};
use crate::observe::{
    FailOn, LogFormat, LogLevel, Progress, ProgressMode, State, Summary, Terminal, printable, subscriber, update_line,
};
use crate::serve::Dashboard;
use crate::sink::{JsonlStream, STDOUT};
#[cfg(feature = "postgres")]
use crate::store::postgres::Postgres;
use crate::store_place::StorePlace;
use crate::{Crawl, CrawlDir};
use tokio::runtime::Runtime;

use super::signals::{self, Signal, Signals};

/// What becomes of what an earlier crawl has left in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// The crawl goes on.
    GoneOnWith,
    /// The same, and what has failed is asked for again.
    Retried,
    /// It is crawled anew, and stays until that is whole.
    Updated,
    /// It is deleted.
    Deleted,
}

/// Where a crawl keeps what the next run goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    /// In its directory.
    Dir,
    /// Nowhere: all that is asked for is on stdout, each time the same.
    Nowhere,
}

/// A crawl as it was called for.
#[derive(Debug)]
pub(crate) struct Called {
    /// The settings, with at least one seed.
    pub(crate) loaded: Loaded,
    /// What becomes of an earlier crawl in its directory.
    pub(crate) earlier: Earlier,
    pub(crate) home: Home,
    /// How the call was understood, where that is not plain.
    pub(crate) told: Vec<String>,
    /// The call that goes on with it, if another than this one does.
    pub(crate) again: Option<Vec<String>>,
    /// Where a browser sees it, if anywhere.
    pub(crate) dashboard: Option<String>,
}

impl Home {
    /// Where the crawl of these settings keeps itself: nowhere, when stdout gets its records and nobody names a directory.
    ///
    /// # Errors
    /// [`Error::Usage`] when there is no directory for what is to be a file, or for an earlier crawl of which something is to
    /// become; or when records are to be read that nobody can read again.
    pub(crate) fn of(loaded: &Loaded, earlier: Earlier) -> Result<Self> {
        let config = &loaded.config;
        let reads_records = config.fail_on.iter().find(|condition| condition.needs_survey());
        if let Some(condition) = reads_records.filter(|_| config.output.path == Path::new(STDOUT)) {
            let problem =
                format!("--fail-on {} reads the records once more, and nobody can read stdout again", condition.name());
            return Err(Error::Usage(format!("{problem}\n = help: leave --output away, or give it a file")));
        }
        let names_dir = loaded.origins.get("dir").is_some_and(|origin| *origin != SettingOrigin::Default);
        let names_store = !config.store.as_str().is_empty();
        if config.output.path != Path::new(STDOUT) || names_dir || names_store {
            return Ok(Self::Dir);
        }
        if let Some((what, makes, help)) = makes_file(config) {
            let problem = format!("{what} makes {makes}, and with records on stdout no directory keeps it");
            return Err(Error::Usage(format!("{problem}\n = help: {help}")));
        }
        let flag = match earlier {
            Earlier::GoneOnWith => return Ok(Self::Nowhere),
            Earlier::Retried => "--retry-failed",
            Earlier::Updated => "--update",
            Earlier::Deleted => "--fresh",
        };
        let problem = format!("{flag} is for a crawl in a directory, and with records on stdout alone there is none");
        Err(Error::Usage(format!("{problem}\n = help: leave it out, or name the directory with --dir")))
    }
}

/// What is shown of a crawl beside its summary.
struct Shown {
    way_on: Option<going_on::WayOn>,
    dashboard: Option<String>,
}

/// Crawls as it was called for.
pub(crate) fn crawl(called: Called) -> ExitCode {
    let Called { loaded, earlier, home, told, again, dashboard } = called;
    let terminal = speak(&loaded, &told);
    let config = loaded.config;
    let goes_on = config.frontier.store && home == Home::Dir;
    let has_items = !config.items.is_empty() || surveys(&config);
    let way_on = going_on::WayOn { most_pages: config.max_pages, call: again };
    let shown = Shown { way_on: goes_on.then_some(way_on), dashboard };
    match start(&config, earlier, home, shown, &terminal) {
        Ok(code) => code,
        Err(error) => {
            let code = super::voice::report(&error);
            if goes_on && is_full(&error) {
                super::voice::say(
                    " = help: when there is room again, the same command goes on where the crawl has stopped",
                );
            }
            if let (true, Error::Taken { .. }) = (goes_on, &error) {
                super::voice::say(if has_items { PUT_BACK } else { ASKS_AGAIN });
            }
            code
        }
    }
}

/// Lets be heard what crawls say, with what there is to say of the call itself.
pub(super) fn speak(loaded: &Loaded, told: &[String]) -> Terminal {
    let terminal = Terminal::default();
    // Only fails when there is one already, and this is the first.
    let _ = tracing::subscriber::set_global_default(subscriber(&loaded.config.observe, terminal.clone()));
    std::panic::set_hook(Box::new(|panic| tracing::error!("internal error: {panic}")));
    for told in loaded.exposed() {
        tracing::warn!("{told}");
    }
    for told in told {
        tracing::info!("{told}");
    }
    terminal
}

fn is_full(error: &Error) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error, Error::Io { source, .. } if matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge))
}

fn start(config: &Config, earlier: Earlier, home: Home, shown: Shown, terminal: &Terminal) -> Result<ExitCode> {
    let Shown { way_on, dashboard } = shown;
    let (observe, fail_on, dir) = (config.observe.clone(), config.fail_on.clone(), config.dir.clone());
    let runtime = runtime()?;
    let mut signals = runtime.block_on(async { Signals::listen() })?;
    let dashboard = dashboard.map(|at| dashboard::open(&at, config)).transpose()?;
    let mut began = Instant::now();
    let crawl = build(config.clone(), earlier, home, terminal, dashboard.as_ref(), &runtime)?;
    let by_button = Arc::new(AtomicBool::new(false));
    let dashboard = dashboard.map(|dashboard| dashboard::serve(dashboard, &crawl, &by_button)).transpose()?;
    let mut ended = runtime.block_on(run(crawl, &mut signals));
    while let (Err(Error::Fenced(store)), None) = (&ended, &dashboard)
        && began.elapsed() >= BEGINS_AGAIN_AFTER
    {
        tracing::warn!("{store}: others have taken this node for lost, and its hosts; it begins again");
        began = Instant::now();
        let crawl = build(config.clone(), Earlier::GoneOnWith, home, terminal, None, &runtime)?;
        ended = runtime.block_on(run(crawl, &mut signals));
    }
    if let (Some(dashboard), Ok((summary, _))) = (dashboard, &ended) {
        dashboard.end(summary);
    }
    // A name that is being looked up, or a page that is being parsed, is nothing to wait for any more.
    runtime.shutdown_background();
    let (summary, signal) = ended?;
    // A button is the same as a first Ctrl-C.
    let signal = signal.or_else(|| by_button.load(Ordering::Relaxed).then_some(Signal::Interrupt));
    close(&summary, terminal, observe.log_format, observe.log_level);
    if let Some(told) = way_on.and_then(|way_on| way_on.of(&summary)) {
        tracing::info!("{told}");
    }
    let fails = fails(&summary, &dir, &fail_on)?;
    if home == Home::Dir && summary.state != State::Stopped {
        told_changes(&dir)?;
    }
    Ok(exit_code(&summary, signal, fails))
}

/// Tells what of `fail_on` holds of a crawl that has ended; the exit code for it, when something does.
pub(super) fn fails(summary: &Summary, dir: &Path, fail_on: &[FailOn]) -> Result<Option<u8>> {
    let fails = told(summary, fail_on);
    // In the directory of an update of which no page came is the crawl before.
    let is_there = summary.state != State::Stopped && summary.failed_seeds.is_empty();
    let is_wrong = is_there && checked_up(dir, fail_on)?;
    Ok(if is_wrong { Some(FAILED) } else { fails })
}

/// What crawls run on.
pub(super) fn runtime() -> Result<Runtime> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = built.map_err(|error| Error::Internal(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(async { signals::outlive_file_size_limit() })?;
    Ok(runtime)
}

/// Puts the crawl together, with what an earlier run has left of it.
pub(super) fn build(
    config: Config,
    earlier: Earlier,
    home: Home,
    terminal: &Terminal,
    dashboard: Option<&Dashboard>,
    runtime: &Runtime,
) -> Result<Crawl> {
    let (path, output) = (config.dir.clone(), config.output.path.clone());
    let store = config.store_place()?;
    let items: Vec<String> = config.items.iter().map(|items| items.name.clone()).collect();
    let (progress, most) = (config.observe.progress, config.max_pages.0);
    let mut builder = Crawl::builder().config(config);
    if progress != ProgressMode::Never {
        builder = builder.observer(Progress::new(terminal.clone(), Instant::now()).up_to(most));
    }
    if let Some(dashboard) = dashboard {
        builder = builder.observer(dashboard.observer()).sink(dashboard.sink());
    }
    if let Some(free) = descriptors::free() {
        builder = builder.file_descriptors(free);
    }
    if earlier == Earlier::Retried {
        builder = builder.retry_failed();
    }
    if earlier == Earlier::Updated {
        builder = builder.update();
    }
    builder = builder.told_by_caller();
    if home == Home::Nowhere {
        return builder.sink(JsonlStream::stdout()).check()?.build(None);
    }
    // Settings are checked before anything is deleted or created.
    let checked = builder.check()?;
    let dir = CrawlDir::take(&path)?;
    if earlier != Earlier::Updated {
        tell_untold(&dir);
    }
    if earlier == Earlier::Deleted {
        // A start that fails would leave nothing of either crawl.
        runtime.block_on(checked.try_out())?;
        if let Some(place) = &store {
            delete_shared(place, &path)?;
        }
        dir.clear(&output, &items.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    checked.build(Some(dir))
}

/// Deletes what a database has of an earlier crawl.
#[cfg(feature = "postgres")]
fn delete_shared(place: &StorePlace, dir: &Path) -> Result<()> {
    Postgres::delete(place, dir)
}

/// Nothing can be there: that it cannot be opened is told later.
#[cfg(not(feature = "postgres"))]
fn delete_shared(_: &StorePlace, _: &Path) -> Result<()> {
    Err(Error::Usage("this crawler is built without the feature `postgres`, so --store cannot be used".to_owned()))
}

/// Says what has changed with an update that this call is none of, when the process that made it could not.
fn tell_untold(dir: &CrawlDir) {
    if let Some(changes) = dir.untold().and_then(|summary| summary.update) {
        let shown = dir.path().display();
        tracing::warn!(
            "an update of {shown} was cut off when it took its place, before it could say what has changed; {}",
            update_line(&changes)
        );
    }
}

/// Runs the crawl. The first signal drains it, the second stops it at once.
pub(super) async fn run(crawl: Crawl, signals: &mut Signals) -> Result<(Summary, Option<Signal>)> {
    let stopper = crawl.stopper();
    let mut crawl = Box::pin(crawl.run_as_task());
    let mut received = None;
    loop {
        let signal = tokio::select! {
            end = &mut crawl => return Ok((end?, received)),
            signal = signals.next() => signal,
        };
        if received.is_none() {
            stopper.drain();
        } else {
            stopper.stop();
        }
        received = Some(signal);
    }
}

fn close(summary: &Summary, terminal: &Terminal, format: LogFormat, level: LogLevel) {
    let shown = !matches!(level, LogLevel::Error | LogLevel::Warn);
    match format {
        LogFormat::Text if shown => terminal.line(&summary.to_string()),
        LogFormat::Text => {}
        LogFormat::Json => tracing::info!(
            state = summary.state.name(),
            records = summary.records,
            discovered = summary.discovered,
            pending = summary.pending,
            skipped = summary.skipped.total(),
            elapsed_ms = summary.elapsed_ms,
            "the crawl has ended"
        ),
    }
    for seed in summary.failed_seeds.iter().take(SEEDS_SHOWN) {
        tracing::error!("no page came of {}: {}", printable(&seed.url), printable(&seed.reason));
    }
    if let Some(more @ 1..) = summary.failed_seeds.len().checked_sub(SEEDS_SHOWN) {
        tracing::error!("nor of {more} more seeds: summary.json has them all");
    }
}

/// Tells which of the conditions hold on which a crawl fails, and the exit code for it, when one does. That a site was
/// redesigned is told to everybody who has rules.
fn told(summary: &Summary, fail_on: &[FailOn]) -> Option<u8> {
    let mut fails = None;
    for condition in fail_on {
        for told in condition.told(summary) {
            // What is wrong goes before what is new.
            let code = if *condition == FailOn::Changes { CHANGED } else { FAILED };
            fails = Some(fails.map_or(code, |other: u8| other.min(code)));
            if *condition == FailOn::Changes {
                tracing::info!("{}: {told}", condition.name());
            } else {
                tracing::error!("{}: {told}", condition.name());
            }
        }
    }
    if !fail_on.contains(&FailOn::RuleDrift) {
        for told in FailOn::RuleDrift.told(summary) {
            tracing::warn!("{}: {told}", FailOn::RuleDrift.name());
        }
    }
    fails
}

/// What of the settings makes a file in the crawl directory, beside the records; what that is, and what to do instead.
fn makes_file(config: &Config) -> Option<(&'static str, &'static str, &'static str)> {
    let survey = |flag| (flag, "a survey of the pages", LINKS_NEED_RECORDS);
    match config {
        Config { archive, .. } if archive.warc => Some(("--warc", "an archive", NAME_DIR)),
        Config { check, .. } if check.external => Some(survey("--check-external")),
        Config { check, .. } if check.resources => Some(survey("--check-resources")),
        Config { check, .. } if check.survey => Some(survey("--check-links")),
        Config { items, .. } if !items.is_empty() => Some(("[[items]]", "a file of each name", NAME_DIR)),
        _ => None,
    }
}

/// Whether a survey is kept of pages.
fn surveys(config: &Config) -> bool {
    config.check.surveys() || config.fail_on.iter().any(|condition| condition.needs_survey())
}

fn exit_code(summary: &Summary, signal: Option<Signal>, fails: Option<u8>) -> ExitCode {
    match (summary.state, signal, fails) {
        (State::Stopped, Some(signal), _) => signal.exit_code(),
        _ if !summary.failed_seeds.is_empty() => ExitCode::from(3),
        (_, _, Some(code)) => ExitCode::from(code),
        _ => ExitCode::SUCCESS,
    }
}

/// Nobody is taken for lost sooner. Who is fenced before has a copy of his directory crawled beside him: were both to begin again,
/// each would end the other for ever.
const BEGINS_AGAIN_AFTER: Duration = Duration::from_secs(15);
/// A condition of `fail_on` holds.
const FAILED: u8 = 4;
/// Something has changed, which `fail_on` asks for.
const CHANGED: u8 = 5;
/// How many of the seeds that gave no page are explained at the terminal.
const SEEDS_SHOWN: usize = 5;

const NAME_DIR: &str = "name one: --dir DIR";
const LINKS_NEED_RECORDS: &str =
    "leave --output away: `crawler links` reads the records too; or name a directory: --dir DIR";

/// What the same command does about a file that somebody has taken away.
const ASKS_AGAIN: &str =
    " = help: the same command asks again for what is lost, or for nothing if the file is put back before";
const PUT_BACK: &str = " = help: put the file back to go on; nothing is asked for again in a crawl that has items or a survey, and --fresh starts over";
