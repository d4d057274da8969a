//! Reports out of an input artifact: a ZIP from outside, with limits on entries, sizes and ratio, each file read as a stream.
//!
//! Only files that the policy names are unpacked. Must not: keep a report in memory that its format reads as a stream.

use super::evidence::Report;
use super::gather::hexadecimal;
use super::policy::{From, Globs, Policy};
use super::ranges::{Sparse, SparseReader, gap};
use crate::errors::Rejection;
use crate::model::Timestamp;
use crate::reports::{Input, Problem, ReportError, read};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::{self, Read, Seek};
use std::ops::Range;
use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

/// Most entries looked at.
pub const MAX_ENTRIES: usize = 100_000;
/// Most bytes unpacked from one file.
pub const MAX_FILE: u64 = 4 * 1024 * 1024 * 1024;
/// Most bytes unpacked from one artifact.
pub const MAX_TOTAL: u64 = 8 * 1024 * 1024 * 1024;
/// Highest ratio of unpacked to packed size above `FREE`; honest JUnit files reach 29 to 1.
pub const MAX_RATIO: u64 = 200;
/// Unpacked bytes below which no ratio is asked for.
const FREE: u64 = 1024 * 1024;
/// Most bytes of a file that names something: a policy, an image, a task.
const MAX_NOTE: u64 = 256 * 1024;
/// Bytes of a local header before the name (APPNOTE 4.3.7).
const LOCAL_HEADER: u64 = 30;
/// Most reports of one artifact.
pub const MAX_REPORTS: usize = 5_000;

/// A small file that names something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Path in the artifact.
    pub path: String,
    /// Contents.
    pub bytes: Vec<u8>,
}

/// An artifact, opened.
pub struct Archive<'n, R> {
    name: &'n str,
    zip: ZipArchive<R>,
}

/// Why an artifact of which only pieces are at hand cannot be opened.
#[derive(Debug)]
pub enum Unopened {
    /// Bytes of its directory are missing.
    Lacks(Range<u64>),
    /// It never can be.
    Refused(Rejection),
}

impl<'n, 's> Archive<'n, SparseReader<'s>> {
    /// Opens the artifact `name` of which only pieces are at hand.
    ///
    /// # Errors
    /// As far as it is known yet.
    pub fn of_pieces(name: &'n str, pieces: &'s Sparse) -> Result<Self, Unopened> {
        match ZipArchive::new(pieces.reader()) {
            Ok(zip) => Self::of(name, zip).map_err(Unopened::Refused),
            Err(error) => Err(match &error {
                ZipError::Io(inner) if let Some(range) = gap(inner) => Unopened::Lacks(range),
                _ => Unopened::Refused(not_a_zip(name, &error)),
            }),
        }
    }
}

impl<'n, R: Read + Seek> Archive<'n, R> {
    /// Opens the artifact `name`.
    ///
    /// # Errors
    /// When it is no ZIP, or has too many entries.
    pub fn open(name: &'n str, zip: R) -> Result<Self, Rejection> {
        let zip = ZipArchive::new(zip).map_err(|error| not_a_zip(name, &error))?;
        Self::of(name, zip)
    }

    fn of(name: &'n str, zip: ZipArchive<R>) -> Result<Self, Rejection> {
        if zip.len() > MAX_ENTRIES {
            let words =
                format!("artifact `{name}` has {} entries, at most {MAX_ENTRIES} are read", zip.len());
            return Err(Rejection::new(words));
        }
        Ok(Self { name, zip })
    }

