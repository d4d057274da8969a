//! What is published is what `git archive` of that commit holds: names, content, modes and links, fetched by the real client from the GitHub
//! stand-in, which answers out of a real Git repository.
//!
//! Both are unpacked into folders, and the two are compared entry by entry: `git archive --format=tar` by `tar`, the zip by the zip library.
#![expect(clippy::unwrap_used, reason = "a test ends at the first thing that is not as it should be")]

use local::github::{GitHub as StandIn, Settings};
use shared::errors::{Fault, Rejection};
use shared::github::GitHub;
use shared::source::archive::{SourceArchive, reroot};
use shared::source::ports::{SourceHost, Token, TokenSource};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write as _};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use tempfile::TempDir;
use zip::ZipArchive;

const REPOSITORY: &str = "acme/b2b-ecommerce-platform";

struct NoToken;

impl TokenSource for NoToken {
    async fn token(&self) -> Result<Option<Token>, Fault> {
        Ok(None)
    }

    fn forget(&self) {}
}

/// A repository of one commit, behind a served GitHub.
struct Repository {
    url: String,
    sha: String,
    folders: TempDir,
}

impl Repository {
    /// Commits what `make` puts into a folder.
    async fn of(make: impl FnOnce(&Path)) -> Self {
        let folders = TempDir::new().unwrap();
        let platform = folders.path().join("platform");
        let tree = platform.join("history/01-begin/tree");
        fs::create_dir_all(&tree).unwrap();
        fs::create_dir_all(platform.join("changes")).unwrap();
        let commit = r#"{"message": "begin", "author": {"name": "Ann Lee", "email": "ann@example.com"}}"#;
        fs::write(tree.join("../commit.json"), commit).unwrap();
        make(&tree);
        let state = folders.path().join("state");
        let github =
            StandIn::open(Settings { port: 0, state, platform, now: Arc::new(|| 1_795_507_200_000) })
                .await
                .unwrap();
        let url = github.url();
        tokio::spawn(github.serve());
        let mut repository = Self { url, sha: String::new(), folders };
        let head = repository.git(&["rev-parse", "refs/heads/main"]);
        repository.sha = String::from_utf8(head).unwrap().trim().to_owned();
        repository
    }

    fn git(&self, arguments: &[&str]) -> Vec<u8> {
        let dir = self.folders.path().join(format!("state/github/{REPOSITORY}.git"));
        let output = Command::new("git")
            .env("GIT_DIR", dir)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// What the source function would publish.
    async fn published(&self) -> Result<SourceArchive, Rejection> {
        let github = GitHub::new(self.url.clone(), NoToken);
        reroot(&github.archive(REPOSITORY, &self.sha.parse().unwrap()).await.unwrap())
    }

    async fn refusal(&self) -> String {
        self.published().await.err().map_or_else(|| "accepted".to_owned(), |error| error.to_string())
    }

    /// `git archive` of the commit, unpacked by `tar`.
    fn reference(&self) -> BTreeMap<PathBuf, Entry> {
        let tar = self.git(&["-c", "tar.umask=0022", "archive", "--format=tar", &self.sha]);
        let folder = self.folders.path().join("reference");
        fs::create_dir(&folder).unwrap();
        let mut untar = Command::new("tar")
            .args(["--extract", "--preserve-permissions", "--directory"])
            .arg(&folder)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        untar.stdin.take().unwrap().write_all(&tar).unwrap();
        assert!(untar.wait().unwrap().success());
        listing(&folder)
    }

    /// `archive`, unpacked with its links and permissions.
    fn unpacked(&self, archive: &SourceArchive) -> BTreeMap<PathBuf, Entry> {
        let folder = self.folders.path().join("unpacked");
        ZipArchive::new(Cursor::new(&archive.bytes)).unwrap().extract(&folder).unwrap();
        listing(&folder)
    }
}

/// A file or a link as it lies in a folder.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    /// Type and permissions, as `stat` says them.
    mode: u32,
    /// The file's bytes or the link's target.
    content: Vec<u8>,
}

/// Everything in `root` but folders.
fn listing(root: &Path) -> BTreeMap<PathBuf, Entry> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let status = fs::symlink_metadata(&path).unwrap();
            let content = if status.is_dir() {
                folders.push(path);
                continue;
            } else if status.is_symlink() {
                fs::read_link(&path).unwrap().as_os_str().as_bytes().to_owned()
            } else {
                fs::read(&path).unwrap()
            };
            // The permissions of a link mean nothing and differ by system.
            let mode = if status.is_symlink() { 0o120_000 } else { status.mode() };
            found.insert(path.strip_prefix(root).unwrap().to_owned(), Entry { mode, content });
        }
    }
    found
}

fn put(tree: &Path, name: &str, content: &[u8]) {
    let file = tree.join(name);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, content).unwrap();
}

fn executable(tree: &Path, name: &str) {
    put(tree, name, b"#!/bin/sh\nexec true\n");
    fs::set_permissions(tree.join(name), fs::Permissions::from_mode(0o755)).unwrap();
}

fn link(tree: &Path, name: &str, target: &str) {
    fs::create_dir_all(tree.join(name).parent().unwrap()).unwrap();
    symlink(target, tree.join(name)).unwrap();
}

