//! The names of a file in a diff: quotes, prefixes, and names that are only in the header.

/// What the head of a file says.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Behind `diff --git `.
    header: Vec<u8>,
    /// Behind `--- `, without quotes.
    old: String,
    deleted: bool,
}

/// Letters of prefixes: `a`, `b`, and those of `diff.mnemonicPrefix`.
const PREFIXES: &[u8] = b"abciow12";

impl Names {
    pub(super) fn header(&mut self, names: &[u8]) {
        self.header = names.to_vec();
    }

    pub(super) fn old(&mut self, name: &[u8]) {
        self.old = unquoted(before_tab(name));
    }

    pub(super) fn has_old(&self) -> bool {
        !self.old.is_empty()
    }

    pub(super) fn deleted(&mut self) {
        self.deleted = true;
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.deleted
    }

    /// The path behind `+++ `; none when the file was deleted.
    pub(super) fn new_path(&self, name: &[u8]) -> Option<String> {
        let name = unquoted(before_tab(name));
        if name == "/dev/null" {
            return None;
        }
        let old = if self.old == "/dev/null" { first_of(&self.header) } else { self.old.clone() };
        Some(match (prefix(&old), prefix(&name)) {
            (Some(old), Some(new)) if old != new => name.get(2..).unwrap_or_default().to_owned(),
            (None, Some(_)) if old.is_empty() => name.get(2..).unwrap_or_default().to_owned(),
            (None | Some(_), None | Some(_)) => name,
        })
    }

    /// The path of a file of which only the header tells, because no line changed: a binary one, or one whose mode changed. Both names are the
    /// same, so that each is half of the header.
    pub(super) fn of_header(&self) -> Option<String> {
        if self.deleted || self.header.is_empty() {
            return None;
        }
        let header = self.header.as_slice();
        let half = header.len() / 2;
        let (old, new) = (unquoted(header.get(..half)?), unquoted(header.get(half + 1..)?));
        match (prefix(&old), prefix(&new)) {
            (Some(_), Some(_)) if old.get(2..) == new.get(2..) => new.get(2..).map(ToOwned::to_owned),
            (Some(_) | None, Some(_) | None) => (old == new).then_some(new),
        }
    }
}

/// The letter before the first slash, when it is a prefix.
fn prefix(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [letter, b'/', ..] if PREFIXES.contains(letter) => Some(*letter),
        _ => None,
    }
}

/// The first name of a header.
fn first_of(header: &[u8]) -> String {
    let end = match header.first() {
        Some(b'"') => {
            header.iter().skip(1).position(|byte| *byte == b'"').map_or(header.len(), |end| end + 2)
        }
        Some(_) | None => header.len() / 2,
    };
    unquoted(header.get(..end).unwrap_or_default())
}

/// `diff -u` puts a time behind a tab, git an empty one behind names with blanks.
fn before_tab(name: &[u8]) -> &[u8] {
    name.split(|byte| *byte == b'\t').next().unwrap_or_default()
}

/// A name without the quotes of C that git puts around unusual ones.
pub(super) fn unquoted(name: &[u8]) -> String {
    let name = name.trim_ascii_end();
    let Some(inside) = name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")) else {
        return String::from_utf8_lossy(name).into_owned();
    };
    let mut bytes = Vec::with_capacity(inside.len());
    let mut rest = inside.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'\\' { escaped(&mut rest) } else { byte });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn escaped(rest: &mut impl Iterator<Item = u8>) -> u8 {
    match rest.next() {
        Some(first @ b'0'..=b'3') => {
            let mut digit = || u16::from(rest.next().unwrap_or(b'0').wrapping_sub(b'0') & 7);
            let value = u16::from(first - b'0') * 64 + digit() * 8 + digit();
            u8::try_from(value).unwrap_or(b'?')
        }
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'r') => b'\r',
        Some(b'a') => 7,
        Some(b'b') => 8,
        Some(b'v') => 11,
        Some(b'f') => 12,
        Some(other) => other,
        None => b'\\',
    }
}
