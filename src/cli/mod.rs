//! The command line: flags only override settings, and a few helpers need no crawl.

mod archive;
mod audit;
mod checked_up;
mod crawl;
mod dashboard;
mod database;
mod descriptors;
mod duplicates;
mod explain;
mod export;
mod findings;
mod flags;
mod going_on;
mod help;
mod init;
mod inspect;
mod links;
mod merge;
mod mirror;
mod mistaken;
mod place;
mod plan;
mod report;
mod requeue;
mod robots;
mod shown_content;
mod signals;
mod status;
mod store;
mod verify;
mod voice;
mod watch;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use crate::config::{Layers, Loaded, reference};
use crate::error::{Error, Result};
use crate::export::Tool;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use init::{Holds, init};
use voice::{USAGE, print, print_json, report};

/// What a call asks for.
#[derive(Debug)]
pub(crate) enum Call {
    /// Crawl.
    Crawl(Box<crawl::Called>),
    /// Crawl again and again.
    Watch(Box<crawl::Called>),
    /// A helper has done its work, with this exit code.
    Done(ExitCode),
}

/// Crawls websites: fast, polite, and nothing lost.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 100,
    args_override_self = true,
    args_conflicts_with_subcommands = true,
    override_usage = help::USAGE,
    after_help = help::EPILOGUE
)]
struct Cli {
    #[command(flatten)]
    flags: flags::Flags,
    #[command(subcommand)]
    helper: Option<Helper>,
}

#[derive(Debug, Subcommand)]
enum Helper {
    /// Write a commented crawl.toml to the current folder
    #[command(override_usage = "crawler init [--force] [--from-flags FLAGS [URL…]]", args_override_self = true)]
    Init {
        /// Replace a crawl.toml that is there
        #[arg(long)]
        force: bool,
        /// Write the settings of the flags that follow, and nothing else
        #[arg(long)]
        from_flags: bool,
        #[command(flatten)]
        flags: Box<flags::Flags>,
    },
    /// Print the settings in force, each with where it comes from
    #[command(override_usage = "crawler config [FLAGS] [URL…]", args_override_self = true)]
    Config {
        #[command(flatten)]
        flags: Box<flags::Flags>,
    },
    /// Say what a crawl would do, by its robots.txt, sitemaps and seed pages alone
    #[command(
        override_usage = "crawler plan [FLAGS] URL…",
        after_help = plan::EPILOGUE,
        args_override_self = true
    )]
    Plan(plan::Plan),
    /// Crawl again and again: each time as an update of the crawl before
    #[command(
        override_usage = "crawler watch --every TIME [FLAGS] [URL…]",
        after_help = watch::EPILOGUE,
        args_override_self = true
    )]
    Watch(Box<watch::Asked>),
    /// Say what a robots.txt allows
    #[command(subcommand)]
    Robots(robots::Robots),
    /// Show what a crawl would see of one page: its links, its data, and why a rule finds nothing
    #[command(
        override_usage = "crawler inspect [FLAGS] URL|FILE",
        after_help = inspect::EPILOGUE,
        args_override_self = true
    )]
    Inspect(Box<inspect::Inspect>),
    /// Say how far a crawl is, and what it waits for
    #[command(after_help = status::EPILOGUE)]
    Status(status::Status),
    /// Say which state a URL is in, and why
    #[command(after_help = explain::EPILOGUE)]
    Explain(explain::Explain),
    /// Check the store of a crawl against its output
    #[command(after_help = verify::EPILOGUE)]
    Verify(verify::Verify),
    /// Find the pages that say the same as another one, or nearly so
    #[command(after_help = duplicates::EPILOGUE)]
    Duplicates(duplicates::Duplicates),
    /// Say what of its pages keeps readers and search engines from them
    #[command(after_help = audit::EPILOGUE)]
    Audit(audit::Audit),
    /// Say which links of a crawl are broken, redirect or lead to no place, and where they are
    #[command(after_help = links::EPILOGUE)]
    Links(links::Links),
    /// Write what a crawl has found as Parquet, CSV, SQLite or JSON lines
    #[command(after_help = export::EPILOGUE)]
    Export(export::Export),
    /// Write the records of all nodes of a crawl in a database into one file
    #[command(after_help = merge::EPILOGUE)]
    Merge(merge::Merge),
    /// Have the pages of a node whose directory is lost asked for again
    #[command(after_help = requeue::EPILOGUE)]
    Requeue(requeue::Requeue),
    /// Move a crawl from its directory into a database, or back
    #[command(subcommand)]
    Store(store::Store),
    /// Write what a crawl came to as a page for people
    #[command(after_help = report::EPILOGUE)]
    Report(report::Report),
    /// Write the index of an archive (CDXJ), beside it
    #[command(after_help = archive::INDEX_EPILOGUE)]
    Index(archive::Index),
    /// Pack an archive with its index and its pages into one file (WACZ)
    #[command(after_help = archive::WACZ_EPILOGUE)]
    Wacz(archive::Wacz),
    /// Make a folder of pages, with what they are shown with, that a browser opens without a server
    #[command(after_help = mirror::EPILOGUE)]
    Mirror(mirror::Mirror),
    /// Print a JSON Schema, or the call that reads the records in another program
    Schema {
        /// Of what
        what: Schema,
        /// The call of this program that reads all columns of pages.jsonl, or the table for them
        #[arg(long = "for", value_name = "PROGRAM")]
        reader: Option<Reader>,
    },
    /// Print a shell's completion script
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff)
    Man,
    /// Print the version
    Version,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Schema {
    /// A line of pages.jsonl
    Record,
    /// A line of survey.jsonl
    Survey,
    /// crawl.toml
    Config,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Reader {
    Duckdb,
    Polars,
    Pandas,
    Postgres,
}

impl Reader {
    fn tool(self) -> Tool {
        match self {
            Self::Duckdb => Tool::Duckdb,
            Self::Polars => Tool::Polars,
            Self::Pandas => Tool::Pandas,
            Self::Postgres => Tool::Postgres,
        }
    }
}

/// Runs the command line, the name of the program first; what the process exits with.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    match read(&args.into_iter().collect::<Vec<_>>()) {
        Ok(Call::Crawl(called)) => crawl::crawl(*called),
        Ok(Call::Watch(called)) => watch::watch(*called),
        Ok(Call::Done(code)) | Err(code) => code,
    }
}

