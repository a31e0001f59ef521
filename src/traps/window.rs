//! A window: the last answers to a question of yes or no, up to 64 of them.

/// The last answers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Window {
    bits: u64,
    count: u32,
}

impl Window {
    pub(super) fn push(&mut self, answer: bool) {
        self.bits = self.bits << 1 | u64::from(answer);
        self.count = (self.count + 1).min(u64::BITS);
    }

    /// How many of the last `n` were yes; `None` when there are fewer.
    pub(super) fn of_last(self, n: u32) -> Option<u32> {
        let mask = u64::MAX >> (u64::BITS - n.clamp(1, u64::BITS));
        (self.count >= n).then_some((self.bits & mask).count_ones())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_answers_count_and_only_when_there_are_as_many() {
        let mut window = Window::default();
        assert_eq!(window.of_last(1), None);
        for n in 0..100 {
            window.push(n % 4 == 0);
        }
        assert_eq!(window.of_last(64), Some(16));
        assert_eq!((window.of_last(3), window.of_last(4)), (Some(0), Some(1)));
        assert_eq!(window.of_last(65), None);
    }
}
