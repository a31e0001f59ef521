//! The terminal: the one way to stderr while a crawl runs, so that no line tears the bar.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use console::Term;
use indicatif::{ProgressBar, TermLike};

use super::text::printable_lines;

/// A shared handle on stderr and on the bar that may stand there.
#[derive(Debug, Clone, Default)]
pub struct Terminal {
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

impl Terminal {
    /// Whether a person is looking: stderr is a terminal that can move its cursor.
    pub fn is_interactive(&self) -> bool {
        std::io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Writes lines above the bar. Control characters in them are replaced. A closed stderr is not worth an error.
    pub fn line(&self, text: &str) {
        let mut text = printable_lines(text.trim_end_matches('\n')).into_owned();
        text.push('\n');
        let write = || {
            // In one piece: lines of several threads must not mix.
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        };
        match &*self.bar() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    pub(super) fn show(&self, bar: &ProgressBar) {
        *self.bar() = Some(bar.clone());
    }

    pub(super) fn hide(&self) {
        *self.bar() = None;
    }

    fn bar(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        // A bar is whole at any time: what a panicking thread left behind can still be drawn.
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The terminal of stderr for the bar, a few columns narrower than it is. The bar fills its line, and the terminal
/// echoes `^C` behind it: if that wrapped, the line above could not be wiped any more.
#[derive(Debug)]
pub(super) struct Narrowed(Term);

impl Narrowed {
    pub(super) fn stderr() -> Self {
        Self(Term::buffered_stderr())
    }
}

impl TermLike for Narrowed {
    fn width(&self) -> u16 {
        self.0.size().1.saturating_sub(FREE)
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.0.write_line(line)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}

const FREE: u16 = 4;
