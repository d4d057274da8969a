//! Reports out of an input artifact: a ZIP from outside, with limits on entries, sizes and ratio.
//!
//! Only files that a source of the policy names are unpacked.

use super::policy::Policy;
use crate::errors::Rejection;
use std::io::{Cursor, Read};
use zip::ZipArchive;

/// Most entries looked at.
pub const MAX_ENTRIES: usize = 100_000;
/// Most bytes unpacked from one file.
pub const MAX_FILE: u64 = 256 * 1024 * 1024;
/// Most bytes unpacked from one artifact.
pub const MAX_TOTAL: u64 = 512 * 1024 * 1024;
/// Highest ratio of unpacked to packed size; honest JUnit files reach 29 to 1.
pub const MAX_RATIO: u64 = 200;

/// A file of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// `<artifact>/<path>`.
    pub path: String,
    /// Contents.
    pub bytes: Vec<u8>,
}

/// The files of `zip` that some source of `policy` names, in the order of the archive.
///
/// # Errors
/// When the archive is unreadable or beyond a limit, with the entry's name.
pub fn reports(artifact: &str, zip: &[u8], policy: &Policy) -> Result<Vec<File>, Rejection> {
    let matchers: Vec<_> = policy.sources.values().filter_map(super::policy::Source::matcher).collect();
    let mut archive = ZipArchive::new(Cursor::new(zip))
        .map_err(|error| Rejection::new(format!("artifact `{artifact}` is not a zip: {error}")))?;
    if archive.len() > MAX_ENTRIES {
        return Err(Rejection::new(format!(
            "artifact `{artifact}` has {} entries, at most {MAX_ENTRIES} are read",
            archive.len()
        )));
    }
    let mut files = Vec::new();
    let mut total = 0;
    for index in 0..archive.len() {
        let mut entry = archive
            .by_index(index)
            .map_err(|error| Rejection::new(format!("entry {index} of artifact `{artifact}`: {error}")))?;
        let Some(name) = entry.enclosed_name().map(|name| name.to_string_lossy().into_owned()) else {
            continue;
        };
        if entry.is_dir() || entry.is_symlink() || !matchers.iter().any(|matcher| matcher.is_match(&name)) {
            continue;
        }
        let packed = entry.compressed_size().max(1);
        let limit = MAX_FILE.min(MAX_TOTAL.saturating_sub(total)).min(packed.saturating_mul(MAX_RATIO));
        let mut bytes = Vec::new();
        let size = (&mut entry).take(limit + 1).read_to_end(&mut bytes);
        let size = size
            .map_err(|error| Rejection::new(format!("`{name}` in artifact `{artifact}`: {error}")))?
            as u64;
        if size > limit {
            return Err(Rejection::new(format!(
                "`{name}` in artifact `{artifact}` unpacks to more than {limit} bytes (packed: {packed})"
            )));
        }
        total += size;
        files.push(File { path: format!("{artifact}/{name}"), bytes });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn policy() -> Policy {
        Policy::parse("version: 1\nsources: {u: {path: \"**/junit.xml\"}}\nconditions: [{id: a, source: u, metric: tests.failed, operator: \"<=\", fail: 0}]").unwrap()
    }

    fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn only_named_files_are_unpacked_and_none_that_leaves_the_archive() {
        assert_eq!(
            reports("Build", &zipped("r/junit.xml", b"x"), &policy()).unwrap()[0].path,
            "Build/r/junit.xml"
        );
        assert!(reports("Build", &zipped("r/other.bin", b"x"), &policy()).unwrap().is_empty());
        assert!(reports("Build", &zipped("../junit.xml", b"x"), &policy()).unwrap().is_empty());
    }

    #[test]
    fn a_bomb_and_a_broken_archive_are_refused_by_name() {
        let bomb = zipped("junit.xml", &vec![b'a'; 30_000_000]);
        assert!(
            reports("Build", &bomb, &policy())
                .unwrap_err()
                .to_string()
                .starts_with("`junit.xml` in artifact `Build` unpacks to more than")
        );
        assert!(reports("Build", b"PK", &policy()).is_err());
    }
}
