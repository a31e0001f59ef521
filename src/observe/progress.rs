//! Progress: a bar on a terminal, a plain line every few seconds elsewhere.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike as _};

use super::estimate::{Discovery, Expected};
use super::terminal::{Narrowed, Terminal};
use super::text::{bytes, count, counted, elapsed, printable};
use super::{Observer, Snapshot};

/// Shows the numbers of a crawl on stderr.
#[derive(Debug)]
pub struct Progress {
    terminal: Terminal,
    view: View,
    started: Instant,
    rate: RecentRate,
    discovery: Discovery,
    /// How many pages there may be.
    most: Option<u64>,
}

#[derive(Debug)]
enum View {
    Bar(ProgressBar),
    Lines { last: Option<Instant> },
}

/// Pages a second over the last few seconds: the mean since the start would hide that a crawl has slowed down.
#[derive(Debug, Default)]
struct RecentRate {
    samples: VecDeque<(Instant, u64)>,
}

impl Progress {
    /// A bar when stderr is a terminal, plain lines when it is not. `now` is the start of the crawl.
    pub fn new(terminal: Terminal, now: Instant) -> Self {
        let view = if terminal.is_interactive() {
            let bar = ProgressBar::with_draw_target(
                None,
                ProgressDrawTarget::term_like_with_hz(Box::new(Narrowed::stderr()), DRAWS_PER_SECOND),
            );
            bar.set_style(style(0));
            terminal.show(&bar);
            View::Bar(bar)
        } else {
            View::Lines { last: None }
        };
        Self { terminal, view, started: now, rate: RecentRate::default(), discovery: Discovery::default(), most: None }
    }

    /// The same, for a crawl of at most so many pages: then it counts to that.
    #[must_use]
    pub fn up_to(self, most: Option<u64>) -> Self {
        Self { most, ..self }
    }

    fn draw(&mut self, snapshot: &Snapshot, now: Instant) {
        self.rate.note(now, snapshot.done);
        let running = now.saturating_duration_since(self.started);
        let rate = self.rate.per_second();
        self.discovery.note(snapshot.done, snapshot.known());
        let expected = self.discovery.expected(snapshot, self.most);
        let left = left(expected, snapshot.done, rate);
        // What lies beyond a limit is not asked for.
        let known = self.most.map_or(snapshot.known(), |most| snapshot.known().min(most));
        match &mut self.view {
            View::Bar(bar) => {
                bar.set_length(known);
                bar.set_position(snapshot.done);
                let counts = format!("{}/{}", count(snapshot.done), count(known));
                let width = usize::from(Narrowed::stderr().width());
                let mut parts = vec![(Worth::Counts, counts), (Worth::Held, held(snapshot, now))];
                parts.extend(numbers(snapshot, rate, running));
                parts.push((Worth::Left, left));
                let (wide, text) = fit(parts, width);
                bar.set_style(style(wide));
                bar.set_message(text);
                bar.tick();
            }
            View::Lines { last } => {
                let due = last.unwrap_or(self.started) + LINE_EVERY;
                if now >= due {
                    *last = Some(now);
                    let (done, known) = (count(snapshot.done), count(known));
                    let mut parts = vec![(Worth::Counts, format!("{done} of {known} known pages"))];
                    parts.push((Worth::Held, held(snapshot, now)));
                    parts.extend(numbers(snapshot, rate, running));
                    parts.push((Worth::Left, left));
                    self.terminal.line(&joined(&parts));
                }
            }
        }
    }
}

impl Observer for Progress {
    fn every(&self) -> Duration {
        LOOK_EVERY
    }

    fn look(&mut self, snapshot: &Snapshot, now: Instant) {
        self.draw(snapshot, now);
    }

    fn end(&mut self) {
        if let View::Bar(bar) = &self.view {
            self.terminal.hide();
            bar.finish_and_clear();
        }
    }
}

impl RecentRate {
    fn note(&mut self, now: Instant, done: u64) {
        self.samples.push_back((now, done));
        while self.samples.len() > 2
            && self.samples.get(1).is_some_and(|(at, _)| now.saturating_duration_since(*at) >= RATE_OVER)
        {
            self.samples.pop_front();
        }
    }

    fn per_second(&self) -> f64 {
        let (Some((from, before)), Some((to, after))) = (self.samples.front(), self.samples.back()) else {
            return 0.0;
        };
        let seconds = to.saturating_duration_since(*from).as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
        let pages = after.saturating_sub(*before) as f64;
        if seconds > 0.0 { pages / seconds } else { 0.0 }
    }
}

