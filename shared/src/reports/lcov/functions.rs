//! The functions of one record: `FN` and `FNDA` are joined by name, `FNL` and `FNA` by index.

use super::split;
use crate::reports::facts::{Keys, case_key};
use crate::reports::marks::{Marks, name_key, number};
use crate::reports::totals::is_hit;
use std::collections::HashMap;

/// What is known within one record. JavaScript has several functions of one name in one file, each with an `FN` and an `FNDA` of its own: the
/// second of a name is another function than the first.
#[derive(Debug, Default)]
pub(super) struct Functions {
    /// By name: how many `FN` and how many `FNDA` there were.
    named: HashMap<u64, (u32, u32), Keys>,
    /// By index: the function that stands there.
    located: HashMap<u64, u64, Keys>,
}

impl Functions {
    /// A record begins.
    pub(super) fn clear(&mut self) {
        self.named.clear();
        self.located.clear();
    }

    /// `FN:<first line>,[<last line>,]<name>`
    pub(super) fn named(&mut self, rest: &[u8], marks: &mut Marks) -> Option<()> {
        let (first, mut name) = split(rest)?;
        number(first)?;
        if let Some((last, shorter)) = split(name)
            && number(last).is_some()
        {
            name = shorter;
        }
        let key = name_key(name);
        let (known, _) = self.named.entry(key).or_default();
        marks.add(nth(key, *known), false);
        *known += 1;
        Some(())
    }

    /// `FNDA:<calls>,<name>`
    pub(super) fn called(&mut self, rest: &[u8], marks: &mut Marks) -> Option<()> {
        let (count, name) = split(rest)?;
        let hit = is_hit(count)?;
        let key = name_key(name);
        let (known, called) = self.named.entry(key).or_default();
        marks.add(nth(key, (*called).min(known.saturating_sub(1))), hit);
        *called += 1;
        Some(())
    }

    /// `FNL:<index>,<first line>[,<last line>]`
    pub(super) fn located(&mut self, rest: &[u8], marks: &mut Marks) -> Option<()> {
        let (index, lines) = split(rest)?;
        let key = case_key(&[b"FNL".as_slice(), lines]) >> 1;
        self.located.insert(number(index)?, key);
        marks.add(key, false);
        Some(())
    }

    /// `FNA:<index>,<calls>,<name>`: one of the names of the function at that index.
    pub(super) fn aliased(&mut self, rest: &[u8], marks: &mut Marks) -> Option<()> {
        let (index, rest) = split(rest)?;
        let (count, name) = split(rest)?;
        let key = self.located.get(&number(index)?).copied().unwrap_or_else(|| name_key(name));
        marks.add(key, is_hit(count)?);
        Some(())
    }
}

/// Key of the function that is the n-th of its name.
fn nth(name: u64, before: u32) -> u64 {
    name ^ u64::from(before).wrapping_mul(0x517c_c1b7_2722_0a95) >> 1
}
