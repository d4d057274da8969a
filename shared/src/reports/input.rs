//! A report's bytes as a stream: its head for recognition, then all of it, in bounded memory.
//!
//! Text in UTF-16 (what `PowerShell` 5 writes for `tool > file`) and in ISO-8859-1 (when an XML declaration says so) is turned into UTF-8 on the
//! way; a byte order mark is dropped. Every other declared encoding is refused by name.
//!
//! Must not: know a format.

use super::ReportError;
use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};

/// Bytes looked at to recognise a format.
pub const HEAD: usize = 64 * 1024;
/// Largest report of the formats that are read as a whole (JSON), in bytes.
pub const MAX_WHOLE: u64 = 128 * 1024 * 1024;
/// Size of the buffer of streams.
const BUFFER: usize = 64 * 1024;

/// A report that is about to be read.
pub struct Input<'a> {
    head: Cow<'a, [u8]>,
    rest: Option<Box<dyn Read + 'a>>,
}

impl<'a> Input<'a> {
    /// A report in memory.
    ///
    /// # Errors
    /// When its encoding is none that is read.
    pub fn of_bytes(bytes: &'a [u8]) -> Result<Self, ReportError> {
        let (encoding, mark) = encoding(bytes.get(..HEAD).unwrap_or(bytes))?;
        let bytes = bytes.get(mark..).unwrap_or_default();
        match encoding {
            Encoding::Utf8 => Ok(Self { head: Cow::Borrowed(bytes), rest: None }),
            other => Self::of_decoded(Box::new(Decoder::new(bytes, other))),
        }
    }

    /// A report that comes as a stream.
    ///
    /// # Errors
    /// When it cannot be read, or its encoding is none that is read.
    pub fn of_stream(mut stream: impl Read + 'a) -> Result<Self, ReportError> {
        let head = fill(&mut stream)?;
        let (encoding, mark) = encoding(&head)?;
        let rest: Box<dyn Read + 'a> = Box::new(Steady(stream));
        match encoding {
            Encoding::Utf8 => {
                Ok(Self { head: Cow::Owned(head.get(mark..).unwrap_or_default().to_vec()), rest: Some(rest) })
            }
            other => {
                let start = head.get(mark..).unwrap_or_default().to_vec();
                Self::of_decoded(Box::new(Decoder::new(
                    BufReader::with_capacity(BUFFER, io::Cursor::new(start).chain(rest)),
                    other,
                )))
            }
        }
    }

    fn of_decoded(mut stream: Box<dyn Read + 'a>) -> Result<Self, ReportError> {
        let head = fill(&mut stream)?;
        Ok(Self { head: Cow::Owned(head), rest: Some(stream) })
    }

    /// The first bytes, at most [`HEAD`].
    #[must_use]
    pub fn head(&self) -> &[u8] {
        self.head.get(..HEAD).unwrap_or(&self.head)
    }

    /// Whether nothing but white space is there, as far as the head shows.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.head().iter().all(u8::is_ascii_whitespace)
    }

    /// Everything, piece by piece.
    #[must_use]
    pub fn into_reader(self) -> Box<dyn BufRead + 'a> {
        match (self.head, self.rest) {
            (Cow::Borrowed(bytes), _) => Box::new(bytes),
            (Cow::Owned(head), Some(rest)) => {
                Box::new(io::Cursor::new(head).chain(BufReader::with_capacity(BUFFER, rest)))
            }
            (Cow::Owned(head), None) => Box::new(io::Cursor::new(head)),
        }
    }

    /// Everything at once.
    ///
    /// # Errors
    /// When it is larger than [`MAX_WHOLE`] or cannot be read.
    pub fn into_bytes(self) -> Result<Cow<'a, [u8]>, ReportError> {
        let too_large = || {
            ReportError::too_large(format!(
                "the file is larger than {} MiB, and this format is read as a whole",
                MAX_WHOLE / 1024 / 1024
            ))
        };
        let Some(rest) = self.rest else {
            return if self.head.len() as u64 > MAX_WHOLE { Err(too_large()) } else { Ok(self.head) };
        };
        let mut bytes = self.head.into_owned();
        let room = MAX_WHOLE.saturating_sub(bytes.len() as u64);
        rest.take(room + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
        if bytes.len() as u64 > MAX_WHOLE { Err(too_large()) } else { Ok(Cow::Owned(bytes)) }
    }
}

