//! What the head of a file looks like, so that each format can say whether it is its own.
//!
//! Works on a head that is cut anywhere. Must not: know a format, or look at a file's name.

/// Deepest member of a JSON head that is looked at.
const DEPTH: usize = 5;
/// Most members looked at.
const MEMBERS: usize = 2_000;
/// Longest text value kept, in bytes.
const VALUE: usize = 120;

/// The head of a file.
pub struct Sniff<'a> {
    /// The head, lossily as text.
    pub text: &'a str,
    /// The bytes.
    pub bytes: &'a [u8],
    json: Option<Json>,
}

#[derive(Default)]
struct Json {
    /// Path and short text of each scalar, path alone of the rest.
    members: Vec<(String, String)>,
    /// Whether a second value follows the first.
    lines: bool,
}

impl<'a> Sniff<'a> {
    /// Looks at a head; `text` is the same bytes as text.
    #[must_use]
    pub fn new(bytes: &'a [u8], text: &'a str) -> Self {
        let text = text.trim_start();
        let json = text.starts_with(['{', '[']).then(|| Scan::of(text.as_bytes()));
        Self { text, bytes, json }
    }

    /// Name of the root element without its prefix, when this is XML.
    #[must_use]
    pub fn root(&self) -> Option<&'a str> {
        let mut rest = self.text;
        if !rest.starts_with('<') {
            return None;
        }
        loop {
            rest = rest.get(rest.find('<')? + 1..)?;
            if let Some(comment) = rest.strip_prefix("!--") {
                rest = comment.get(comment.find("-->")? + 3..)?;
            } else if let Some(doctype) = rest.strip_prefix("!DOCTYPE") {
                rest = after_doctype(doctype)?;
            } else if !rest.starts_with(['?', '!']) {
                let name = rest.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next()?;
                return name.rsplit(':').next();
            }
        }
    }

    /// Whether the XML head has an element of this local name (without prefix).
    #[must_use]
    pub fn has_element(&self, name: &str) -> bool {
        let ends = |rest: &str| rest.starts_with(|c: char| c.is_whitespace() || matches!(c, '>' | '/'));
        self.text.starts_with('<') && self.text.split('<').any(|tag| tag.strip_prefix(name).is_some_and(ends))
    }

    /// Whether this is one JSON value or several, one after the other.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.json.is_some()
    }

    /// Whether several JSON values follow each other.
    #[must_use]
    pub fn is_json_lines(&self) -> bool {
        self.json.as_ref().is_some_and(|json| json.lines)
    }

    /// Whether the (first) JSON value has a member at this path: `/runs`, `/matches/[]/vulnerability` (`[]` is the first element of a list),
    /// `/*/statementMap` (`*` is any name).
    #[must_use]
    pub fn has(&self, path: &str) -> bool {
        self.members(path).next().is_some()
    }

    /// The text of the scalar at this path, cut; without quotes. Empty when it is no scalar.
    #[must_use]
    pub fn value<'s>(&'s self, path: &'s str) -> Option<&'s str> {
        self.members(path).next()
    }

    fn members<'s>(&'s self, path: &'s str) -> impl Iterator<Item = &'s str> {
        let pattern = path.split_once('*');
        let is_it = move |known: &str| pattern.map_or(known == path, |pattern| fits(pattern, known));
        self.json
            .iter()
            .flat_map(|json| &json.members)
            .filter(move |(known, _)| is_it(known))
            .map(|(_, value)| value.as_str())
    }
}

/// Whether a member's path has some name between `before` and `after`, which may hold another `*`.
fn fits((before, after): (&str, &str), known: &str) -> bool {
    known.strip_prefix(before).is_some_and(|rest| {
        let (name, rest) = rest.split_at(memchr::memchr(b'/', rest.as_bytes()).unwrap_or(rest.len()));
        name != "[]" && after.split_once('*').map_or(rest == after, |pattern| fits(pattern, rest))
    })
}

/// Behind a document type with its internal subset.
fn after_doctype(rest: &str) -> Option<&str> {
    let mut inside = false;
    let end = rest.find(|c: char| {
        inside = match c {
            '[' => true,
            ']' => false,
            _ => inside,
        };
        c == '>' && !inside
    })?;
    rest.get(end + 1..)
}

/// A scanner of JSON that stops where the head ends.
struct Scan<'a> {
    rest: &'a [u8],
    found: Json,
}

