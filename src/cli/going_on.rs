//! Going on: a call that names a crawl directory and no seed takes up what lies there, and a crawl that has ended early says
//! by which call it goes on.

use std::ffi::OsString;
use std::path::Path;

use super::flags::{DEFAULT_FILE, Flags};
use crate::config::{Config, Layers, Loaded, REDACTED, SettingOrigin, is_secret_header, redact_url};
use crate::crawl_dir::is_update;
use crate::error::{Error, Result};
use crate::inspect;
use crate::observe::{FailOn, State, Summary};
use crate::outcome::SkipReason;
use crate::units::Limit;
use crate::versions::{is_between, next};
use clap::ArgMatches;

/// Settings that an earlier run has kept, with the flags of the call over them.
pub(crate) struct Kept {
    pub(crate) loaded: Loaded,
    /// Whose they are, in words.
    whose: String,
}

/// What a call does with the crawl in its directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    GoesOn,
    /// It is crawled anew, or an update of it that was begun goes on.
    Updates,
}

impl Does {
    /// What these flags ask for.
    pub(crate) fn of(flags: &Flags) -> Self {
        if flags.update { Self::Updates } else { Self::GoesOn }
    }
}

/// The settings of the crawl in the directory that the call names, with the flags of the call over them; `None` when it names
/// seeds, or no directory, or when there is no crawl. An update that was begun goes on with its own.
///
/// A crawl.toml in the current folder is not among them: it may be of another crawl. One that has seeds is what is called for,
/// as ever.
///
/// # Errors
/// [`Error::Usage`] when secrets are missing, which no directory keeps.
pub(crate) fn settings(does: Does, flags: &Flags, matches: &ArgMatches, called: &Loaded) -> Result<Option<Kept>> {
    let config = &called.config;
    let names_dir = matches!(called.origins.get("dir"), Some(SettingOrigin::Flag(_)));
    if !names_dir || names_seeds(config) {
        return Ok(None);
    }
    let next = next(&config.dir);
    // It is all that there is of either crawl while the one takes the place of the other.
    let is_next = does == Does::Updates || is_between(&config.dir);
    let of_next = if is_next { inspect::kept(&next)? } else { None };
    let (whose, kept) = match of_next {
        Some(kept) => (format!("the update in {}", next.display()), Some(kept)),
        None => (name_of_kept(&config.dir), inspect::kept(&config.dir)?),
    };
    let Some(kept) = kept else { return Ok(None) };
    let mut layers = Layers::default();
    layers.text(&whose, &kept)?;
    flags.apply_over(matches, &mut layers)?;
    let loaded = layers.finish()?;
    let missing = secrets(&loaded.config)?;
    if !missing.is_empty() {
        return Err(Error::Usage(format!(
            "{whose} was called with secrets, which no crawl directory keeps: {}\n = help: the command that began it \
             goes on with it",
            missing.join(", ")
        )));
    }
    Ok(Some(Kept { loaded, whose }))
}

/// What is told of such settings.
pub(crate) fn told(kept: &Kept, flags: &Flags) -> String {
    let not_read = Path::new(DEFAULT_FILE).exists() && !flags.names_file();
    let file = if not_read {
        format!("; {DEFAULT_FILE} is not read (--config {DEFAULT_FILE} lays it over them)")
    } else {
        String::new()
    };
    let whose = &kept.whose;
    format!("the settings are those of {whose}, and what the command line says{file}")
}

/// The message for a call that has nothing to start from, in these words.
pub(crate) fn nothing(loaded: &Loaded, flags: &Flags, call: &str) -> String {
    let dir = &loaded.config.dir;
    let asked = match flags {
        flags if flags.update => " --update",
        flags if flags.retry_failed => " --retry-failed",
        _ => "",
    };
    let no_seed = super::help::no_seed(call);
    if matches!(loaded.origins.get("dir"), Some(SettingOrigin::Flag(_))) {
        return format!("{no_seed}\n = help: there is no crawl in {} that could go on", dir.display());
    }
    match inspect::kept(dir) {
        Ok(Some(_)) => format!(
            "{no_seed}\n = help: or go on with what is there: {call} --dir {}{asked}",
            quoted(&dir.display().to_string())
        ),
        _ => no_seed,
    }
}

/// Refuses to fail on changes where nothing is compared: with a crawl that is no update, and does not become one.
///
/// # Errors
/// [`Error::Usage`] says what compares. What an earlier run was called with, and nobody has said now, is no mistake of the call.
pub(crate) fn expect_comparison(loaded: &Loaded) -> Result<()> {
    let config = &loaded.config;
    let origin = loaded.origins.get("fail_on");
    let kept = name_of_kept(&config.dir);
    let is_kept = matches!(origin, Some(SettingOrigin::File { path, .. }) if *path == Path::new(&kept));
    if !config.fail_on.contains(&FailOn::Changes) || is_kept || is_update(&config.dir) {
        return Ok(());
    }
    let is_flag = matches!(origin, Some(SettingOrigin::Flag(flag)) if flag != "--set");
    let call = if is_flag { "--fail-on changes" } else { "fail_on = [\"changes\"]" };
    Err(Error::Usage(format!(
        "{call}: a crawl by itself has nothing to compare its pages with\n = help: add --update, which crawls the first time and \
         compares each time after it, or leave `changes` out"
    )))
}