/// Reads the command line, and runs what needs no crawl. `Err` is what the process exits with; its message is printed.
fn read(args: &[OsString]) -> Result<Call, ExitCode> {
    let matches = Cli::command().try_get_matches_from(args);
    let (cli, matches) = match matches.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches))) {
        Ok(parsed) => parsed,
        Err(error) => {
            if let Some(message) = mistaken::message(&error, call_of(args)) {
                return Err(report(&Error::Usage(message)));
            }
            // Nowhere to report it to: the stream that is closed is the one that messages go to.
            let _ = error.print();
            return Err(ExitCode::from(if error.use_stderr() { USAGE } else { 0 }));
        }
    };
    let call = match &cli.helper {
        None => called(Times::Once, &cli.flags, &matches, args).map(Box::new).map(Call::Crawl),
        Some(Helper::Watch(asked)) => {
            let matches = matches.subcommand_matches("watch").unwrap_or(&matches);
            let crawl = called(Times::Many, asked.flags(), matches, args).and_then(|crawl| asked.lay(crawl));
            crawl.map(Box::new).map(Call::Watch)
        }
        Some(helper) => help(helper, &matches).map(Call::Done),
    };
    call.map_err(|error| report(&error))
}

/// What is called: commands come first, and some take the flags of a crawl.
fn call_of(args: &[OsString]) -> mistaken::CallOf {
    let cli = Cli::command();
    let Some(command) = args.get(1).and_then(|word| cli.find_subcommand(word)) else { return mistaken::CallOf::Crawl };
    let takes = |flag: &str| command.get_arguments().any(|arg| arg.get_long() == Some(flag));
    match (takes("every"), takes("max-pages")) {
        (true, true) => mistaken::CallOf::Watch,
        (_, true) => mistaken::CallOf::Crawl,
        _ => mistaken::CallOf::Command,
    }
}

/// How often a call crawls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    Once,
    /// The first time, and then each time as an update.
    Many,
}

impl Times {
    /// The words of the call.
    fn call(self) -> &'static str {
        match self {
            Self::Once => "crawler",
            Self::Many => "crawler watch --every 6h",
        }
    }
}

