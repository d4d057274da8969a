//! Shared by the XML formats: a path for errors, tolerant attributes, and an end that is checked.
//!
//! The reader does not report elements that are never closed, so depth is counted here. No entity is expanded but the five that XML
//! predefines and numeric ones; a DOCTYPE is skipped, never followed. The middle of a text beyond 64 KiB is dropped ([`trim`]).

mod trim;

use super::{Input, Problem, ReportError};
use crate::model::Timestamp;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;
use std::io::BufRead;
use trim::{EndlessTag, Trim};

/// Different names of one element's children that are numbered; a report has a handful.
const MAX_NAMES: usize = 64;
/// Deepest nesting taken.
const MAX_DEPTH: usize = 256;

/// What a format does with elements.
pub(crate) trait Visitor {
    /// An element opens; `element` has its attributes.
    fn open(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError>;
    /// The element `name` closes.
    fn close(&mut self, name: &str) -> Result<(), ReportError>;
    /// Text inside the element that was opened last and not yet closed; only told when [`Visitor::wants_text`].
    fn text(&mut self, _text: &str) {}
    /// Whether the text that comes now is of interest; what is not is never unescaped.
    fn wants_text(&self) -> bool {
        false
    }
}

/// An element's local name and attributes.
pub(crate) struct Element<'a> {
    start: &'a BytesStart<'a>,
    /// Local name, without prefix.
    pub(crate) name: &'a str,
}

impl<'a> Element<'a> {
    /// Every attribute in order, by local name, still escaped ([`text`]): one pass where several are wanted.
    pub(crate) fn attributes(&self) -> Attributes<'a> {
        Attributes { raw: self.start.attributes_raw(), at: 0 }
    }

    /// The same as bytes.
    pub(crate) fn bytes(&self) -> Bytes<'a> {
        Bytes(self.attributes())
    }

    /// An attribute by local name, unescaped; none when it is absent or unreadable.
    pub(crate) fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        self.attributes().find_map(|(known, value)| (known == name).then(|| text(value)))
    }

    /// An attribute that is a whole number; none when it is absent or is none.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.attribute(name)?.trim().parse().ok()
    }

    /// An attribute that must be a whole number.
    pub(crate) fn needed(&self, name: &str, path: &Path) -> Result<u64, ReportError> {
        let text = self.attribute(name);
        let at = || format!("{}/@{name}", path.text());
        match text {
            None => Err(ReportError::at(at(), "the attribute is missing")),
            Some(text) => {
                text.trim().parse().map_err(|_| ReportError::at(at(), "the attribute is no number"))
            }
        }
    }
}

/// The attributes of an element. The library's own iterator checks far more than a report needs, and costs more than all the rest of
/// reading a report.
pub(crate) struct Attributes<'a> {
    raw: &'a str,
    at: usize,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // Nearly all are ` name="value"`.
        match self.plain() {
            Some(plain) => Some(plain),
            None => self.any(),
        }
    }
}

/// The first of some attributes when it has one blank before it, no prefix, and double quotes: its name, its value and what follows.
#[inline]
fn plain(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let [b' ', bytes @ ..] = bytes else { return None };
    let end = bytes.iter().position(|byte| *byte <= b' ' || matches!(byte, b'=' | b':'))?;
    let (name, bytes) = bytes.split_at_checked(end)?;
    let [b'=', b'"', bytes @ ..] = bytes else { return None };
    // Most values are numbers: a look at each byte is faster than a search.
    let end = match bytes {
        [b'"', ..] => 0,
        [_, b'"', ..] => 1,
        [_, _, b'"', ..] => 2,
        [_, _, _, b'"', ..] => 3,
        _ => memchr::memchr(b'"', bytes)?,
    };
    let (value, bytes) = bytes.split_at_checked(end)?;
    Some((name, value, bytes.get(1..)?))
}

/// The same as bytes: where every element is made of numbers, text costs more than reading them.
pub(crate) struct Bytes<'a>(Attributes<'a>);

impl<'a> Iterator for Bytes<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let Attributes { raw, at } = &mut self.0;
        if let Some((name, value, rest)) = raw.as_bytes().get(*at..).and_then(plain) {
            *at = raw.len() - rest.len();
            return Some((name, value));
        }
        self.0.any().map(|(name, value)| (name.as_bytes(), value.as_bytes()))
    }
}