impl<'a> Scan<'a> {
    fn of(bytes: &'a [u8]) -> Json {
        let mut scan = Self { rest: bytes, found: Json::default() };
        if scan.value(&mut String::new(), 0).is_some() {
            scan.found.lines = matches!(scan.peek(), Some(b'{' | b'['));
        }
        scan.found
    }

    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_ascii_start();
        self.rest.first().copied()
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.rest = self.rest.get(1..)?;
        Some(byte)
    }

    fn value(&mut self, path: &mut String, depth: usize) -> Option<()> {
        match self.peek()? {
            b'{' => {
                self.note(path, depth, "");
                self.take();
                self.members(path, depth)
            }
            b'[' => {
                self.note(path, depth, "");
                self.take();
                self.elements(path, depth)
            }
            b'"' => {
                let text = self.string()?;
                let text = String::from_utf8_lossy(text.get(..VALUE).unwrap_or(text)).into_owned();
                self.note(path, depth, &text);
                Some(())
            }
            _ => {
                let end = self
                    .rest
                    .iter()
                    .position(|b| matches!(b, b',' | b'}' | b']') || b.is_ascii_whitespace())?;
                let (word, rest) = self.rest.split_at(end);
                self.rest = rest;
                let word = String::from_utf8_lossy(word.get(..VALUE).unwrap_or(word)).into_owned();
                self.note(path, depth, &word);
                (end > 0).then_some(())
            }
        }
    }

    fn members(&mut self, path: &mut String, depth: usize) -> Option<()> {
        loop {
            match self.take()? {
                b'}' => return Some(()),
                b',' => {}
                b'"' => {
                    let key = self.string_after_quote()?;
                    if self.take()? != b':' {
                        return None;
                    }
                    let length = path.len();
                    path.push('/');
                    let key = String::from_utf8_lossy(key.get(..VALUE).unwrap_or(key));
                    let mut parts = key.split('/');
                    path.push_str(parts.next().unwrap_or_default());
                    parts.for_each(|part| path.extend(["~1", part]));
                    self.child(path, depth)?;
                    path.truncate(length);
                }
                _ => return None,
            }
        }
    }

    fn elements(&mut self, path: &mut String, depth: usize) -> Option<()> {
        let length = path.len();
        path.push_str("/[]");
        let mut first = true;
        loop {
            match self.peek()? {
                b']' => {
                    self.take();
                    path.truncate(length);
                    return Some(());
                }
                b',' => {
                    self.take();
                }
                _ if first => {
                    first = false;
                    self.child(path, depth)?;
                }
                _ => self.skip()?,
            }
        }
    }

    fn child(&mut self, path: &mut String, depth: usize) -> Option<()> {
        if depth < DEPTH { self.value(path, depth + 1) } else { self.skip() }
    }

    /// Passes over a value, however deep, without recursion.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.take();
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.take();
                }
                b',' | b':' if depth > 0 => {
                    self.take();
                    continue;
                }
                _ => {
                    let end = self.rest.iter().position(|b| matches!(b, b',' | b'}' | b']' | b':'))?;
                    self.rest = self.rest.get(end.max(1)..)?;
                }
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        self.take();
        self.string_after_quote()
    }

    fn string_after_quote(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest;
        let mut at = 0;
        loop {
            at += memchr::memchr2(b'"', b'\\', rest.get(at..)?)?;
            if rest.get(at) == Some(&b'"') {
                self.rest = rest.get(at + 1..)?;
                return rest.get(..at);
            }
            at += 2;
        }
    }

    fn note(&mut self, path: &str, depth: usize, value: &str) {
        if depth > 0 && self.found.members.len() < MEMBERS {
            self.found.members.push((path.to_owned(), value.to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniff(text: &str) -> Sniff<'_> {
        Sniff::new(text.as_bytes(), text)
    }

    #[test]
    fn the_root_is_found_behind_declarations_comments_and_document_types() {
        let text = "\n<?xml version='1.0'?><!-- <a> --><!DOCTYPE x [<!ENTITY y '<z>'>]><n:report name='r'><group/></n:report>";
        assert_eq!(sniff(text).root(), Some("report"));
        assert!(sniff(text).has_element("group") && !sniff(text).has_element("gro"));
        assert_eq!(sniff("<!DOCTYPE x").root(), None);
    }

    #[test]
    fn members_are_found_in_a_head_that_is_cut() {
        let whole = r#"{"version":"2.1.0","n":3,"list":[{"a":{"b":"x"}},{"c":1}],"/src/a.js":{"statementMap":{}},"cut":"ab"#;
        let head = sniff(whole);
        assert_eq!(head.value("/version"), Some("2.1.0"));
        assert_eq!(head.value("/n"), Some("3"));
        assert_eq!(head.value("/list/[]/a/b"), Some("x"));
        assert!(
            head.has("/*/statementMap") && head.has("/list") && !head.has("/list/[]/c") && !head.has("/cut")
        );
        assert!(!head.is_json_lines());
    }

    #[test]
    fn several_values_are_told_from_one() {
        assert!(sniff("{\"type\":\"a\"}\n{\"type\":\"b\"}").is_json_lines());
        assert!(!sniff("[1,2]\n").is_json_lines());
        assert!(!sniff("SF:a").is_json());
    }

    #[test]
    fn deep_nesting_ends() {
        let deep = "[".repeat(100_000);
        assert!(sniff(&deep).is_json());
        let deep = format!("{{\"a\":{}", "{\"a\":".repeat(100_000));
        assert!(sniff(&deep).has("/a/a"));
    }
}
