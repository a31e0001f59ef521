//! The `crawler` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    crawler::cli::run(std::env::args_os())
}
