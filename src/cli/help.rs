//! The texts around the flags, and what to say when there is no seed.

/// The message for an argument that is neither a flag nor a helper.
pub(crate) fn stray<'a>(argument: &str, helpers: impl Iterator<Item = &'a str>) -> String {
    let shown = crate::config::redact_url(argument);
    if argument.contains(['.', '/', ':']) || std::path::Path::new(argument).is_dir() {
        let url = if argument.contains("://") || !argument.contains('.') || std::path::Path::new(argument).exists() {
            shown.clone()
        } else {
            format!("https://{shown}")
        };
        return format!("`{shown}` stands alone; a seed needs its flag\n = help: crawler --seed {url}");
    }
    let near = helpers
        .map(|name| (strsim::damerau_levenshtein(argument, name), name))
        .min()
        .filter(|(slips, _)| *slips <= 2)
        .map_or_else(|| "`crawler --help` lists them".to_owned(), |(_, name)| format!("did you mean `{name}`?"));
    format!("there is no command `{shown}`\n = help: {near}")
}

/// The message for a crawl without seeds.
pub(crate) const NO_SEED: &str = "there is no seed to start from
 = help: crawler --seed https://example.com/ --depth 2
 = help: or `crawler init`, set `seeds` in crawl.toml, and run `crawler`";

pub(crate) const USAGE: &str = "crawler --seed URL [FLAGS]\n       crawler COMMAND";

pub(crate) const EPILOGUE: &str = "\
Examples:
  crawler --seed https://example.com/ --depth 2
  crawler --seed https://example.com/docs/ --scope prefix --exclude '*/print/*'
  crawler --seeds-file urls.txt --depth 0 --output - | jq -r .title
  crawler --seed ./public --origin https://example.com/
  crawler config --set politeness.rate=2

The same command goes on with a crawl that was stopped or killed; --fresh starts it over. Flags win
over crawl.toml, and of two flags for one setting the later wins.

Exit codes:
  0    complete, or ended by a limit that was set
  1    the crawl could not go on: disk full, output not writable
  2    wrong usage or configuration
  3    no seed could be fetched
  4    a condition of --fail-on holds
  130  stopped by SIGINT; 143 by SIGTERM, 129 by SIGHUP";
