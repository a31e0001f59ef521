//! The texts around the flags, and what to say when there is no seed.

use std::path::Path;

use crate::crawl_dir;
use crate::error::{Error, Result};

/// Refuses an argument that stands alone and is meant to be a command: nobody means a host by `statsu`.
///
/// # Errors
/// [`Error::Usage`] names the command that it is, or is near to.
pub(crate) fn expect_seed(word: &str, commands: &[&str]) -> Result<()> {
    if word == super::voice::DIR {
        let help = "leave the word out: crawler https://example.com/; for the folder of that name write ./crawl";
        return Err(Error::Usage(format!("there is no command `{word}`: to crawl needs none\n = help: {help}")));
    }
    if word.contains(['.', '/', ':', '\\']) || Path::new(word).exists() {
        return Ok(());
    }
    if commands.contains(&word) {
        return Err(Error::Usage(format!(
            "`{word}` is a command, and a command comes first\n = help: crawler {word} …, with its flags behind it"
        )));
    }
    let near = commands
        .iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .min()
        .filter(|(slips, name)| *slips <= (name.len() / 3).clamp(1, 2))
        .map_or_else(|| "`crawler --help` lists them".to_owned(), |(_, name)| format!("did you mean `{name}`?"));
    Err(Error::Usage(format!("there is no command `{word}`, and no folder of that name\n = help: {near}")))
}

/// Refuses a seed that is a crawl directory: its files are no site, and who names one means the crawl in it.
///
/// # Errors
/// [`Error::Usage`] says what goes on with it.
pub(crate) fn expect_no_crawl_dir(seed: &str) -> Result<()> {
    if seed.contains("://") || !crawl_dir::is_crawl(Path::new(seed)) {
        return Ok(());
    }
    let help = format!("`crawler --dir {seed}` goes on with it, `crawler status {seed}` tells how far it is");
    Err(Error::Usage(format!("{seed} is a crawl directory, and no site\n = help: {help}")))
}

/// The message for a crawl without seeds, which is called so.
pub(crate) fn no_seed(call: &str) -> String {
    format!(
        "there is no seed to start from\n = help: {call} https://example.com/ --depth 2\n = help: or `crawler init`, set \
         `seeds` in crawl.toml, and run `{call}`"
    )
}

pub(crate) const USAGE: &str = "crawler [FLAGS] URL…\n       crawler COMMAND";

pub(crate) const EPILOGUE: &str = "\
Examples:
  crawler https://example.com/ --depth 2
  crawler https://example.com/docs/ --scope prefix --exclude '*/print/*'
  crawler --seeds-file urls.txt --depth 0 --output - | jq -r .title
  crawler ./public --origin https://example.com/
  crawler config --set politeness.rate=2

The same command goes on with a crawl that was stopped or killed; --fresh starts it over. Flags win \
over crawl.toml, and of two flags for one setting the later wins.

Exit codes:
  0    complete, or ended by a limit that was set
  1    the crawl could not go on: disk full, output not writable
  2    wrong usage or configuration
  3    no seed could be fetched
  4    a condition of --fail-on holds
  5    something has changed (--update --fail-on changes)
  130  stopped by SIGINT; 143 by SIGTERM, 129 by SIGHUP";
