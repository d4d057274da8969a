//! From GitHub's zipball to a source archive: re-rooted, checked, and the same bytes for the same tree.
//!
//! GitHub puts everything under `<owner>-<name>-<sha>/`; CodePipeline and CodeBuild want the buildspec at the root.
//! Names, content, links and the executable bit are those of `git archive`. Must not: write a name that leaves the archive, absolute, with
//! `..`, or through a link; or a link that leads out of it.
//! Specification: <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>

mod links;

use crate::errors::Rejection;
use links::Leads;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipArchive, ZipWriter};

/// Largest unpacked size of all files together, in bytes.
const MAX_UNPACKED: u64 = 512 << 20;
/// Longest target of a symbolic link, in bytes (`PATH_MAX` of Linux).
const MAX_TARGET: u64 = 4096;

/// A source archive ready to be published.
pub struct SourceArchive {
    /// The zip.
    pub bytes: Vec<u8>,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// Files and links in it.
    pub files: usize,
}

/// Puts the content of the one top folder of `zipball` at the root of a new zip: entries in the order of their names,
/// all of 1980-01-01, permissions kept as 755 or 644, links kept.
///
/// # Errors
/// With the entry's name when it cannot be taken over safely.
pub fn reroot(zipball: &[u8]) -> Result<SourceArchive, Rejection> {
    let mut archive = ZipArchive::new(Cursor::new(zipball)).map_err(|error| unreadable(&error))?;
    let names = listing(&mut archive)?;
    let links = targets(&mut archive, &names)?;
    if names.is_empty() {
        return Err(Rejection::new("the source archive holds 0 files, at least 1 is needed"));
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::with_capacity(zipball.len())));
    let mut room = MAX_UNPACKED;
    for (name, place) in &names {
        match links.get(name) {
            Some(target) => writer
                .add_symlink(name, target, options().unix_permissions(0o777))
                .map_err(|error| unreadable(&error))?,
            None => room = copy(&mut archive, &mut writer, name, *place, room)?,
        }
    }
    let bytes = writer.finish().map_err(|error| unreadable(&error))?.into_inner();
    let sha256 = Sha256::digest(&bytes).into();
    Ok(SourceArchive { bytes, sha256, files: names.len() })
}

/// Where an entry is, and whether it is a link.
#[derive(Clone, Copy)]
struct Place {
    index: usize,
    link: bool,
}

/// New name → place, for everything but folders.
fn listing(archive: &mut ZipArchive<Cursor<&[u8]>>) -> Result<BTreeMap<String, Place>, Rejection> {
    let mut names = BTreeMap::new();
    let mut top = None;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(|error| unreadable(&error))?;
        // Git writes names as they are, whatever the entry says of their encoding; another name would be another tree.
        let name = std::str::from_utf8(entry.name_raw())
            .map_err(|_| {
                refused(&entry.name_raw().escape_ascii().to_string(), "has a name that is not UTF-8")
            })?
            .to_owned();
        let inner = below_top(&name, &mut top)?;
        if entry.is_dir() {
            continue;
        }
        check_name(&name, inner)?;
        if names.insert(inner.to_owned(), Place { index, link: entry.is_symlink() }).is_some() {
            return Err(refused(&name, "appears twice"));
        }
    }
    if let Some(name) = names.keys().find(|name| parents(name).any(|parent| names.contains_key(parent))) {
        return Err(refused(name, "lies behind a file or a link"));
    }
    Ok(names)
}

fn below_top<'a>(name: &'a str, top: &mut Option<String>) -> Result<&'a str, Rejection> {
    let Some((first, inner)) = name.split_once('/') else {
        return Err(refused(name, "is not below the one top folder"));
    };
    if matches!(first, "" | "." | "..") {
        return Err(refused(name, "is absolute or would leave its folder"));
    }
    match top {
        Some(known) if known == first => Ok(inner),
        Some(known) => Err(refused(name, &format!("is not below the one top folder `{}`", shown(known)))),
        None => {
            *top = Some(first.to_owned());
            Ok(inner)
        }
    }
}

fn check_name(name: &str, inner: &str) -> Result<(), Rejection> {
    if name.contains(['\\', '\0']) {
        return Err(refused(name, "has a backslash or a NUL in its name"));
    }
    for part in inner.split('/') {
        match part {
            "" => return Err(refused(name, "is absolute or has an empty part in its name")),
            "." | ".." => return Err(refused(name, "would leave its folder")),
            _ => {}
        }
    }
    Ok(())
}

fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').filter_map(|(at, _)| name.get(..at))
}

/// The same for every entry, so that the same tree gives the same bytes.
fn options() -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::DEFAULT)
        .system(System::Unix)
}

/// Copies one file; returns how many of `room` bytes are left.
fn copy(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    writer: &mut ZipWriter<Cursor<Vec<u8>>>,
    name: &str,
    place: Place,
    room: u64,
) -> Result<u64, Rejection> {
    let mut entry = archive.by_index(place.index).map_err(|error| unreadable(&error))?;
    let executable = entry.unix_mode().is_some_and(|mode| mode & 0o100 != 0);
    let mode = if executable { 0o755 } else { 0o644 };
    writer.start_file(name, options().unix_permissions(mode)).map_err(|error| unreadable(&error))?;
    let copied = std::io::copy(&mut (&mut entry).take(room.saturating_add(1)), writer)
        .map_err(|error| unreadable(&error))?;
    room.checked_sub(copied).ok_or_else(|| {
        Rejection::new(format!("the source archive unpacks to more than {MAX_UNPACKED} bytes"))
    })
}

/// The target of every link, by name; all lead somewhere in the archive, by themselves and through each other.
fn targets(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    names: &BTreeMap<String, Place>,
) -> Result<BTreeMap<String, String>, Rejection> {
    let mut targets = BTreeMap::new();
    for (name, place) in names.iter().filter(|(_, place)| place.link) {
        let entry = archive.by_index(place.index).map_err(|error| unreadable(&error))?;
        targets.insert(name.clone(), link_target(name, entry)?);
    }
    for name in targets.keys() {
        match links::leads(&targets, name) {
            Leads::Inside => {}
            Leads::Outside => return Err(refused(name, "is a link that leaves the archive")),
            Leads::TooFar => return Err(refused(name, "is a link that leads through too many others")),
        }
    }
    Ok(targets)
}