impl<'a> Attributes<'a> {
    #[inline]
    fn plain(&mut self) -> Option<(&'a str, &'a str)> {
        let (name, value, rest) = plain(self.raw.as_bytes().get(self.at..)?)?;
        let start = self.at + 1;
        let end = self.raw.len() - rest.len() - 1;
        self.at = end + 1;
        Some((self.raw.get(start..start + name.len())?, self.raw.get(end - value.len()..end)?))
    }

    /// The next one however it is written.
    fn any(&mut self) -> Option<(&'a str, &'a str)> {
        let bytes = self.raw.as_bytes();
        // A word that another follows had no value.
        let mut at = self.at;
        let (mut start, mut end) = (at, at);
        loop {
            match bytes.get(at)? {
                b'=' => break,
                b':' => start = at + 1,
                b' ' | b'\t' | b'\n' | b'\r' => {}
                _ if end < at => (start, end) = (at, at + 1),
                _ => end = at + 1,
            }
            at += 1;
        }
        at += 1;
        while bytes.get(at)?.is_ascii_whitespace() {
            at += 1;
        }
        let quote = *bytes.get(at)?;
        let (from, to) = if matches!(quote, b'"' | b'\'') {
            let from = at + 1;
            (from, from + memchr::memchr(quote, bytes.get(from..)?)?)
        } else {
            (at, at + bytes.iter().skip(at).take_while(|byte| !byte.is_ascii_whitespace()).count())
        };
        self.at = to + usize::from(from > at);
        Some((self.raw.get(start..end)?, self.raw.get(from..to)?))
    }
}

/// An attribute's value, unescaped.
pub(crate) fn text(value: &str) -> Cow<'_, str> {
    match unescape(value) {
        Some(text) => Cow::Owned(text),
        None => Cow::Borrowed(value),
    }
}

/// A moment in seconds or in milliseconds since 1970: tools disagree about which.
pub(crate) fn unix_time(text: &str) -> Option<Timestamp> {
    /// In milliseconds 1973, in seconds the year 5138.
    const FIRST_MILLIS: i64 = 100_000_000_000;
    let number: i64 = text.trim().split('.').next()?.parse().ok().filter(|number| *number > 0)?;
    Some(Timestamp::from_millis(if number < FIRST_MILLIS { number * 1000 } else { number }))
}

/// None when there is nothing to unescape.
fn unescape(text: &str) -> Option<String> {
    memchr::memchr(b'&', text.as_bytes())?;
    quick_xml::escape::unescape(text).ok().map(Cow::into_owned)
}

/// Where the reader stands: local names with the index among siblings of the same name. Levels are used again: no allocation for each
/// element.
#[derive(Default)]
pub(crate) struct Path {
    /// `levels[0]` is the document.
    levels: Vec<Level>,
    depth: usize,
}

#[derive(Default)]
struct Level {
    name: String,
    index: usize,
    children: Vec<(String, usize)>,
    used: usize,
}

impl Level {
    fn count(&mut self, name: &str) -> usize {
        let Self { children, used, .. } = self;
        if let Some((_, count)) = children.iter_mut().take(*used).find(|(known, _)| known == name) {
            *count += 1;
            return *count - 1;
        }
        if *used >= MAX_NAMES {
            return 0;
        }
        match children.get_mut(*used) {
            Some((known, count)) => {
                known.clear();
                known.push_str(name);
                *count = 1;
            }
            None => children.push((name.to_owned(), 1)),
        }
        *used += 1;
        0
    }
}

impl Path {
    fn push(&mut self, name: &str) {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let index = self.levels.get_mut(self.depth).map_or(0, |level| level.count(name));
        self.depth += 1;
        if self.levels.len() <= self.depth {
            self.levels.push(Level::default());
        }
        if let Some(level) = self.levels.get_mut(self.depth) {
            level.name.clear();
            level.name.push_str(name);
            level.index = index;
            level.used = 0;
        }
    }

    /// How many elements are open.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Local name of the element around the one that was opened last; none at the root.
    pub(crate) fn parent(&self) -> Option<&str> {
        let above = self.depth.checked_sub(1).filter(|above| *above > 0)?;
        self.levels.get(above).map(|level| level.name.as_str())
    }

    /// The path as text.
    pub(crate) fn text(&self) -> String {
        let open = self.levels.iter().skip(1).take(self.depth);
        let steps: Vec<String> =
            open.map(|level| format!("{}[{}]", super::facts::kept(&level.name), level.index)).collect();
        if steps.is_empty() { "/".to_owned() } else { steps.join("/") }
    }
}