    /// Where the files are that are `wanted`, with their headers, as far as the directory knows: what is to be at hand before they are read.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn places(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<Range<u64>>, Rejection> {
        let directory = self.zip.central_directory_start();
        let entry = |index: usize| {
            let entry = self.zip.by_index_data(index).map_err(|error| not_a_zip(self.name, &error))?;
            Ok((entry.header_start(), entry.compressed_size(), entry.name_raw().len() as u64))
        };
        let entries: Vec<(u64, u64, u64)> =
            (0..self.zip.len()).map(entry).collect::<Result<_, Rejection>>()?;
        let starts: BTreeSet<u64> = entries.iter().map(|(start, ..)| *start).collect();
        let place = |index: usize| {
            let (start, packed, name) = *entries.get(index)?;
            // Up to the next one: what the local header holds beside the name is known only there.
            let next = starts.range(start + 1..).next().copied().unwrap_or(directory);
            Some(start..next.max(start.saturating_add(LOCAL_HEADER + name).saturating_add(packed)))
        };
        Ok(self.chosen(wanted).into_iter().filter_map(place).collect())
    }

    /// The files that some of `globs` fits, for what they name.
    ///
    /// # Errors
    /// When one is unreadable or too large, with its name.
    pub fn notes(&mut self, globs: &Globs) -> Result<Vec<Note>, Rejection> {
        let mut notes = Vec::new();
        for index in self.chosen(|path| globs.fit(path)) {
            let name = self.name;
            let (path, mut entry) = self.entry(index)?;
            let mut bytes = Vec::new();
            let size = (&mut entry).take(MAX_NOTE + 1).read_to_end(&mut bytes);
            let size =
                size.map_err(|error| Rejection::new(format!("`{path}` in artifact `{name}`: {error}")))?;
            if size as u64 > MAX_NOTE {
                return Err(Rejection::new(format!(
                    "`{path}` in artifact `{name}` is larger than {MAX_NOTE} bytes"
                )));
            }
            notes.push(Note { path, bytes });
        }
        Ok(notes)
    }

    /// The reports that some source of `policy` names, in the order of the archive. One that is unreadable is a report that is no evidence.
    ///
    /// # Errors
    /// When there are too many, or too much is to be unpacked.
    pub fn reports(&mut self, policy: &Policy) -> Result<Vec<Report>, Rejection> {
        let sources =
            || policy.sources.values().filter(|source| matches!(source.from(), Some(From::Files(_))));
        let chosen = self.chosen(|path| sources().any(|source| source.names(path)));
        if chosen.len() > MAX_REPORTS {
            let words = format!(
                "{} files of artifact `{}` are reports, at most {MAX_REPORTS} are read",
                chosen.len(),
                self.name
            );
            return Err(Rejection::new(words));
        }
        let mut left = MAX_TOTAL;
        let mut reports = Vec::new();
        for index in chosen {
            let report = self.report(index, left)?;
            left = left.saturating_sub(report.size);
            reports.push(report);
        }
        Ok(reports)
    }

    fn report(&mut self, index: usize, left: u64) -> Result<Report, Rejection> {
        let artifact = self.name.to_owned();
        let (path, entry) = self.entry(index)?;
        let modified = modified(&entry);
        let packed = entry.compressed_size();
        let limit = left.min(MAX_FILE).min(packed.saturating_mul(MAX_RATIO).max(FREE));
        let mut meter =
            Meter { inner: entry, hash: Sha256::new(), size: 0, limit, is_over: false, has_ended: false };
        let read = Input::of_stream(&mut meter).and_then(read);
        let read = if meter.is_over { Err(too_large(limit, packed)) } else { read };
        let sha256 = if meter.has_ended { hexadecimal(&meter.hash.finalize()) } else { String::new() };
        Ok(Report { artifact, path, asked_for: None, size: meter.size, sha256, modified, read })
    }

    /// Indices of the files whose path inside the archive is wanted. Paths that leave the archive are none.
    fn chosen(&self, wanted: impl Fn(&str) -> bool) -> Vec<usize> {
        let name = |index: usize| {
            let name = self.zip.name_for_index(index)?;
            safe(&name.ok()?).filter(|path| wanted(path)).map(|_| index)
        };
        (0..self.zip.len()).filter_map(name).collect()
    }

    fn entry(&mut self, index: usize) -> Result<(String, ZipFile<'_, R>), Rejection> {
        let name = self.name;
        let entry = self.zip.by_index(index);
        let entry =
            entry.map_err(|error| Rejection::new(format!("entry {index} of artifact `{name}`: {error}")))?;
        let path = entry.name().ok().and_then(|name| safe(&name)).unwrap_or_default();
        if entry.is_symlink() {
            return Err(Rejection::new(format!("`{path}` in artifact `{name}` is a symbolic link")));
        }
        Ok((path, entry))
    }
}

fn not_a_zip(name: &str, error: &ZipError) -> Rejection {
    Rejection::new(format!("artifact `{name}` is not a zip: {error}"))
}

/// A path that stays inside, with `/` between its parts; none of a folder.
fn safe(name: &str) -> Option<String> {
    let name = name.replace('\\', "/");
    let is_inside = !name.starts_with('/')
        && !name.ends_with('/')
        && !name.contains('\0')
        && name.split('/').all(|part| part != ".." && !part.ends_with(':'));
    is_inside.then(|| name.trim_start_matches("./").to_owned())
}

