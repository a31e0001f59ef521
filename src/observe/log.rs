//! Logs: `tracing` events as lines for people or as JSON, written past the bar.

use std::fmt;
use std::io;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

use super::terminal::Terminal;
use super::{LogFormat, LogLevel, Options};

/// The subscriber that the binary installs: a library never does.
pub fn subscriber(options: &Options, terminal: Terminal) -> Box<dyn Subscriber + Send + Sync> {
    // Only what this crate says: what its libraries do inside is of no use to who crawls.
    let level = match options.log_level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let filter = Targets::new().with_target(env!("CARGO_CRATE_NAME"), level);
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(ToTerminal(terminal));
    match options.log_format {
        LogFormat::Text => Box::new(tracing_subscriber::registry().with(layer.event_format(Plain).with_filter(filter))),
        LogFormat::Json => {
            Box::new(tracing_subscriber::registry().with(layer.json().flatten_event(true).with_filter(filter)))
        }
    }
}

/// `warning: message key=value`: no time stamps and module paths, which a person at the terminal does not need.
#[derive(Debug)]
struct Plain;

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, ctx: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        match *event.metadata().level() {
            Level::ERROR => to.write_str("error: ")?,
            Level::WARN => to.write_str("warning: ")?,
            Level::INFO => {}
            Level::DEBUG => to.write_str("debug: ")?,
            Level::TRACE => to.write_str("trace: ")?,
        }
        ctx.field_format().format_fields(to.by_ref(), event)?;
        to.write_str("\n")
    }
}

#[derive(Debug)]
struct ToTerminal(Terminal);

/// Collects one event, which `fmt` may write in pieces.
#[derive(Debug)]
struct Line {
    terminal: Terminal,
    text: Vec<u8>,
}

impl MakeWriter<'_> for ToTerminal {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line { terminal: self.0.clone(), text: Vec::new() }
    }
}

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.terminal.line(&String::from_utf8_lossy(&self.text));
    }
}