/// Walks the whole document.
pub(crate) fn walk(input: Input<'_>, visitor: &mut impl Visitor) -> Result<(), ReportError> {
    let mut source = input.into_reader();
    skip_blanks(&mut source)?;
    let mut reader = Reader::from_reader(Trim::new(source));
    reader.config_mut().check_end_names = true;
    let mut path = Path::default();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        reader.get_mut().event();
        // Blanks between elements, which are half of all events, need not become any.
        reader.config_mut().trim_text_start = !visitor.wants_text();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(start)) => enter(&start, visitor, &mut path)?,
            Ok(Event::Empty(start)) => {
                enter(&start, visitor, &mut path)?;
                leave(local(start.name().as_ref()), visitor, &mut path)?;
            }
            Ok(Event::End(end)) => leave(local(end.name().as_ref()), visitor, &mut path)?,
            Ok(Event::Text(text)) if visitor.wants_text() => visitor.text(&text),
            Ok(Event::CData(text)) if visitor.wants_text() => visitor.text(&text),
            Ok(Event::GeneralRef(name)) if visitor.wants_text() => {
                let entity = format!("&{};", &*name);
                visitor.text(unescape(&entity).as_deref().unwrap_or(&entity));
            }
            Ok(Event::Eof) if path.depth == 0 => return Ok(()),
            Ok(Event::Eof) => {
                return Err(ReportError::truncated(
                    path.text(),
                    "the file ends inside an element: it is truncated",
                ));
            }
            Ok(_) => {}
            Err(error) => return Err(broken(&error, &path)),
        }
    }
}

/// The reader refuses an XML declaration behind a blank line, which real tools write.
fn skip_blanks(source: &mut impl BufRead) -> Result<(), ReportError> {
    loop {
        let piece = source.fill_buf().map_err(|error| super::input::unreadable(&error))?;
        let blank = piece.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let all = blank == piece.len() && !piece.is_empty();
        source.consume(blank);
        if !all {
            return Ok(());
        }
    }
}

fn broken(error: &quick_xml::Error, path: &Path) -> ReportError {
    let words = super::facts::kept(&error.to_string());
    match error {
        quick_xml::Error::Syntax(_) => {
            ReportError::truncated(path.text(), format!("the XML ends too early: {words}"))
        }
        quick_xml::Error::Io(error) => match error.get_ref() {
            Some(inner) if inner.is::<EndlessTag>() => {
                ReportError::new(Problem::TooLarge, path.text(), inner.to_string())
            }
            Some(_) | None => super::input::unreadable(error),
        },
        quick_xml::Error::Encoding(_) => {
            ReportError::encoding(format!("the file is not UTF-8 ({})", path.text()))
        }
        _ => ReportError::at(path.text(), format!("the XML is broken: {words}")),
    }
}

fn enter(start: &BytesStart<'_>, visitor: &mut impl Visitor, path: &mut Path) -> Result<(), ReportError> {
    let name = start.name();
    let name = local(name.as_ref());
    if path.depth >= MAX_DEPTH {
        return Err(ReportError::at(path.text(), format!("elements are nested deeper than {MAX_DEPTH}")));
    }
    path.push(name);
    visitor.open(&Element { start, name }, path)
}

/// A name without its prefix.
#[inline]
fn local(name: &str) -> &str {
    match name.bytes().position(|byte| byte == b':') {
        Some(colon) => name.get(colon + 1..).unwrap_or_default(),
        None => name,
    }
}

fn leave(name: &str, visitor: &mut impl Visitor, path: &mut Path) -> Result<(), ReportError> {
    visitor.close(name)?;
    path.depth = path.depth.saturating_sub(1);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_split_as_tools_write_them() {
        let raw = " a=\"1 = 'x'\"\n  n:b = '2>'  flag c=3\td=\"\" e=\"open";
        let all: Vec<(&str, &str)> = Attributes { raw, at: 0 }.collect();
        let bytes = Bytes(Attributes { raw, at: 0 })
            .map(|(name, value)| [name, value].map(|text| str::from_utf8(text).unwrap()));
        assert!(bytes.eq(all.iter().map(|(name, value)| [*name, *value])));
        assert_eq!(all, [("a", "1 = 'x'"), ("b", "2>"), ("c", "3"), ("d", "")]);
        assert_eq!(text("a &lt; &#66; &unknown;"), "a &lt; &#66; &unknown;");
        assert_eq!(text("a &lt; &#66;"), "a < B");
    }
}
