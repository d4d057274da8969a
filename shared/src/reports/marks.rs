//! Shared by the coverage formats: branches or functions of a file that are named more than once, each counted once, in eight bytes each.

use super::facts::{Ratio, case_key};

/// Most things of one file.
const MOST: usize = 4_000_000;

/// Things that were hit or not, by key; a hit anywhere is a hit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Marks {
    /// Key above, hit in the lowest bit.
    entries: Vec<u64>,
    /// Entries that are in order and without repeats.
    settled: usize,
}

impl Marks {
    /// Notes one. The highest bit of the key is not looked at.
    pub(crate) fn add(&mut self, key: u64, hit: bool) {
        if self.is_full() {
            return;
        }
        self.entries.push(key << 1 | u64::from(hit));
        // Reports that name the same things again and again must not cost memory for it.
        if self.entries.len() >= 1024 && self.entries.len() >= self.settled.saturating_mul(2) {
            self.settle();
        }
    }

    /// Whether there are more than are taken: then nothing more is, and what is there is no evidence.
    pub(crate) const fn is_full(&self) -> bool {
        self.settled >= MOST
    }

    /// Memory it takes.
    pub(crate) const fn bytes(&self) -> usize {
        size_of_val(self.entries.as_slice())
    }

    fn settle(&mut self) {
        self.entries.sort_unstable();
        // Of a pair the one that is hit comes second.
        self.entries.dedup_by(|later, kept| {
            let same = *later >> 1 == *kept >> 1;
            if same {
                *kept |= *later;
            }
            same
        });
        self.settled = self.entries.len();
    }

    /// Hit out of all.
    pub(crate) fn ratio(mut self) -> Ratio {
        self.settle();
        let hit = self.entries.iter().filter(|entry| **entry & 1 == 1).count();
        Ratio { hit: hit as u64, total: self.entries.len() as u64 }
    }
}

/// Key of a name.
pub(crate) fn name_key(name: &[u8]) -> u64 {
    case_key(&[name]) >> 1
}

/// Bits for a block's and for a branch's number in a key.
const BITS: u32 = 20;

/// Key of the branch with this number, from 0 and below a million.
pub(crate) fn nth_branch(line: u32, branch: u32) -> u64 {
    u64::from(line) << (2 * BITS) | u64::from(branch)
}

/// Key of a branch: its numbers themselves where they are as small as they are in real files, else a hash.
pub(crate) fn branch_key(line: u32, block: &[u8], branch: &[u8]) -> u64 {
    let small = |text| number(text).filter(|number| number >> BITS == 0);
    match (small(block), small(branch)) {
        (Some(block), Some(branch)) => u64::from(line) << (2 * BITS) | block << BITS | branch,
        _ => case_key(&[line.to_le_bytes().as_slice(), block, branch]) >> 1 | 1 << 62,
    }
}

/// A whole number. Of bytes, and faster than the library's for text: reports are made of little else.
#[inline]
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    let mut sum = 0_u64;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            let trimmed = text.trim_ascii();
            return if trimmed.len() < text.len() { number(trimmed) } else { None };
        }
        sum = sum.wrapping_mul(10).wrapping_add(u64::from(digit));
    }
    // Nineteen digits fit.
    (1..20).contains(&text.len()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_counts_once_and_a_hit_anywhere_is_a_hit() {
        let mut marks = Marks::default();
        for round in 0..50 {
            (0..100).for_each(|key| marks.add(key, key % 3 == 0 && round == 7));
        }
        assert!(marks.entries.len() < 2_048);
        assert_eq!(marks.ratio(), Ratio { hit: 34, total: 100 });
    }

    #[test]
    fn branches_with_large_numbers_or_words_have_their_own_keys() {
        let keys = [
            branch_key(1, b"0", b"0"),
            branch_key(1, b"0", b"1"),
            branch_key(1, b"1", b"0"),
            branch_key(2, b"0", b"0"),
            branch_key(4_000_000, b"99999999", b"0"),
            branch_key(1, b"e0", b"0"),
            branch_key(1, b"0", b"x > 1"),
        ];
        assert_eq!(nth_branch(1, 1), keys[1]);
        let distinct: std::collections::BTreeSet<u64> = keys.into_iter().collect();
        assert_eq!(distinct.len(), 7);
        assert!(keys.iter().all(|key| key >> 63 == 0));
    }

    #[test]
    fn numbers_are_digits_only() {
        assert_eq!(number(b" 12 "), Some(12));
        assert!(
            [b"".as_slice(), b"-1", b"1.0", b"99999999999999999999"]
                .iter()
                .all(|text| number(text).is_none())
        );
    }
}
