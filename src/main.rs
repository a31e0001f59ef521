//! The `crawler` binary.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run(std::env::args_os()) {
        Ok(cli::Call::Crawl { loaded, fresh }) => cli::crawl(loaded.config, fresh),
        Ok(cli::Call::Done(code)) | Err(code) => code,
    }
}