/// A stream that reads again when it was interrupted: `fill_buf` does not, and a signal is no broken file.
struct Steady<R>(R);

impl<R: Read> Read for Steady<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

/// What a failed read of the stream means.
pub(crate) fn unreadable(error: &io::Error) -> ReportError {
    ReportError::at("/", format!("the file cannot be read: {error}"))
}

fn fill(stream: &mut impl Read) -> Result<Vec<u8>, ReportError> {
    let mut head = Vec::with_capacity(HEAD);
    stream.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(|error| unreadable(&error))?;
    Ok(head)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
    Latin1,
}

/// The encoding, and how many bytes of a byte order mark come first.
fn encoding(head: &[u8]) -> Result<(Encoding, usize), ReportError> {
    match head {
        [0xEF, 0xBB, 0xBF, ..] => return Ok((Encoding::Utf8, 3)),
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => {
            return Err(ReportError::encoding("the file is in UTF-32; UTF-8 is read"));
        }
        [0xFF, 0xFE, ..] => return Ok((Encoding::Utf16Le, 2)),
        [0xFE, 0xFF, ..] => return Ok((Encoding::Utf16Be, 2)),
        [b'<', 0, ..] => return Ok((Encoding::Utf16Le, 0)),
        [0, b'<', ..] => return Ok((Encoding::Utf16Be, 0)),
        _ => {}
    }
    let start = head.get(..200).unwrap_or(head).trim_ascii_start();
    let declared = start.starts_with(b"<?xml").then(|| declared(start)).flatten();
    match declared.as_deref() {
        None | Some("utf-8" | "utf8" | "us-ascii" | "ascii") => Ok((Encoding::Utf8, 0)),
        Some("iso-8859-1" | "latin1" | "latin-1" | "windows-1252") => Ok((Encoding::Latin1, 0)),
        // Declared as UTF-16 and yet readable as ASCII: some converters forget to change the declaration.
        Some("utf-16") => Ok((Encoding::Utf8, 0)),
        Some(other) => Err(ReportError::encoding(format!(
            "the file declares the encoding `{}`; UTF-8 is read",
            super::facts::kept(other)
        ))),
    }
}

fn declared(start: &[u8]) -> Option<String> {
    let declaration = start.split(|byte| *byte == b'>').next()?;
    let text = String::from_utf8_lossy(declaration);
    let value = text.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(value.get(1..)?.split(quote).next()?.to_ascii_lowercase())
}

/// Turns UTF-16 or ISO-8859-1 into UTF-8.
struct Decoder<R> {
    inner: R,
    encoding: Encoding,
    out: Vec<u8>,
    taken: usize,
    high: Option<u16>,
}

impl<R: Read> Decoder<R> {
    fn new(inner: R, encoding: Encoding) -> Self {
        Self { inner, encoding, out: Vec::new(), taken: 0, high: None }
    }

