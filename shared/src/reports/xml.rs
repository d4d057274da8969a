//! Shared by the XML formats: a path for errors, tolerant attributes, and an end that is checked.
//!
//! The reader does not report elements that are never closed, so depth is counted here. No entity is expanded but the five that XML
//! predefines and numeric ones; a DOCTYPE is skipped, never followed.

use super::ReportError;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Deepest nesting taken.
const MAX_DEPTH: usize = 256;

/// What a format does with elements.
pub(crate) trait Visitor {
    /// An element opens; `element` has its attributes.
    fn open(&mut self, element: &Element<'_>, path: &Path) -> Result<(), ReportError>;
    /// The element `name` closes.
    fn close(&mut self, name: &str) -> Result<(), ReportError>;
}

/// An element's local name and attributes.
pub(crate) struct Element<'a> {
    start: &'a BytesStart<'a>,
    /// Local name, without prefix.
    pub(crate) name: String,
}

impl Element<'_> {
    /// An attribute by local name, unescaped; none when it is absent or unreadable.
    pub(crate) fn attribute(&self, name: &str) -> Option<String> {
        self.start.html_attributes().with_checks(false).flatten().find_map(|attribute| {
            (attribute.key.local_name().as_ref() == name).then(|| unescape(&attribute.value))
        })
    }
}

fn unescape(text: &str) -> String {
    quick_xml::escape::unescape(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

/// Where the reader stands: local names with the index among siblings of the same name.
#[derive(Default)]
pub(crate) struct Path {
    steps: Vec<(String, Vec<(String, usize)>)>,
    roots: Vec<(String, usize)>,
}

impl Path {
    fn push(&mut self, name: &str) {
        let siblings = self.steps.last_mut().map_or(&mut self.roots, |(_, children)| children);
        let index = match siblings.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => {
                *count += 1;
                *count - 1
            }
            None => {
                siblings.push((name.to_owned(), 1));
                0
            }
        };
        self.steps.push((format!("{name}[{index}]"), Vec::new()));
    }

    /// The path as text.
    pub(crate) fn text(&self) -> String {
        self.steps.iter().map(|(step, _)| step.as_str()).collect::<Vec<_>>().join("/")
    }
}

/// Walks the whole document.
pub(crate) fn walk(bytes: &[u8], visitor: &mut impl Visitor) -> Result<(), ReportError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes)
        .map_err(|error| ReportError::at(format!("byte {}", error.valid_up_to()), "the file is not UTF-8"))?;
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut path = Path::default();
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                enter(&start, visitor, &mut path)?;
            }
            Ok(Event::Empty(start)) => {
                let name = enter(&start, visitor, &mut path)?;
                leave(&name, visitor, &mut path)?;
            }
            Ok(Event::End(end)) => {
                let name = end.local_name().as_ref().to_owned();
                leave(&name, visitor, &mut path)?;
            }
            Ok(Event::Eof) if path.steps.is_empty() => return Ok(()),
            Ok(Event::Eof) => {
                return Err(ReportError::at(path.text(), "the file ends inside an element: it is truncated"));
            }
            Ok(_) => {}
            Err(error) => {
                let words = error.to_string().lines().next().unwrap_or_default().to_owned();
                return Err(ReportError::at(path.text(), format!("the XML is broken: {words}")));
            }
        }
    }
}

fn enter(start: &BytesStart<'_>, visitor: &mut impl Visitor, path: &mut Path) -> Result<String, ReportError> {
    let name = start.local_name().as_ref().to_owned();
    if path.steps.len() >= MAX_DEPTH {
        return Err(ReportError::at(path.text(), format!("elements are nested deeper than {MAX_DEPTH}")));
    }
    path.push(&name);
    let element = Element { start, name };
    visitor.open(&element, path)?;
    Ok(element.name)
}

fn leave(name: &str, visitor: &mut impl Visitor, path: &mut Path) -> Result<(), ReportError> {
    visitor.close(name)?;
    path.steps.pop();
    Ok(())
}
