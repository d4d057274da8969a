//! How little of a large artifact is read.

use super::*;
use crate::errors::Fault;
use crate::gates::policy::Policy;
use crate::gates::ports::Tail;
use std::cell::{Cell, RefCell};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const JUNIT: &[u8] = b"<testsuite><testcase name='a'/></testsuite>";

/// One object, and what was read of it.
#[derive(Default)]
struct Bucket {
    object: Vec<u8>,
    requests: RefCell<Vec<Range<u64>>>,
    changed: Cell<bool>,
}

impl Artifacts for Bucket {
    async fn tail(&self, _: &Artifact, _: Option<&Credentials>, most: u64) -> Result<Tail, Fault> {
        let length = self.object.len() as u64;
        let start = length.saturating_sub(most);
        self.requests.borrow_mut().push(start..length);
        let bytes = self.object[usize::try_from(start).unwrap()..].to_vec();
        Ok(Tail { length, version: "v1".to_owned(), bytes })
    }

    async fn range(
        &self,
        _: &Artifact,
        _: Option<&Credentials>,
        version: &str,
        range: &Range<u64>,
    ) -> Result<Vec<u8>, Fault> {
        assert_eq!(version, "v1");
        if self.changed.get() {
            return Err(Fault::Transient {
                service: "S3",
                operation: "GetObject",
                detail: "changed".to_owned(),
            });
        }
        self.requests.borrow_mut().push(range.clone());
        let index = |at: u64| usize::try_from(at).unwrap();
        Ok(self.object[index(range.start)..index(range.end)].to_vec())
    }
}

fn artifact() -> Artifact {
    Artifact { name: "Build".to_owned(), bucket: "b".to_owned(), key: "k".to_owned() }
}

/// Bytes that no compression makes smaller.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..count).map(|_| next()).collect()
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        // What is not a report is stored: the test is about bytes that are not read.
        let method =
            if bytes.len() > 1_000 { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn policy() -> Policy {
    Policy::parse("version: 1\nsources: {u: {path: \"**/junit*.xml\"}}\nconditions: [{id: a, source: u, metric: tests.failed, operator: \"<=\", fail: 0}]").unwrap()
}

/// How many reports are read, or why none is.
async fn read(bucket: &Bucket) -> Result<usize, String> {
    let (artifact, policy) = (artifact(), policy());
    let fetcher = Fetcher { artifacts: bucket, credentials: None };
    let words = |error: GateError| error.to_string();
    let mut opened = fetcher.open(&artifact).await.map_err(words)?;
    let wanted = |path: &str| policy.sources.values().any(|source| source.names(path));
    fetcher.files(&mut opened, wanted).await.map_err(words)?;
    let reports = opened.archive().map_err(words)?.reports(&policy).map_err(|error| error.to_string())?;
    assert!(reports.iter().all(|report| report.read.is_ok()), "{reports:?}");
    Ok(reports.len())
}

fn bytes_read(bucket: &Bucket) -> u64 {
    bucket.requests.borrow().iter().map(|range| range.end - range.start).sum()
}

#[tokio::test]
async fn of_fifty_megabytes_only_the_directory_and_the_reports_are_read() {
    let junk = noise(10_000_000);
    let files = [
        ("bin/a", &junk[..]),
        ("r/junit-1.xml", JUNIT),
        ("bin/b", &junk[..]),
        ("bin/c", &junk[..]),
        ("r/junit-2.xml", JUNIT),
        ("r/junit-3.xml", JUNIT),
        ("bin/d", &junk[..]),
        ("bin/e", &junk[..]),
    ];
    let bucket = Bucket { object: zipped(&files), ..Bucket::default() };
    assert!(bucket.object.len() > 50_000_000);
    assert_eq!(read(&bucket).await.unwrap(), 3);
    assert_eq!(bucket.requests.borrow().len(), 3, "the end, one report, and two that are neighbours");
    assert!(bytes_read(&bucket) < TAIL + 1_000, "{} bytes", bytes_read(&bucket));
}

#[tokio::test]
async fn a_small_artifact_is_one_request() {
    let bucket =
        Bucket { object: zipped(&[("junit.xml", JUNIT), ("bin/a", &noise(4_000_000))]), ..Bucket::default() };
    assert_eq!(read(&bucket).await.unwrap(), 1);
    assert_eq!(bucket.requests.borrow().len(), 1);
}

#[tokio::test]
async fn a_directory_larger_than_the_end_is_fetched_too() {
    let names: Vec<String> = (0..18_000).map(|index| format!("folder/{index}-{}", "n".repeat(200))).collect();
    let mut files: Vec<(&str, &[u8])> = vec![("junit.xml", JUNIT)];
    files.extend(names.iter().map(|name| (name.as_str(), &b""[..])));
    let bucket = Bucket { object: zipped(&files), ..Bucket::default() };
    assert_eq!(read(&bucket).await.unwrap(), 1);
    assert_eq!(bucket.requests.borrow().len(), 3);
}

#[tokio::test]
async fn an_object_that_is_changed_while_it_is_read_may_be_tried_again() {
    let junk = noise(10_000_000);
    let bucket = Bucket { object: zipped(&[("junit.xml", JUNIT), ("bin/a", &junk)]), ..Bucket::default() };
    bucket.changed.set(true);
    insta::assert_snapshot!(read(&bucket).await.unwrap_err(), @"artifact `Build` cannot be read: S3 could not answer `GetObject` now: changed");
}

#[tokio::test]
async fn what_is_no_zip_is_refused_after_two_looks() {
    let bucket = Bucket { object: noise(9_000_000), ..Bucket::default() };
    let words = read(&bucket).await.unwrap_err();
    insta::assert_snapshot!(words, @"artifact `Build` is not a zip: invalid Zip archive: Could not find EOCD");
    assert!(bucket.requests.borrow().len() <= 2);
    insta::assert_snapshot!(read(&Bucket::default()).await.unwrap_err(), @"artifact `Build` is not a zip: invalid Zip archive: Could not find EOCD");
}