/// Whether the settings say where the crawl starts.
pub(crate) fn names_seeds(config: &Config) -> bool {
    !config.seeds.is_empty() || config.sitemaps.are_seeds()
}

/// The call that goes on with a crawl: exact, and never one that deletes or that shows a secret. `None` when only the one that
/// was made does, in its words, or when there is nothing to go on with.
pub(crate) fn call(args: &[OsString], loaded: &Loaded) -> Option<Vec<String>> {
    let config = &loaded.config;
    if !config.frontier.store || !secrets(config).ok()?.is_empty() {
        return None;
    }
    if !Path::new(DEFAULT_FILE).exists() {
        let dir = config.dir.display().to_string();
        // An update that was stopped is beside the crawl that it is of.
        let update = args.iter().any(|arg| arg == UPDATE).then_some(UPDATE);
        return Some(["crawler", "--dir", &dir].into_iter().chain(update).map(str::to_owned).collect());
    }
    // That file would have its say in any other call.
    let mut call = vec!["crawler".to_owned()];
    for arg in args.iter().skip(1) {
        let arg = arg.to_str()?;
        if is_secret_header(arg) || redact_url(arg) != arg || arg == "-" {
            return None;
        }
        if !matches!(arg, "--fresh" | "--retry-failed") {
            call.push(arg.to_owned());
        }
    }
    Some(call)
}

/// How a crawl goes on that has not come to its end.
#[derive(Debug)]
pub(crate) struct WayOn {
    pub(crate) most_pages: Limit,
    /// The call that does it; `None` when only the one that was made does.
    pub(crate) call: Option<Vec<String>>,
}

impl WayOn {
    /// A line that says it; `None` at the end of a crawl, and when nothing came of it.
    pub(crate) fn of(&self, summary: &Summary) -> Option<String> {
        if !summary.failed_seeds.is_empty() {
            return None;
        }
        let is_over = summary.skipped.iter().any(|(reason, n)| reason == SkipReason::Limit && n > 0);
        match (summary.state, self.most_pages.0) {
            (State::Complete, _) => None,
            (State::Stopped, _) => Some(format!("this goes on where it was stopped: {}", self.shown(None, true))),
            (State::Limit, Some(most)) if is_over => {
                Some(format!("this goes on, with more pages: {}", self.shown(Some(most.saturating_mul(2)), false)))
            }
            (State::Limit, _) => Some(format!("this goes on for as long again: {}", self.shown(None, false))),
        }
    }

    /// The call, as a shell takes it; with another limit of pages in place of its own.
    fn shown(&self, most_pages: Option<u64>, is_stopped: bool) -> String {
        let Some(words) = &self.call else {
            let more = most_pages.map(|most| format!(", with {MAX_PAGES} {most}")).unwrap_or_default();
            return format!("the same command{more}");
        };
        let mut shown = Vec::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match most_pages {
                Some(_) if word == MAX_PAGES => drop(words.next()),
                // What a limit has ended is in its place, and goes on as any crawl.
                _ if word == UPDATE && !is_stopped => {}
                Some(_) if word.starts_with(&format!("{MAX_PAGES}=")) => {}
                _ => shown.push(quoted(word)),
            }
        }
        if let Some(most) = most_pages {
            shown.push(format!("{MAX_PAGES} {most}"));
        }
        shown.join(" ")
    }
}

/// What messages call the settings that are kept of the crawl in a directory.
fn name_of_kept(dir: &Path) -> String {
    format!("the crawl in {}", dir.display())
}

/// Where settings hold secrets: their keys, or the seeds.
fn secrets(config: &Config) -> Result<Vec<String>> {
    let is_secret = |seed: &String| seed.contains(REDACTED) || redact_url(seed) != *seed;
    let mut keys: Vec<_> = config.seeds.iter().filter(|seed| is_secret(seed)).map(|_| "seeds".to_owned()).collect();
    keys.truncate(1);
    // There may be a million of them.
    let shown = Config { seeds: Vec::new(), ..config.clone() }.shown()?;
    let mut table = String::new();
    for line in shown.lines() {
        if let Some(head) = line.strip_prefix('[').and_then(|head| head.strip_suffix(']')) {
            table = format!("{head}.");
        } else if let Some((key, value)) = line.split_once(" = ")
            && value.contains(REDACTED)
        {
            keys.push(format!("{table}{key}"));
        }
    }
    Ok(keys)
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

const MAX_PAGES: &str = "--max-pages";
const UPDATE: &str = "--update";
