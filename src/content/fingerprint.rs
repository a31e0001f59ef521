//! Fingerprints: what tells that two texts say the same, or nearly the same.

use hashbrown::HashMap;

/// The hash of a text, as records have it.
pub(super) fn hash_of(text: &str) -> String {
    format!("blake3:{}", blake3::hash(text.as_bytes()).to_hex())
}

/// The `SimHash` of a text (Charikar, "Similarity Estimation Techniques from Rounding Algorithms", 2002; as used by Manku, Jain
/// and Das Sarma, "Detecting Near-Duplicates for Web Crawling", 2007): of two texts that say nearly the same, few of its
/// bits differ. `None` when it has fewer than 16 words, of which one more or less changes too much.
///
/// What counts are the words, without their capitals, each more the more often it is there, but by its logarithm: an article
/// is told by its nouns, not by how often it says "the". Scripts that put no space between words count by pairs of letters.
pub(super) fn simhash(text: &str) -> Option<u64> {
    let mut counts: HashMap<u64, u32> = HashMap::new();
    let mut words = 0;
    each_feature(text, |feature| {
        words += 1;
        *counts.entry(feature).or_default() += 1;
    });
    (words >= LEAST_WORDS).then(|| {
        let mut sums = [0_i32; 64];
        for (feature, count) in counts {
            let weight = 1 + count.ilog2().cast_signed();
            for (bit, sum) in sums.iter_mut().enumerate() {
                *sum += if feature >> bit & 1 == 1 { weight } else { -weight };
            }
        }
        sums.iter().enumerate().fold(0, |hash, (bit, sum)| hash | u64::from(*sum > 0) << bit)
    })
}

/// Gives the hash of each word to somebody, or of each pair of letters that are not written apart.
fn each_feature(text: &str, mut take: impl FnMut(u64)) {
    for word in text.split(|letter: char| !letter.is_alphanumeric()) {
        let (mut hash, mut before) = (Hash::default(), None);
        for letter in word.chars() {
            if !is_dense(letter) {
                letter.to_lowercase().for_each(|letter| hash.add(letter));
                continue;
            }
            if let Some(first) = before.replace(letter) {
                let mut pair = Hash::default();
                pair.add(first);
                pair.add(letter);
                take(pair.mixed());
            }
        }
        if hash != Hash::default() {
            take(hash.mixed());
        } else if let (Some(letter), 1) = (before, word.chars().count()) {
            hash.add(letter);
            take(hash.mixed());
        }
    }
}

/// Whether a letter is of a script that puts no space between words: Thai, Lao, Myanmar, Khmer, kana and Han.
fn is_dense(letter: char) -> bool {
    matches!(letter, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// A hash that is the same in each build and on each machine: FNV-1a of the letters, its bits mixed at the end.
#[derive(PartialEq, Eq)]
struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    fn add(&mut self, letter: char) {
        self.0 = (self.0 ^ u64::from(u32::from(letter))).wrapping_mul(0x0000_0100_0000_01b3);
    }

    /// Each bit of the sum decides each bit of this with even chances (the finalizer of `SplitMix64`).
    fn mixed(&self) -> u64 {
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }
}

/// How many words a text needs.
const LEAST_WORDS: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn distance(one: &str, other: &str) -> u32 {
        (simhash(one).unwrap() ^ simhash(other).unwrap()).count_ones()
    }

    fn text(words: impl IntoIterator<Item = u32>) -> String {
        words.into_iter().map(|word| format!("w{word}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn capitals_and_what_stands_between_words_do_not_count() {
        let plain = text(0..40);
        assert_eq!(distance(&plain, &plain.to_uppercase().replace(' ', " -\n")), 0);
    }

    #[test]
    fn texts_that_differ_in_few_words_are_near_and_others_are_not() {
        let near = (0..200).filter(|seed| {
            let start = seed * 10_000;
            distance(&text(start..start + 400), &text(start + 2..start + 402)) <= 3
        });
        let near = near.count();
        assert!(near > 150, "{near} of 200 pairs with one word of 200 changed");
        let far = (0..200).filter(|seed| {
            distance(
                &text(seed * 10_000..seed * 10_000 + 400),
                &text(9_000_000 + seed * 10_000..9_000_400 + seed * 10_000),
            ) <= 12
        });
        assert_eq!(far.count(), 0);
    }

    #[test]
    fn a_short_text_has_none_and_scripts_without_spaces_do() {
        assert_eq!(simhash(&text(0..15)), None);
        assert!(simhash(&text(0..16)).is_some());
        assert_eq!(simhash("\u{65e5}"), None);
        let han: String = (0..40).filter_map(|n| char::from_u32(0x4e00 + n * 7)).collect();
        assert!(simhash(&han).is_some());
        assert!(distance(&han, &han.replace('\u{4e00}', "\u{4e01}")) < 20);
    }

    #[test]
    fn it_is_the_same_in_each_build() {
        assert_eq!(simhash(&text(0..50)).map(|hash| format!("{hash:016x}")).as_deref(), Some("5564a0108f87e209"));
    }

    proptest! {
        #[test]
        fn any_text_has_one_or_none(text in ".{0,200}") {
            simhash(&text);
        }
    }
}