/// What a part of the text is about: where there is no room for all of them, the last of these go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Worth {
    Counts,
    Held,
    Left,
    Errors,
    Rate,
    Elapsed,
    InFlight,
    Hosts,
    Bytes,
}

/// How wide the bar gets beside a text, and what of the text there is room for. The bar is worth more than what only says how the
/// crawl is busy, and less than how far it is.
fn fit(mut parts: Vec<(Worth, String)>, width: usize) -> (usize, String) {
    let room = width.saturating_sub(SPINNER);
    loop {
        let text = joined(&parts);
        let least = parts.iter().map(|(worth, _)| *worth).max().filter(|worth| *worth > Worth::Held);
        let is_busy = least.is_some_and(|least| least >= Worth::InFlight);
        match (room.checked_sub(text.chars().count()), least) {
            (Some(columns), _) if columns > NARROWEST => return ((columns - 1).min(WIDEST), text),
            (Some(_), _) if !is_busy => return (0, text),
            (_, Some(least)) => parts.retain(|(worth, _)| *worth != least),
            (_, None) => return (0, text.chars().take(room).collect()),
        }
    }
}

/// The parts as one text, two spaces between.
fn joined(parts: &[(Worth, String)]) -> String {
    let texts: Vec<_> = parts.iter().map(|(_, text)| text.as_str()).filter(|text| !text.is_empty()).collect();
    texts.join("  ")
}

