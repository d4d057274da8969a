//! "Has this service changed?" as the source function asks it, over HTTP, against `git diff --name-only`.
//!
//! A thousand generated histories, each with a beginning of its own: forced pushes (pairs that are no ancestors of each other), merges, commits
//! of more than 300 files, changed modes, symbolic links, files that become folders, and empty commits.

use anyhow::{Context, Result, ensure};
use local::github::{GitHub as StandIn, Settings};
use shared::errors::Fault;
use shared::github::GitHub;
use shared::model::CommitSha;
use shared::source::ports::{SourceHost, Token, TokenSource};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

const REPOSITORY: &str = "acme/b2b-ecommerce-platform";
const HISTORIES: usize = 1000;
/// Commits of one history.
const COMMITS: usize = 7;
/// Files in the occasional large commit: more than a comparison lists.
const MANY: usize = 350;
/// What services are made of.
const PATHS: [&str; 6] =
    ["services/orders", "services/search", "services", "libraries/money.ts", "tools", "README.md"];

struct NoToken;

impl TokenSource for NoToken {
    async fn token(&self) -> Result<Option<Token>, Fault> {
        Ok(None)
    }
    fn forget(&self) {}
}

/// A small generator (`SplitMix64`), so that every run sees the same history.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }
}

/// Changes of one commit, in the language of `git fast-import`.
fn changes(dice: &mut Dice) -> String {
    let folders = ["services/orders", "services/orders/src", "services/search", "libraries", "tools", "docs"];
    let names = ["a.ts", "b.ts", "money.ts", "run.sh", "kept"];
    let mut text = String::new();
    if dice.below(40) == 0 {
        for n in 0..MANY {
            let _ = writeln!(text, "M 100644 inline docs/many/{n}\ndata 2\n{}", n % 7);
        }
    }
    for _ in 0..dice.below(4) {
        let path = match dice.below(12) {
            0 => "README.md".to_owned(),
            // A folder that is a file now and then.
            1 => "services/search".to_owned(),
            _ => format!("{}/{}", folders[dice.below(folders.len())], names[dice.below(names.len())]),
        };
        let mode = ["100644", "100644", "100644", "100755", "120000"][dice.below(5)];
        if dice.below(5) == 0 {
            let _ = writeln!(text, "D {path}");
        } else {
            let _ = writeln!(text, "M {mode} inline {path}\ndata 1\n{}", dice.below(3));
        }
    }
    text
}

fn history() -> String {
    let mut dice = Dice(20_261_124);
    let mut stream = String::new();
    for n in 1..=HISTORIES * COMMITS {
        // Of its own history.
        let first = (n - 1) / COMMITS * COMMITS + 1;
        let _ = write!(
            stream,
            "commit refs/heads/generated-{n}\nmark :{n}\ncommitter Ann <ann@example.com> {n} +0000\ndata 1\nx\n"
        );
        // Now and then an unrelated beginning, as after a rewritten history.
        if n > first && dice.below(10) > 0 {
            let parent = first + dice.below(n - first);
            let _ = writeln!(stream, "from :{parent}");
            if dice.below(4) == 0 && parent != n - 1 {
                let _ = writeln!(stream, "merge :{}", n - 1);
            }
        }
        stream.push_str(&changes(&mut dice));
        stream.push('\n');
    }
    stream
}

fn git(folder: &Path, words: &[&str], input: &str) -> Result<String> {
    let mut child = Command::new("git")
        .arg("--git-dir")
        .arg(folder)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("git cannot be started")?;
    child.stdin.take().context("no input")?.write_all(input.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "git {words:?} failed");
    Ok(String::from_utf8(output.stdout)?)
}

/// The stand-in's bare repository, filled with the generated histories; the commits in order.
fn fill(state: &Path) -> Result<(PathBuf, Vec<CommitSha>)> {
    let folder = state.join("github").join(format!("{REPOSITORY}.git"));
    ensure!(folder.is_dir(), "{} is not there", folder.display());
    git(&folder, &["fast-import", "--quiet", "--force"], &history())?;
    let format = "--format=%(refname:lstrip=2) %(objectname)";
    let refs = git(&folder, &["for-each-ref", "--sort=committerdate", format, "refs/heads/generated-*"], "")?;
    let commits = refs.lines().filter_map(|line| line.split_once(' ')?.1.parse().ok()).collect();
    Ok((folder, commits))
}

/// The product's client over HTTP on the stand-in with the generated histories.
struct World {
    host: GitHub<NoToken>,
    folder: PathBuf,
    commits: Vec<CommitSha>,
    _state: tempfile::TempDir,
}

impl World {
    async fn new() -> Result<Self> {
        let state = tempfile::TempDir::new()?;
        let settings = Settings {
            port: 0,
            state: state.path().to_owned(),
            platform: Path::new(env!("CARGO_MANIFEST_DIR")).join("../local/platform"),
            now: Arc::new(|| 1_795_507_200_000),
        };
        let stand_in = StandIn::open(settings).await?;
        let host = GitHub::new(stand_in.url(), NoToken);
        tokio::spawn(stand_in.serve());
        let (folder, commits) = fill(state.path())?;
        Ok(Self { host, folder, commits, _state: state })
    }
}

#[tokio::test]
async fn a_service_has_changed_exactly_when_git_says_so() -> Result<()> {
    let World { host, folder, commits, _state } = World::new().await?;
    ensure!(commits.len() == HISTORIES * COMMITS, "{} commits", commits.len());
    let mut dice = Dice(7);
    let (mut changed, mut same) = (0, 0);
    for history in commits.chunks(COMMITS) {
        let before = &history[dice.below(COMMITS - 1)];
        let after = &history[COMMITS - 1];
        let path = PATHS[dice.below(PATHS.len())];
        let paths = [path.to_owned()];
        let objects = host.objects(REPOSITORY, before, &paths).await?;
        let ours = objects != host.objects(REPOSITORY, after, &paths).await?;
        let words = ["diff", "--name-only", before.as_str(), after.as_str(), "--", path];
        let git_says = !git(&folder, &words, "")?.is_empty();
        ensure!(ours == git_says, "`{path}` from {before} to {after}: git says {git_says}");
        *(if ours { &mut changed } else { &mut same }) += 1;
    }
    ensure!(
        changed > HISTORIES / 10 && same > HISTORIES / 10,
        "the histories are too one-sided: {changed} changed, {same} same"
    );
    Ok(())
}

#[tokio::test]
async fn a_path_that_is_nowhere_and_a_commit_that_is_gone_are_told_apart() -> Result<()> {
    let World { host, commits, _state, .. } = World::new().await?;
    let nowhere = ["services/none".to_owned(), "README.md/x".to_owned()];
    assert_eq!(host.objects(REPOSITORY, &commits[0], &nowhere).await?, [None, None]);
    let gone: CommitSha = "f".repeat(40).parse()?;
    assert!(host.objects(REPOSITORY, &gone, &nowhere).await.is_err_and(|fault| fault.is_missing()));
    Ok(())
}
