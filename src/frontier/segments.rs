//! A growing array that never moves: what has no spare half and no copy of itself while it grows.

/// Values by index. A `Vec` that doubles holds up to twice what is in it, and three times while it is copied; with tens
/// of millions of URLs that is most of the memory. This one grows by segments of a fixed length.
#[derive(Debug)]
pub(crate) struct Segments<T> {
    segments: Vec<Vec<T>>,
}

impl<T> Segments<T> {
    pub(crate) fn len(&self) -> usize {
        match self.segments.split_last() {
            Some((last, full)) => full.len() * SEGMENT + last.len(),
            None => 0,
        }
    }

    pub(crate) fn push(&mut self, value: T) {
        match self.segments.last_mut() {
            Some(last) if last.len() < SEGMENT => {
                // The first segment may stay small: most crawls do.
                last.push(value);
            }
            _ => {
                let mut segment = Vec::with_capacity(if self.segments.is_empty() { 0 } else { SEGMENT });
                segment.push(value);
                self.segments.push(segment);
            }
        }
    }

    pub(crate) fn at(&self, index: usize) -> Option<&T> {
        self.segments.get(index / SEGMENT)?.get(index % SEGMENT)
    }

    pub(crate) fn at_mut(&mut self, index: usize) -> Option<&mut T> {
        self.segments.get_mut(index / SEGMENT)?.get_mut(index % SEGMENT)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.segments.iter().flatten()
    }
}

impl<T: Copy> Segments<T> {
    pub(super) fn get(&self, index: usize) -> Option<T> {
        self.at(index).copied()
    }

    pub(super) fn set(&mut self, index: usize, value: T) {
        if let Some(slot) = self.at_mut(index) {
            *slot = value;
        }
    }
}

impl<T> Default for Segments<T> {
    fn default() -> Self {
        Self { segments: Vec::new() }
    }
}

const SEGMENT: usize = 1 << 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_index_over_many_segments() {
        let mut values = Segments::default();
        let count = 3 * SEGMENT + 5;
        for value in 0..count {
            assert_eq!(values.len(), value);
            values.push(value);
        }
        values.set(SEGMENT, 7);
        assert_eq!(
            [0, SEGMENT - 1, SEGMENT, count - 1].map(|at| values.get(at)),
            [0, SEGMENT - 1, 7, count - 1].map(Some)
        );
        assert_eq!(values.get(count), None);
    }
}
