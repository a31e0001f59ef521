//! Durations: how many of them were how long.

use std::time::Duration;

/// How often something took how long, in buckets.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Durations {
    /// By the buckets of [`BOUNDS`](Self::BOUNDS); the last is of all that are longer.
    counts: [u64; Self::BOUNDS.len() + 1],
    sum: Duration,
}

impl Durations {
    /// The longest duration of each bucket, in seconds.
    pub const BOUNDS: [f64; 12] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

    /// Counts one more.
    pub fn add(&mut self, time: Duration) {
        let seconds = time.as_secs_f64();
        let bucket = Self::BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(Self::BOUNDS.len());
        if let Some(count) = self.counts.get_mut(bucket) {
            *count += 1;
        }
        self.sum = self.sum.saturating_add(time);
    }

    /// How many there are at most as long as each of the bounds, in seconds.
    pub fn up_to(&self) -> impl Iterator<Item = (f64, u64)> {
        let mut sum = 0;
        Self::BOUNDS.into_iter().zip(self.counts).map(move |(bound, count)| {
            sum += count;
            (bound, sum)
        })
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How long they are together.
    pub fn sum(&self) -> Duration {
        self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_in_the_bucket_of_the_next_bound() {
        let mut durations = Durations::default();
        for millis in [0, 1, 2, 100, 101, 90_000] {
            durations.add(Duration::from_millis(millis));
        }
        let up_to: Vec<_> = durations.up_to().map(|(_, count)| count).collect();
        assert_eq!(up_to, [2, 3, 3, 3, 3, 4, 5, 5, 5, 5, 5, 5]);
        assert_eq!((durations.count(), durations.sum()), (6, Duration::from_millis(90_204)));
    }
}