fn style(columns: usize) -> ProgressStyle {
    let template =
        if columns == 0 { "{spinner} {msg}".to_owned() } else { format!("{{spinner}} {{bar:{columns}}} {{msg}}") };
    ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// Which hosts are held, if any: a crawl that stands still says why before anything else.
fn held(snapshot: &Snapshot, now: Instant) -> String {
    let Some(held) = &snapshot.held else { return String::new() };
    let hosts = counted(held.hosts as u64, "host", "hosts");
    let left = elapsed(held.until.saturating_duration_since(now));
    format!("{hosts} held, next in {left}: {}, {}", printable(&held.next), held.because.label())
}

/// What bar and line both say.
fn numbers(snapshot: &Snapshot, rate: f64, running: Duration) -> [(Worth, String); 6] {
    let Snapshot { in_flight, hosts, errors, bytes: read, .. } = *snapshot;
    [
        (Worth::Rate, format!("{rate:.1}/s")),
        (Worth::InFlight, format!("{in_flight} in flight")),
        (Worth::Hosts, counted(hosts, "host", "hosts")),
        (Worth::Errors, counted(errors, "error", "errors")),
        (Worth::Bytes, bytes(read).to_string()),
        (Worth::Elapsed, elapsed(running)),
    ]
}

/// How long the rest will take at this rate, as far as it is known how much the rest is.
fn left(expected: Expected, done: u64, rate: f64) -> String {
    let time = |pages: u64| {
        #[expect(clippy::cast_precision_loss, reason = "an estimate for people to read")]
        let seconds = (pages.saturating_sub(done) as f64 / rate).max(1.0);
        Duration::try_from_secs_f64(seconds).ok().filter(|_| pages > done).map(elapsed)
    };
    let text = match expected {
        Expected::Exactly(pages) => time(pages).map(|left| format!("about {left} left")),
        Expected::AtLeast(pages) => time(pages).map(|left| format!("at least {left} left")),
        Expected::Between(least, most) => time(least).zip(time(most)).map(|(least, most)| {
            if least == most { format!("about {least} left") } else { format!("{least} to {most} left") }
        }),
    };
    text.unwrap_or_default()
}

/// The spinner and a space.
const SPINNER: usize = 2;
const NARROWEST: usize = 8;
const WIDEST: usize = 40;
const DRAWS_PER_SECOND: u8 = 10;
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LINE_EVERY: Duration = Duration::from_secs(5);
const RATE_OVER: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::super::Held;
    use super::*;

    fn snapshot() -> Snapshot {
        Snapshot {
            pending: 90,
            in_flight: 10,
            done: 1200,
            errors: 3,
            hosts: 2,
            bytes: 3 << 20,
            discovery_closed: false,
            paused: false,
            held: None,
        }
    }

    #[test]
    fn what_is_left_is_told_as_far_as_it_is_known() {
        for (expected, rate, told) in [
            (Expected::Exactly(1300), 10.0, "about 10s left"),
            (Expected::Exactly(1200), 10.0, ""),
            (Expected::Exactly(1300), 0.0, ""),
            (Expected::AtLeast(2000), 5.0, "at least 2m 40s left"),
            (Expected::Between(1300, 1500), 10.0, "10s to 30s left"),
            (Expected::Between(1300, 1300), 10.0, "about 10s left"),
        ] {
            assert_eq!(left(expected, 1200, rate), told, "{expected:?}");
        }
    }

    /// What is shown of the crawl of [`snapshot`] in a terminal of so many columns, with `held` and `left`: the width of the bar,
    /// and the text.
    fn shown(width: usize, held: &str, left: &str) -> (usize, String) {
        let mut parts = vec![(Worth::Counts, "1,200/1,300".to_owned()), (Worth::Held, held.to_owned())];
        parts.extend(numbers(&snapshot(), 12.34, Duration::from_secs(75)));
        parts.push((Worth::Left, left.to_owned()));
        fit(parts, width)
    }

    #[test]
    fn what_matters_least_is_left_out_first_and_nothing_is_cut() {
        for (width, bar, text) in [
            (200, 40, "1,200/1,300  12.3/s  10 in flight  2 hosts  3 errors  3.00 MiB  1m 15s  10s to 30s left"),
            (116, 26, "1,200/1,300  12.3/s  10 in flight  2 hosts  3 errors  3.00 MiB  1m 15s  10s to 30s left"),
            (90, 10, "1,200/1,300  12.3/s  10 in flight  2 hosts  3 errors  1m 15s  10s to 30s left"),
            (80, 9, "1,200/1,300  12.3/s  10 in flight  3 errors  1m 15s  10s to 30s left"),
            (76, 19, "1,200/1,300  12.3/s  3 errors  1m 15s  10s to 30s left"),
            (60, 0, "1,200/1,300  12.3/s  3 errors  1m 15s  10s to 30s left"),
            (56, 0, "1,200/1,300  12.3/s  3 errors  1m 15s  10s to 30s left"),
            (40, 0, "1,200/1,300  3 errors  10s to 30s left"),
            (20, 0, "1,200/1,300"),
            (8, 0, "1,200/"),
            (0, 0, ""),
        ] {
            let (wide, shown) = shown(width, "", "10s to 30s left");
            assert_eq!((wide, shown.as_str()), (bar, text), "{width}");
        }
    }

    #[test]
    fn the_bar_and_the_text_fill_no_more_than_the_line() {
        for width in 0..200 {
            for held in ["", "3 hosts held, next in 12m 30s: a-very-long-name.example.com, Retry-After"] {
                let (wide, text) = shown(width, held, "at least 2h 5m left");
                let used = SPINNER + if wide > 0 { wide + 1 } else { 0 } + text.chars().count();
                assert!(used <= width.max(SPINNER), "{width}: {used}");
                let is_why_shown = text.contains(held.get(..20).unwrap_or_default());
                assert!(width < 40 || is_why_shown, "{width}: {text}, a crawl that stands still says why");
            }
        }
    }

    #[test]
    fn the_line_says_it_all() {
        assert_eq!(
            joined(&numbers(&snapshot(), 12.34, Duration::from_secs(75))),
            "12.3/s  10 in flight  2 hosts  3 errors  3.00 MiB  1m 15s"
        );
    }

    #[test]
    fn hosts_that_are_held_come_first() {
        let (now, because) = (Instant::now(), crate::host_report::DelayReason::RetryAfter);
        let until = now + Duration::from_secs(750);
        let hosts = Held { hosts: 3, until, next: "example.com".to_owned(), because };
        let snapshot = Snapshot { held: Some(hosts), ..snapshot() };
        assert_eq!(held(&snapshot, now), "3 hosts held, next in 12m 30s: example.com, Retry-After");
        assert_eq!(held(&Snapshot { held: None, ..snapshot }, now), "");
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let (mut rate, start) = (RecentRate::default(), Instant::now());
        for second in 0..=10 {
            rate.note(start + Duration::from_secs(second), second * 100);
        }
        for second in 11..=20 {
            rate.note(start + Duration::from_secs(second), 1000 + (second - 10) * 10);
        }
        assert!((rate.per_second() - 10.0).abs() < 1e-9);
    }
}
