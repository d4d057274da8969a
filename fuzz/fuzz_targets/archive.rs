//! An artifact: a ZIP from outside, read with a policy that takes every file for a report and for a note.
//!
//! Must hold: nothing panics; what is read is bounded by what is packed; a path stays inside the archive; a report that was read was read to its
//! end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::gates::archive::{Archive, MAX_RATIO, MAX_REPORTS};
use shared::gates::policy::{Globs, Policy};
use std::io::Cursor;
use std::sync::LazyLock;

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let text = "version: 1\nsources: {all: {path: \"**/*\"}}\n\
                conditions: [{id: a, source: all, metric: tests.failed, operator: \"<=\", fail: 0}]";
    Policy::parse(text).expect("the policy is good")
});
static ALL: LazyLock<Globs> =
    LazyLock::new(|| Globs::new(vec!["**/*".to_owned()]).expect("the glob is good"));
/// What may be unpacked of a small file whatever its ratio.
const FREE: u64 = 1024 * 1024;

fuzz_target!(|bytes: &[u8]| {
    let open = || Archive::open("Build", Cursor::new(bytes));
    let Ok(mut archive) = open() else { return };
    if let Ok(reports) = archive.reports(&POLICY) {
        assert!(reports.len() <= MAX_REPORTS);
        for report in reports {
            assert!(!report.path.split('/').any(|part| part == "..") && !report.path.starts_with('/'));
            if report.read.is_ok() {
                assert!(report.size <= FREE.max(bytes.len() as u64 * MAX_RATIO));
                assert_eq!(report.sha256.len(), 64);
            }
        }
    }
    if let Ok(notes) = open().and_then(|mut archive| archive.notes(&ALL)) {
        assert!(notes.iter().all(|note| note.bytes.len() <= 256 * 1024));
    }
});