/// A link's target, relative.
fn link_target(name: &str, entry: impl Read) -> Result<String, Rejection> {
    let mut target = Vec::new();
    entry.take(MAX_TARGET + 1).read_to_end(&mut target).map_err(|error| unreadable(&error))?;
    let target =
        String::from_utf8(target).map_err(|_| refused(name, "is a link to a name that is not UTF-8"))?;
    let too_long = u64::try_from(target.len()).map_or(true, |length| length > MAX_TARGET);
    let drive = matches!(target.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if target.is_empty() || too_long || drive || target.starts_with('/') || target.contains(['\\', '\0']) {
        return Err(refused(name, "is a link that is empty, too long or absolute"));
    }
    Ok(target)
}

fn refused(name: &str, why: &str) -> Rejection {
    Rejection::new(format!("the source archive is refused: `{}` {why}", shown(name)))
}

fn unreadable(error: &dyn std::error::Error) -> Rejection {
    Rejection::new(format!("the source archive cannot be read: {}", crate::errors::chain(error)))
}

/// A name from outside on one line, cut to 100 characters.
fn shown(name: &str) -> String {
    name.chars().take(100).map(|character| if character.is_control() { '?' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    enum Entry<'a> {
        File(&'a str, u32, &'a str),
        Folder(&'a str),
        Link(&'a str, &'a str),
    }
    use Entry::{File, Folder, Link};

    fn zip(entries: &[Entry<'_>]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let time = DateTime::from_date_and_time(2026, 1, 2, 3, 4, 6).unwrap();
        let options = SimpleFileOptions::default().last_modified_time(time);
        for entry in entries {
            match entry {
                File(name, mode, text) => {
                    writer.start_file(*name, options.unix_permissions(*mode)).unwrap();
                    writer.write_all(text.as_bytes()).unwrap();
                }
                Folder(name) => writer.add_directory(*name, options).unwrap(),
                Link(name, target) => writer.add_symlink(*name, *target, options).unwrap(),
            }
        }
        writer.finish().unwrap().into_inner()
    }

    fn refusal(entries: &[Entry<'_>]) -> String {
        reroot(&zip(entries)).err().map_or_else(|| "accepted".to_owned(), |error| error.to_string())
    }

    #[test]
    fn the_top_folder_is_taken_away_and_modes_times_and_order_are_fixed() {
        let made = reroot(&zip(&[
            Folder("acme-shop-4d1b/"),
            File("acme-shop-4d1b/run.sh", 0o775, "#!/bin/sh\n"),
            Folder("acme-shop-4d1b/services/"),
            Link("acme-shop-4d1b/services/tool", "../run.sh"),
            File("acme-shop-4d1b/buildspec.yml", 0o664, "version: 0.2\n"),
        ]))
        .unwrap();
        assert_eq!(made.files, 3);
        let mut archive = ZipArchive::new(Cursor::new(made.bytes.as_slice())).unwrap();
        let mut lines = Vec::new();
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).unwrap();
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            let when = entry.last_modified().unwrap();
            lines.push(format!("{} {:o} {when} {text:?}", entry.name().unwrap(), entry.unix_mode().unwrap()));
        }
        insta::assert_snapshot!(lines.join("\n"), @r##"
        buildspec.yml 100644 1980-01-01 00:00:00 "version: 0.2\n"
        run.sh 100755 1980-01-01 00:00:00 "#!/bin/sh\n"
        services/tool 120777 1980-01-01 00:00:00 "../run.sh"
        "##);
    }

    #[test]
    fn the_same_tree_gives_the_same_bytes_whatever_the_order_and_the_commit() {
        let one = reroot(&zip(&[File("a-1/x", 0o644, "1"), File("a-1/y", 0o644, "2")])).unwrap();
        let two =
            reroot(&zip(&[Folder("b-2/"), File("b-2/y", 0o600, "2"), File("b-2/x", 0o666, "1")])).unwrap();
        assert_eq!(one.sha256, two.sha256);
        assert_eq!(one.bytes, two.bytes);
    }

    #[test]
    fn names_that_leave_the_archive_are_refused() {
        insta::assert_snapshot!(refusal(&[File("top/../../etc/passwd", 0o644, "")]), @"the source archive is refused: `top/../../etc/passwd` would leave its folder");
        insta::assert_snapshot!(refusal(&[File("top//etc/passwd", 0o644, "")]), @"the source archive is refused: `top//etc/passwd` is absolute or has an empty part in its name");
        insta::assert_snapshot!(refusal(&[File("/etc/passwd", 0o644, "")]), @"the source archive is refused: `/etc/passwd` is absolute or would leave its folder");
        insta::assert_snapshot!(refusal(&[File("top/a", 0o644, ""), File("other/a", 0o644, "")]), @"the source archive is refused: `other/a` is not below the one top folder `top`");
        insta::assert_snapshot!(refusal(&[File("top/a\\..\\b", 0o644, "")]), @r"the source archive is refused: `top/a\..\b` has a backslash or a NUL in its name");
        insta::assert_snapshot!(refusal(&[File("alone", 0o644, "")]), @"the source archive is refused: `alone` is not below the one top folder");
        insta::assert_snapshot!(refusal(&[Folder("top/")]), @"the source archive holds 0 files, at least 1 is needed");
    }

    #[test]
    fn links_that_leave_the_archive_are_refused() {
        for target in ["/etc/passwd", "..", "../x", "a/../../x", "", "C:/x"] {
            assert!(refusal(&[Link("top/link", target)]).contains("is a link that"), "{target}");
        }
        insta::assert_snapshot!(refusal(&[Link("top/link", "../x")]), @"the source archive is refused: `link` is a link that leaves the archive");
        insta::assert_snapshot!(refusal(&[Link("top/link", "/etc/passwd")]), @"the source archive is refused: `link` is a link that is empty, too long or absolute");
        insta::assert_snapshot!(refusal(&[Link("top/a", "b"), File("top/a/x", 0o644, "")]), @"the source archive is refused: `a/x` lies behind a file or a link");
        insta::assert_snapshot!(refusal(&[Link("top/link", "link/x")]), @"the source archive is refused: `link` is a link that leads through too many others");
        for target in ["../../x", "../d/../../x", "ab:c", "../.."] {
            assert_eq!(refusal(&[Link("top/d/e/link", target), File("top/x", 0o644, "")]), "accepted");
        }
    }

    #[test]
    fn what_is_no_zip_is_refused() {
        let words = reroot(b"no zip").err().unwrap().to_string();
        insta::assert_snapshot!(words, @"the source archive cannot be read: invalid Zip archive: Could not find EOCD");
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            assert!(reroot(&bytes).is_err());
        }
    }
}
