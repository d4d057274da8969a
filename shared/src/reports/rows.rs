//! Shared by the formats that are tables: rows of bytes, split by `csv-core`, in one buffer that is used again.
//!
//! `csv-core` and not `csv`: a quote that is never closed makes the rest of the file one field, and `csv` would keep all of it. A row that the file
//! ends in the middle of, or without a line break, is cut: every tool read here ends its last row as it ends the others. Must not: know a format.

use super::ReportError;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use std::io::BufRead;

/// Longest row, in bytes.
const MAX_ROW: usize = 1024 * 1024;
/// Most fields of a row.
const MAX_FIELDS: usize = 4_096;

/// The rows of a table.
pub(crate) struct Rows<R> {
    source: R,
    core: Reader,
    fields: Vec<u8>,
    ends: Vec<usize>,
    count: u64,
}

/// One row.
#[derive(Clone, Copy)]
pub(crate) struct Row<'r> {
    fields: &'r [u8],
    ends: &'r [usize],
    /// Its number, from 1; blank lines are not counted.
    pub(crate) number: u64,
}

impl<R: BufRead> Rows<R> {
    /// Rows with fields in double quotes where they need it (RFC 4180).
    pub(crate) fn quoted(source: R, delimiter: u8) -> Self {
        Self::new(source, ReaderBuilder::new().delimiter(delimiter).build())
    }

    /// Rows in which a quote is a character like any other.
    pub(crate) fn plain(source: R, delimiter: u8) -> Self {
        Self::new(source, ReaderBuilder::new().delimiter(delimiter).quoting(false).build())
    }

    fn new(source: R, core: Reader) -> Self {
        Self { source, core, fields: vec![0; 4_096], ends: vec![0; 64], count: 0 }
    }

    /// The next row; none behind the last.
    ///
    /// # Errors
    /// When the row is cut, longer than is taken, or cannot be read.
    pub(crate) fn next(&mut self) -> Result<Option<Row<'_>>, ReportError> {
        let (mut filled, mut ended) = (0, 0);
        loop {
            let piece = self.source.fill_buf().map_err(|error| super::input::unreadable(&error))?;
            let is_over = piece.is_empty();
            let (fields, ends) = (self.fields.get_mut(filled..), self.ends.get_mut(ended..));
            let (result, taken, wrote, closed) =
                self.core.read_record(piece, fields.unwrap_or_default(), ends.unwrap_or_default());
            self.source.consume(taken);
            (filled, ended) = (filled + wrote, ended + closed);
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.grow(MAX_ROW)?,
                ReadRecordResult::OutputEndsFull => self.grow_ends()?,
                ReadRecordResult::End => return Ok(None),
                ReadRecordResult::Record => {
                    self.count += 1;
                    if is_over {
                        return Err(ReportError::truncated(
                            format!("row {}", self.count),
                            "the last row does not end with a line break: the file is truncated",
                        ));
                    }
                    return Ok(Some(Row {
                        fields: self.fields.get(..filled).unwrap_or_default(),
                        ends: self.ends.get(..ended).unwrap_or_default(),
                        number: self.count,
                    }));
                }
            }
        }
    }

    fn grow(&mut self, most: usize) -> Result<(), ReportError> {
        if self.fields.len() >= most {
            let at = format!("row {}", self.count + 1);
            return Err(ReportError::at(
                at,
                format!("the row is longer than {most} bytes: a quote may never be closed"),
            ));
        }
        self.fields.resize(self.fields.len() * 2, 0);
        Ok(())
    }

    fn grow_ends(&mut self) -> Result<(), ReportError> {
        if self.ends.len() >= MAX_FIELDS {
            let at = format!("row {}", self.count + 1);
            return Err(ReportError::at(at, format!("the row has more than {MAX_FIELDS} fields")));
        }
        self.ends.resize(self.ends.len() * 2, 0);
        Ok(())
    }
}

impl<'r> Row<'r> {
    /// How many fields it has.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The field of this index, without blanks around it.
    pub(crate) fn field(&self, index: usize) -> Option<&'r [u8]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.fields.get(start..end).map(<[u8]>::trim_ascii)
    }

    /// Every field.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &'r [u8]> {
        (0..self.len()).filter_map(|index| self.field(index))
    }

    /// Where it stands, for errors.
    pub(crate) fn path(&self) -> String {
        format!("row {}", self.number)
    }
}

/// A whole number in decimal digits.
pub(crate) fn number(text: &[u8]) -> Option<u64> {
    let enough = (1..=19).contains(&text.len());
    let digits = text.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| sum.wrapping_mul(10).wrapping_add(u64::from(digit)))
    });
    digits.filter(|_| enough)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8], delimiter: u8) -> Result<Vec<Vec<String>>, ReportError> {
        let mut rows = Rows::quoted(text, delimiter);
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(row.fields().map(|field| String::from_utf8_lossy(field).into_owned()).collect());
        }
        Ok(all)
    }

    #[test]
    fn quotes_line_breaks_and_windows_line_ends_are_understood() {
        let rows = read(b"a,\"b\"\"c\nd\", e \r\n\r\n1,2,\r\n", b',').unwrap();
        assert_eq!(rows, [["a", "b\"c\nd", "e"], ["1", "2", ""]]);
        assert_eq!(read(b"a;b\n", b';').unwrap(), [["a", "b"]]);
    }

    #[test]
    fn a_row_that_is_cut_is_an_error() {
        insta::assert_snapshot!(read(b"a,b\nc,d", b',').unwrap_err(), @"the last row does not end with a line break: the file is truncated, at `row 2`");
        insta::assert_snapshot!(read(b"a,b\nc,\"d\ne\n", b',').unwrap_err(), @"the last row does not end with a line break: the file is truncated, at `row 2`");
    }

    #[test]
    fn a_row_that_never_ends_is_not_kept() {
        let long = [b"a,\"".to_vec(), vec![b'x'; 2 * MAX_ROW]].concat();
        insta::assert_snapshot!(read(&long, b',').unwrap_err(), @"the row is longer than 1048576 bytes: a quote may never be closed, at `row 1`");
        insta::assert_snapshot!(read(&vec![b','; 2 * MAX_FIELDS], b',').unwrap_err(), @"the row has more than 4096 fields, at `row 1`");
    }

    #[test]
    fn only_digits_are_a_number() {
        assert_eq!(number(b"1795488666930"), Some(1_795_488_666_930));
        for none in [b"".as_slice(), b"-1", b"1.5", b"12345678901234567890", b"1e3"] {
            assert_eq!(number(none), None);
        }
    }
}