/// A crawl as these flags call for it.
fn called(times: Times, flags: &flags::Flags, matches: &clap::ArgMatches, args: &[OsString]) -> Result<crawl::Called> {
    let mut loaded = load(flags, matches)?;
    let mut told = Vec::new();
    let does = if times == Times::Many { going_on::Does::Updates } else { going_on::Does::of(flags) };
    if let Some(kept) = going_on::settings(does, flags, matches, &loaded)? {
        told.push(going_on::told(&kept, flags));
        loaded = kept.loaded;
    }
    if !going_on::names_seeds(&loaded.config) {
        return Err(Error::Usage(going_on::nothing(&loaded, flags, times.call())));
    }
    let earlier = match flags {
        flags if flags.fresh => crawl::Earlier::Deleted,
        flags if flags.retry_failed => crawl::Earlier::Retried,
        flags if flags.update => crawl::Earlier::Updated,
        _ => crawl::Earlier::GoneOnWith,
    };
    let home = crawl::Home::of(&loaded, earlier)?;
    if times == Times::Once && earlier != crawl::Earlier::Updated {
        going_on::expect_comparison(&loaded)?;
    }
    let again = going_on::call(args, &loaded).filter(|_| home == crawl::Home::Dir);
    let dashboard = flags.dashboard.clone();
    Ok(crawl::Called { loaded, earlier, home, told, again, dashboard })
}

fn help(helper: &Helper, matches: &clap::ArgMatches) -> Result<ExitCode> {
    let printed = match helper {
        // It is no helper that has done its work, and never comes here.
        Helper::Watch(_) => Ok(()),
        Helper::Robots(robots::Robots::Check(check)) => return robots::check(check),
        Helper::Inspect(page) => {
            return inspect::inspect(page, matches.subcommand_matches("inspect").unwrap_or(matches));
        }
        Helper::Plan(asked) => return plan(asked, matches),
        Helper::Status(status) => return status::status(status),
        Helper::Explain(explain) => return explain::explain(explain),
        Helper::Verify(verify) => return verify::verify(verify),
        Helper::Export(export) => return export::export(export),
        Helper::Report(asked) => return report::report(asked),
        Helper::Merge(asked) => return merge::merge(asked),
        Helper::Requeue(asked) => return requeue::requeue(asked),
        Helper::Store(asked) => return store::store(asked),
        Helper::Index(asked) => return archive::index(asked),
        Helper::Wacz(asked) => return archive::wacz(asked),
        Helper::Audit(asked) => return audit::audit(asked),
        Helper::Links(asked) => return links::links(asked),
        Helper::Mirror(asked) => return mirror::mirror(asked),
        Helper::Duplicates(asked) => return duplicates::duplicates(asked),
        Helper::Init { force, from_flags, flags } => {
            expect_seeds(flags)?;
            flags.expect_no_crawl("init")?;
            let mut layers = Layers::default();
            flags.lay(matches.subcommand_matches("init").unwrap_or(matches), &mut layers)?;
            let (given, is_given) = (layers.to_toml(), *from_flags);
            let holds_secret = layers.finish()?.holds_secret();
            if !given.is_empty() && !is_given {
                return Err(Error::Usage("flags are written with --from-flags".to_owned()));
            }
            let holds = if holds_secret { Holds::Secret } else { Holds::NoSecret };
            init(Path::new(flags::DEFAULT_FILE), *force, is_given.then_some(given.as_str()), holds)
        }
        Helper::Config { flags } => config(flags, matches.subcommand_matches("config").unwrap_or(matches)),
        Helper::Schema { what: Schema::Record, reader: Some(reader) } => print(&reader.tool().reader_call()),
        Helper::Schema { what: Schema::Config | Schema::Survey, reader: Some(_) } => {
            return Err(Error::Usage("--for reads records: crawler schema record --for …".to_owned()));
        }
        Helper::Schema { what: Schema::Record, reader: None } => {
            print_json(&schemars::schema_for!(crate::sink::Record).to_value())
        }
        Helper::Schema { what: Schema::Survey, reader: None } => {
            print_json(&schemars::schema_for!(crate::survey::Survey).to_value())
        }
        Helper::Schema { what: Schema::Config, reader: None } => print_json(&reference::schema()),
        Helper::Version => print(&Cli::command().render_version()),
        Helper::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "crawler", &mut script);
            print(&String::from_utf8_lossy(&script))
        }
        Helper::Man => {
            let mut page = Vec::new();
            let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
            rendered.map_err(|error| Error::Internal(error.to_string()))?;
            print(&String::from_utf8_lossy(&page))
        }
    };
    printed.map(|()| ExitCode::SUCCESS)
}