/// ZIP dates have no zone; build containers run in UTC.
fn modified<R: Read>(entry: &ZipFile<'_, R>) -> Option<Timestamp> {
    let date = entry.last_modified()?;
    let text = format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        date.year(),
        date.month(),
        date.day(),
        date.hour(),
        date.minute(),
        date.second().min(59)
    );
    // 1980 is what archivers write when they know none.
    text.parse().ok().filter(|_| date.year() > 1980)
}

fn too_large(limit: u64, packed: u64) -> ReportError {
    ReportError::new(
        Problem::TooLarge,
        "/",
        format!("it unpacks to more than {limit} bytes (packed: {packed})"),
    )
}

/// Counts and hashes what goes by, and ends it at a limit.
struct Meter<R> {
    inner: R,
    hash: Sha256,
    size: u64,
    limit: u64,
    is_over: bool,
    has_ended: bool,
}

impl<R: Read> Read for Meter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.has_ended |= count == 0 && !buffer.is_empty();
        self.size += count as u64;
        if self.size > self.limit {
            self.is_over = true;
            return Err(io::Error::other("it unpacks to too many bytes"));
        }
        self.hash.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    const JUNIT: &[u8] = b"<testsuite><testcase name='a'/></testsuite>";

    fn policy() -> Policy {
        Policy::parse("version: 1\nsources: {u: {path: \"**/junit.xml\"}}\nconditions: [{id: a, source: u, metric: tests.failed, operator: \"<=\", fail: 0}]").unwrap()
    }

    fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap().into_inner()
    }

    fn reports(zip: &[u8]) -> Result<Vec<Report>, Rejection> {
        Archive::open("Build", Cursor::new(zip))?.reports(&policy())
    }

    #[test]
    fn only_named_files_are_unpacked_and_none_that_leaves_the_archive() {
        let report = reports(&zipped("./r/junit.xml", JUNIT)).unwrap().remove(0);
        assert_eq!((report.full_path().as_str(), report.size), ("Build/r/junit.xml", JUNIT.len() as u64));
        assert!(report.read.is_ok() && report.sha256.len() == 64);
        for name in [
            "r/other.bin",
            "../junit.xml",
            "a/../../junit.xml",
            "/junit.xml",
            "C:\\junit.xml",
            "r\\..\\junit.xml",
        ] {
            assert!(reports(&zipped(name, JUNIT)).unwrap().is_empty(), "{name}");
        }
    }

    #[test]
    fn a_bomb_is_no_evidence_and_a_broken_archive_is_refused_by_name() {
        let bomb = [
            b"<testsuite>".to_vec(),
            format!("<testcase name='{}'/>", "a".repeat(8_000)).repeat(4_000).into_bytes(),
        ]
        .concat();
        let report = reports(&zipped("junit.xml", &bomb)).unwrap().remove(0);
        let error = report.read.unwrap_err().to_string();
        assert!(
            error.starts_with("it unpacks to more than ") && error.contains("(packed: "),
            "{} {error}",
            report.size
        );
        assert_eq!(report.sha256, "");
        insta::assert_snapshot!(reports(b"PK").unwrap_err(), @"artifact `Build` is not a zip: invalid Zip archive: Could not find EOCD");
    }

    #[test]
    fn more_entries_than_are_looked_at_are_refused() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for number in 0..=MAX_ENTRIES {
            writer.start_file(number.to_string(), stored).unwrap();
        }
        let zip = writer.finish().unwrap().into_inner();
        insta::assert_snapshot!(reports(&zip).unwrap_err(), @"artifact `Build` has 100001 entries, at most 100000 are read");
    }

    #[test]
    fn a_name_however_long_or_strange_is_a_name() {
        for name in ["a/".repeat(5_000), "\u{202e}lmx".to_owned(), "a\n\u{1b}[2J".to_owned()] {
            let report = reports(&zipped(&format!("{name}/junit.xml"), JUNIT)).unwrap().remove(0);
            assert!(report.read.is_ok() && report.path.ends_with("junit.xml"));
        }
    }

    #[test]
    fn what_names_something_is_small() {
        let globs = Globs::new(vec!["**/imageDetail.json".to_owned()]).unwrap();
        let read = |bytes: &[u8]| {
            let zip = zipped("out/imageDetail.json", bytes);
            Archive::open("Build", Cursor::new(zip)).unwrap().notes(&globs)
        };
        assert_eq!(
            read(b"{}").unwrap(),
            [Note { path: "out/imageDetail.json".to_owned(), bytes: b"{}".to_vec() }]
        );
        insta::assert_snapshot!(read(&vec![b' '; 300_000]).unwrap_err(), @"`out/imageDetail.json` in artifact `Build` is larger than 262144 bytes");
    }
}
