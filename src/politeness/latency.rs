//! Latency: how long a host takes to answer, and how long it is left to itself for that.

use std::time::Duration;

use super::Options;

/// The smoothed response time of one host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Latency {
    smoothed: Option<Duration>,
}

impl Latency {
    /// What an earlier process had measured.
    pub(super) fn restored(smoothed: Option<Duration>) -> Self {
        Self { smoothed }
    }

    pub(super) fn smoothed(self) -> Option<Duration> {
        self.smoothed
    }

    /// Takes one response time in. Each counts an eighth, as in RFC 6298, section 2: a single slow page changes little,
    /// and after a dozen of them the host counts as slow.
    pub(super) fn note(&mut self, elapsed: Duration) {
        self.smoothed = Some(match self.smoothed {
            None => elapsed,
            Some(before) => before.saturating_mul(7).saturating_add(elapsed) / 8,
        });
    }

    /// How long a host is left alone after each request and each response; `None` when the user asks for no such delay,
    /// or nothing is measured yet.
    pub(super) fn delay(self, options: &Options) -> Option<Duration> {
        let delay = self.smoothed?.saturating_mul(options.latency_factor).min(options.max_latency_delay);
        (!delay.is_zero()).then_some(delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: impl IntoIterator<Item = u64>) -> Latency {
        let mut latency = Latency::default();
        millis.into_iter().for_each(|millis| latency.note(Duration::from_millis(millis)));
        latency
    }

    #[test]
    fn the_first_response_counts_whole_and_each_further_one_an_eighth() {
        assert_eq!(of([80]).smoothed(), Some(Duration::from_millis(80)));
        assert_eq!(of([80, 160]).smoothed(), Some(Duration::from_millis(90)));
        let slowed = of(std::iter::once(100).chain(std::iter::repeat_n(2000, 12))).smoothed().unwrap();
        assert!(slowed > Duration::from_millis(1500), "{slowed:?}");
    }

    #[test]
    fn the_delay_is_off_unless_asked_for_and_bounded() {
        assert_eq!(of([500]).delay(&Options::default()), None);
        let options = Options { latency_factor: 5, ..Options::default() };
        assert_eq!(Latency::default().delay(&options), None);
        assert_eq!(of([500]).delay(&options), Some(Duration::from_millis(2500)));
        assert_eq!(of([600_000]).delay(&options), Some(options.max_latency_delay));
    }
}