fn config(flags: &flags::Flags, matches: &clap::ArgMatches) -> Result<()> {
    flags.expect_no_crawl("config")?;
    let loaded = load(flags, matches)?;
    let kept = going_on::settings(going_on::Does::of(flags), flags, matches, &loaded)?;
    print(&kept.map_or(loaded, |kept| kept.loaded).show()?)
}

fn plan(asked: &plan::Plan, matches: &clap::ArgMatches) -> Result<ExitCode> {
    asked.flags.expect_no_crawl("plan")?;
    let loaded = load(&asked.flags, matches.subcommand_matches("plan").unwrap_or(matches))?;
    if loaded.config.seeds.is_empty() {
        return Err(Error::Usage(help::no_seed("crawler plan")));
    }
    plan::plan(asked, &loaded)
}

fn load(flags: &flags::Flags, matches: &clap::ArgMatches) -> Result<Loaded> {
    expect_seeds(flags)?;
    let mut layers = Layers::default();
    flags.apply(matches, &mut layers)?;
    let loaded = layers.finish()?;
    loaded.config.seeds.iter().try_for_each(|seed| help::expect_no_crawl_dir(seed))?;
    Ok(loaded)
}

/// Refuses commands that stand where seeds do.
fn expect_seeds(flags: &flags::Flags) -> Result<()> {
    let command = Cli::command();
    let names = command.get_subcommands().map(clap::Command::get_name).chain(["help"]);
    let names: Vec<_> = names.collect();
    flags.urls.iter().try_for_each(|word| help::expect_seed(word, &names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn paragraphs_of_help_are_lines_so_that_they_break_where_the_terminal_does() {
        let command = Cli::command();
        let mut open: Vec<_> = vec![&command];
        while let Some(command) = open.pop() {
            open.extend(command.get_subcommands());
            let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let is_prose = |line: &str| line.ends_with(['.', ',']) || line.split(' ').count() > 8;
            for (line, next) in text.lines().zip(text.lines().skip(1)) {
                let goes_on = is_prose(line) && !line.starts_with(' ') && !next.is_empty() && !next.starts_with(' ');
                assert!(!goes_on, "{}: {line:?} goes on in {next:?}", command.get_name());
            }
        }
    }

    #[test]
    fn each_flag_of_a_key_exists_and_each_flag_is_accounted_for() {
        let command = Cli::command();
        let known: Vec<_> = command.get_arguments().filter_map(|arg| arg.get_long()).collect();
        for flag in reference::FLAGS {
            assert!(known.contains(&flag.name), "--{} is not a flag", flag.name);
        }
        let others =
            ["config", "set", "fresh", "retry-failed", "update", "dashboard", "quiet", "verbose", "help", "version"];
        for name in known {
            assert!(reference::FLAGS.iter().any(|flag| flag.name == name) || others.contains(&name), "--{name}");
        }
    }

    #[test]
    fn what_flags_are_called_elsewhere_is_no_flag_here_and_leads_to_one_that_deletes_nothing() {
        let command = Cli::command();
        let is_flag = |name: &str| {
            command.get_arguments().any(|arg| {
                arg.get_long() == Some(name) || arg.get_short().is_some_and(|short| short.to_string() == name)
            })
        };
        for (names, help) in mistaken::ELSEWHERE {
            for name in names.split(' ') {
                assert!(!is_flag(name), "{name}");
            }
            for flag in help.split([' ', ',', ';', '`']).filter_map(|word| word.strip_prefix("--")) {
                assert!(is_flag(flag) && !mistaken::DELETING.contains(&flag), "--{flag}");
            }
        }
    }

    #[test]
    fn the_words_that_a_flag_takes_are_those_of_its_key() {
        let command = Cli::command();
        let schema = reference::schema().to_string();
        for name in ["scope", "progress", "log-format"] {
            let arg = command.get_arguments().find(|arg| arg.get_long() == Some(name)).unwrap();
            let words = arg.get_possible_values();
            assert!(words.len() > 1, "{name}");
            for word in words {
                assert!(schema.contains(&format!("\"const\":\"{}\"", word.get_name())), "--{name} {}", word.get_name());
            }
        }
    }
}
