//! The rules of the source tree that no compiler checks: one-way imports, no circles, tasks, channels, clocks and files
//! only where they belong, a first line that says what a file is, small files, words that mean something.

mod circles;
mod files;
mod injected;
mod layers;
mod modules;
mod paths;
mod reach;
mod source;
mod tokens;