    fn refill(&mut self) -> io::Result<()> {
        self.out.clear();
        self.taken = 0;
        let mut raw = Vec::with_capacity(BUFFER);
        self.inner.by_ref().take(BUFFER as u64).read_to_end(&mut raw)?;
        let mut keep = |c: char| self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        if self.encoding == Encoding::Latin1 {
            raw.iter().for_each(|byte| keep(char::from(*byte)));
            return Ok(());
        }
        for pair in raw.chunks(2) {
            let [first, second] = *pair else {
                keep(char::REPLACEMENT_CHARACTER);
                continue;
            };
            let unit = match self.encoding {
                Encoding::Utf16Be => u16::from_be_bytes([first, second]),
                Encoding::Utf16Le | Encoding::Utf8 | Encoding::Latin1 => u16::from_le_bytes([first, second]),
            };
            let is_high = (0xD800..0xDC00).contains(&unit);
            let units = match self.high.take() {
                None if is_high => {
                    self.high = Some(unit);
                    continue;
                }
                None => [unit].to_vec(),
                Some(high) => [high, unit].to_vec(),
            };
            char::decode_utf16(units).for_each(|c| keep(c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.taken >= self.out.len() {
            self.refill()?;
        }
        let left = self.out.get(self.taken..).unwrap_or_default();
        let count = left.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), left.get(..count)) {
            to.copy_from_slice(from);
        }
        self.taken += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> String {
        let mut streamed = String::new();
        Input::of_stream(bytes).unwrap().into_reader().read_to_string(&mut streamed).unwrap();
        let at_once = Input::of_bytes(bytes).unwrap().into_bytes().unwrap().into_owned();
        assert_eq!(streamed.as_bytes(), at_once, "both ways read the same");
        streamed
    }

    #[test]
    fn utf_8_utf_16_and_latin_1_are_read() {
        let words = "<?xml version='1.0'?><a>größer 🦀</a>";
        assert_eq!(text(words.as_bytes()), words);
        assert_eq!(text(&[b"\xEF\xBB\xBF", words.as_bytes()].concat()), words);
        let little: Vec<u8> =
            std::iter::once(0xFEFF).chain(words.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> =
            std::iter::once(0xFEFF).chain(words.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        assert_eq!(text(&little), words);
        assert_eq!(text(&big), words);
        assert_eq!(
            text(b"<?xml version='1.0' encoding='ISO-8859-1'?><a>gr\xF6\xDFer</a>")
                .split_once("?>")
                .unwrap()
                .1,
            "<a>größer</a>"
        );
    }

    #[test]
    fn more_than_the_head_is_read_in_order() {
        let long: String = (0..40_000).map(|n| format!("{n},")).collect();
        assert_eq!(text(long.as_bytes()), long);
        let wide: Vec<u8> =
            std::iter::once(0xFEFF).chain(long.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&wide), long);
    }

    #[test]
    fn a_read_that_is_interrupted_is_read_again() {
        struct Interrupted<'a>(&'a [u8], bool);
        impl Read for Interrupted<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.1 = !self.1;
                if self.1 { Err(io::ErrorKind::Interrupted.into()) } else { self.0.read(buffer) }
            }
        }
        let long = [b'x'; 3 * HEAD];
        let mut reader = Input::of_stream(Interrupted(&long, false)).unwrap().into_reader();
        let mut read = 0;
        while let piece @ 1.. = reader.fill_buf().unwrap().len() {
            reader.consume(piece);
            read += piece;
        }
        assert_eq!(read, long.len());
    }

    #[test]
    fn other_encodings_are_refused_by_name() {
        let refused = |bytes: &[u8]| Input::of_bytes(bytes).err().map(|error| error.to_string()).unwrap();
        insta::assert_snapshot!(refused(b"<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><a/>"), @"the file declares the encoding `shift_jis`; UTF-8 is read, at `/`");
        insta::assert_snapshot!(refused(&[0xFF, 0xFE, 0, 0, b'a', 0, 0, 0]), @"the file is in UTF-32; UTF-8 is read, at `/`");
    }

    #[test]
    fn what_never_ends_is_not_kept() {
        let endless = io::repeat(b' ');
        let error = Input::of_stream(endless).unwrap().into_bytes().unwrap_err();
        insta::assert_snapshot!(error, @"the file is larger than 128 MiB, and this format is read as a whole, at `/`");
    }
}