/// Everything odd that a repository may rightly hold.
fn odd(tree: &Path) {
    put(tree, "README.md", b"# odd\n");
    put(tree, "empty", b"");
    put(tree, ".hidden/.keep", b"");
    put(tree, "bytes.bin", &(0..=255_u8).cycle().take(100_000).collect::<Vec<u8>>());
    put(tree, "name with spaces/ leading and trailing .txt ", b"1");
    put(tree, "quotes/it's \"quoted\" `so` $HOME.txt", b"2");
    put(tree, "unicode/Zo\u{eb} \u{65e5}\u{672c}\u{8a9e} \u{1f980}.txt", b"3");
    put(tree, "unicode/Zoe\u{308}.txt", b"decomposed");
    put(tree, "new\nline/tab\t.txt", b"4");
    put(tree, "colon: and * and ?.txt", b"5");
    put(tree, "-rf", b"6");
    put(tree, "...", b"7");
    put(tree, "..data/file", b"8");
    put(tree, &format!("{}bottom", "deep/".repeat(60)), b"9");
    put(tree, &"n".repeat(255), b"10");
    // As the folder that GitHub puts everything under, and as the beginnings of other names.
    put(tree, "acme-b2b-ecommerce-platform/file", b"11");
    put(tree, "a", b"12");
    put(tree, "a.b", b"13");
    put(tree, "ab/c", b"14");
    executable(tree, "bin/run");
    executable(tree, "bin/\u{e9}x\u{e9}cute moi");
    put(tree, ".gitattributes", b"secret/** export-ignore\nversion.txt export-subst\n*.bat text eol=crlf\n");
    put(tree, "secret/notes.txt", b"is not in an archive");
    put(tree, "version.txt", b"$Format:%H %an$\n");
    put(tree, "run.bat", b"echo one\r\necho two\r\n");
    link(tree, "bin/tool", "run");
    link(tree, "docs/readme", "../README.md");
    link(tree, "folder", "deep/deep");
    link(tree, "deep/up", "../bin/../README.md");
    link(tree, "dangling", "is/not/there");
    link(tree, "circle", "circle");
    link(tree, "odd target", "name with spaces/a:b \"c\"");
    link(tree, "root", ".");
    link(tree, "deep/deep/root", "../..");
}

#[tokio::test]
async fn the_published_zip_is_git_archive_of_the_commit_file_by_file_with_modes_and_links() {
    let repository = Repository::of(odd).await;
    let published = repository.published().await.unwrap();
    let (reference, unpacked) = (repository.reference(), repository.unpacked(&published));
    assert_eq!(reference.keys().collect::<Vec<_>>(), unpacked.keys().collect::<Vec<_>>());
    for (name, entry) in &reference {
        assert!(
            unpacked[name] == *entry,
            "{}: {:o} and {:o}",
            name.display(),
            entry.mode,
            unpacked[name].mode
        );
    }
    assert_eq!(published.files, reference.len());
    let version = String::from_utf8_lossy(&unpacked[Path::new("version.txt")].content).into_owned();
    assert_eq!(version, format!("{} Ann Lee\n", repository.sha), "the archive is of this commit");
    assert!(!unpacked.contains_key(Path::new("secret/notes.txt")));
    let modes: Vec<u32> = ["bin/run", "bin/tool", "a"].map(|name| unpacked[Path::new(name)].mode).into();
    assert_eq!(modes, [0o100_755, 0o120_000, 0o100_644]);
}

#[tokio::test]
async fn two_zipballs_of_a_commit_with_other_top_folders_times_and_compression_give_the_same_bytes() {
    let repository = Repository::of(odd).await;
    let published = repository.published().await.unwrap();
    for (top, time, level) in [("acme-x-4d1b7c0/", "2001-02-03", "-0"), ("y/", "2040-01-01", "-9")] {
        let (prefix, mtime) = (format!("--prefix={top}"), format!("--mtime={time}"));
        let zipball = repository.git(&["archive", "--format=zip", level, &prefix, &mtime, &repository.sha]);
        let again = reroot(&zipball).unwrap();
        assert!(again.bytes == published.bytes && again.sha256 == published.sha256, "{top}");
    }
}

#[tokio::test]
async fn a_link_that_points_out_of_the_tree_is_refused_directly_or_through_other_links() {
    for (name, target) in
        [("out", "/etc/passwd"), ("out", "../x"), ("deep/out", "../../x"), ("out", "a/../../x")]
    {
        let repository = Repository::of(|tree| link(tree, name, target)).await;
        assert!(repository.refusal().await.contains("is a link that"), "{target}");
    }
    // `deep/root/..` is the root's parent, although its letters say `deep`.
    let repository = Repository::of(|tree| {
        link(tree, "deep/root", "..");
        link(tree, "out", "deep/root/../x");
    })
    .await;
    insta::assert_snapshot!(repository.refusal().await, @"the source archive is refused: `out` is a link that leaves the archive");
}

#[tokio::test]
async fn a_name_that_is_not_utf_8_is_refused_and_not_published_under_another_name() {
    let repository = Repository::of(|tree| {
        fs::write(tree.join(std::ffi::OsStr::from_bytes(b"caf\xe9.txt")), "latin-1").unwrap();
    })
    .await;
    insta::assert_snapshot!(repository.refusal().await, @r"the source archive is refused: `acme-b2b-ecommerce-platform-3d6ef29/caf\xe9.txt` has a name that is not UTF-8");
}
