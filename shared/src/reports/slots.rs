//! Samples by label while a log is read: nothing is allocated for a sample whose label was seen before.
//!
//! Must not: know a format.

use super::facts::{MAX_LABELS, MeasuredSamples, PerformanceFacts, Samples, kept};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A table by keys that are hashes already.
pub(crate) type ByHash<T> = HashMap<u64, T, BuildHasherDefault<Same>>;

/// Hashes a hash to itself.
#[derive(Default)]
pub(crate) struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(bytes);
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A hash of some bytes, eight at a time. Whoever writes the log can make two labels collide; labels are compared as well.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let last = rest.iter().fold(bytes.len() as u64, |word, byte| (word << 8) | u64::from(*byte));
    words.iter().map(|word| u64::from_le_bytes(*word)).chain([last]).fold(0, |sum, word| {
        let mixed = (sum ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ (mixed >> 32)
    })
}

/// Where samples of one label are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// By the label's number, in the order of appearance.
    Own(usize),
    /// Together with others: there are too many labels.
    Shared,
}

/// One label; without samples while only rows were seen that are none.
struct Label {
    name: Box<[u8]>,
    samples: Option<Box<MeasuredSamples>>,
}

/// Samples by label.
#[derive(Default)]
pub(crate) struct Slots {
    slots: Vec<Label>,
    by_hash: ByHash<usize>,
    others: Option<Box<MeasuredSamples>>,
    total: u64,
}

impl Slots {
    /// Where samples of this label belong, and whether it is new; `hash` is the label's.
    pub(crate) fn slot(&mut self, label: &[u8], hash: u64) -> (Slot, bool) {
        let mut key = hash;
        while let Some(index) = self.by_hash.get(&key).copied() {
            if self.slots.get(index).is_some_and(|known| *known.name == *label) {
                return (Slot::Own(index), false);
            }
            key = key.wrapping_add(1);
        }
        if self.slots.len() >= MAX_LABELS {
            return (Slot::Shared, false);
        }
        self.by_hash.insert(key, self.slots.len());
        self.slots.push(Label { name: label.into(), samples: None });
        (Slot::Own(self.slots.len() - 1), true)
    }

    /// Adds a sample.
    pub(crate) fn add(&mut self, slot: Slot, start: Option<i64>, elapsed: u64, success: bool) {
        let samples = match slot {
            Slot::Own(index) => self.slots.get_mut(index).map(|label| &mut label.samples),
            Slot::Shared => Some(&mut self.others),
        };
        let Some(samples) = samples else { return };
        if samples.is_none() {
            *samples = MeasuredSamples::new().map(Box::new);
        }
        if let Some(samples) = samples {
            samples.add(start, elapsed, success);
            self.total += 1;
        }
    }

    /// How many samples were added.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// What was added; and how many samples had a label that is not kept apart.
    pub(crate) fn into_facts(self) -> (PerformanceFacts, u64) {
        let mut facts = PerformanceFacts::default();
        let shared = self.others.as_ref().map_or(0, |others| others.total);
        facts.others = self.others.map(Samples::Measured);
        for Label { name, samples } in self.slots {
            let Some(samples) = samples else { continue };
            let samples = Samples::Measured(samples);
            // Two labels can be one when they are cut and cleaned.
            match facts.labels.entry(kept(&String::from_utf8_lossy(&name))) {
                std::collections::btree_map::Entry::Occupied(mut known) => known.get_mut().join(&samples),
                std::collections::btree_map::Entry::Vacant(free) => {
                    free.insert(samples);
                }
            }
        }
        (facts, shared)
    }
}

/// What is said about samples whose labels are not kept apart.
pub(crate) fn too_many_labels(shared: u64) -> String {
    format!("there are more than {MAX_LABELS} labels: {shared} samples are counted together, without a label")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_labels_than_are_kept_are_counted_together() {
        let mut slots = Slots::default();
        for n in 0..=2 * MAX_LABELS as u64 {
            let label = format!("/orders/{n}");
            let (slot, _) = slots.slot(label.as_bytes(), hash(label.as_bytes()));
            slots.add(slot, Some(0), n, n % 2 == 0);
        }
        let (facts, shared) = slots.into_facts();
        assert_eq!((facts.labels.len(), shared), (MAX_LABELS, MAX_LABELS as u64 + 1));
        assert_eq!(facts.samples(None).map(|all| all.total()), Some(2 * MAX_LABELS as u64 + 1));
        insta::assert_snapshot!(too_many_labels(shared), @"there are more than 500 labels: 501 samples are counted together, without a label");
    }

    #[test]
    fn labels_of_one_hash_stay_apart() {
        let mut slots = Slots::default();
        let (a, b) = (slots.slot(b"a", 1).0, slots.slot(b"b", 1).0);
        assert!(a != b && slots.slot(b"b", 1) == (b, false) && slots.slot(b"a", 1) == (a, false));
    }
}
