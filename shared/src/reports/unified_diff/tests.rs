use super::*;

fn read(text: &str) -> Result<Parsed, ReportError> {
    Input::of_bytes(text.as_bytes()).and_then(super::read)
}

/// A path and its ranges.
type Changed = (String, Vec<(u32, u32)>);

fn both(text: &str) -> (Vec<Changed>, About) {
    match read(text) {
        Ok(Parsed { facts: Facts::Changes(facts), about }) => {
            let ranges = |ranges: Vec<RangeInclusive<u32>>| {
                ranges.into_iter().map(RangeInclusive::into_inner).collect()
            };
            (facts.files.into_iter().map(|(path, all)| (path, ranges(all))).collect(), about)
        }
        other => panic!("{other:?}"),
    }
}

fn files(text: &str) -> Vec<Changed> {
    both(text).0
}

fn of(path: &str, ranges: &[(u32, u32)]) -> Changed {
    (path.to_owned(), ranges.to_vec())
}

#[test]
fn added_and_replaced_lines_are_told_in_the_numbering_after_the_change() {
    let text = "diff --git a/src/a.js b/src/a.js\nindex 1..2 100644\n--- a/src/a.js\n+++ b/src/a.js\n@@ -1,4 +1,5 @@ fn\n one\n-two\n+2\n+2b\n three\n four\n\
                @@ -10,2 +11,2 @@\n-ten\n+10\n eleven\n\\ No newline at end of file\n";
    assert_eq!(files(text), [of("src/a.js", &[(2, 3), (11, 11)])]);
}

#[test]
fn new_deleted_renamed_and_binary_files_are_told_apart() {
    let text = "diff --git a/new b/new\nnew file mode 100644\n--- /dev/null\n+++ b/new\n@@ -0,0 +1,2 @@\n+1\n+2\n\
        diff --git a/gone b/gone\ndeleted file mode 100644\n--- a/gone\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-1\n-2\n\
        diff --git a/was b/is\nsimilarity index 90%\nrename from was\nrename to is\n--- a/was\n+++ b/is\n@@ -3 +3 @@\n-x\n+y\n\
        diff --git a/still b/moved\nsimilarity index 100%\nrename from still\nrename to moved\n\
        diff --git a/logo.png b/logo.png\nindex 1..2 100644\nBinary files a/logo.png and b/logo.png differ\n\
        diff --git a/old.png b/old.png\ndeleted file mode 100644\nBinary files a/old.png and /dev/null differ\n\
        diff --git a/empty b/empty\nnew file mode 100644\nindex 0..0\n\
        diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n";
    let expected = [
        of("empty", &[]),
        of("is", &[(3, 3)]),
        of("logo.png", &[]),
        of("moved", &[]),
        of("new", &[(1, 2)]),
        of("run.sh", &[]),
    ];
    assert_eq!(files(text), expected);
}

#[test]
fn a_line_that_looks_like_a_header_inside_a_hunk_is_a_line() {
    let text = "--- a/x.sql\n+++ b/x.sql\n@@ -1,2 +1,3 @@\n--- a comment\n-- b\n+++ b\n+@@ -1 +1 @@\n+diff --git a/y b/y\n";
    assert_eq!(files(text), [of("x.sql", &[(1, 3)])]);
}

#[test]
fn names_are_read_with_quotes_blanks_prefixes_and_without() {
    let hunk = "@@ -1 +1 @@\n-a\n+b\n";
    let quoted = format!(
        "diff --git \"a/\\303\\244 \\\"q\\\".js\" \"b/\\303\\244 \\\"q\\\".js\"\n--- \"a/\\303\\244 \\\"q\\\".js\"\n+++ \"b/\\303\\244 \\\"q\\\".js\"\n{hunk}"
    );
    assert_eq!(files(&quoted), [of("ä \"q\".js", &[(1, 1)])]);
    let blanks = format!("diff --git a/a b.js b/a b.js\n--- a/a b.js\t\n+++ b/a b.js\t\n{hunk}");
    assert_eq!(files(&blanks), [of("a b.js", &[(1, 1)])]);
    let bare = format!("diff --git b/x.js b/x.js\n--- b/x.js\n+++ b/x.js\n{hunk}");
    assert_eq!(files(&bare), [of("b/x.js", &[(1, 1)])], "no prefix, and a folder `b`");
    let mnemonic = format!("diff --git i/x.js w/x.js\n--- i/x.js\n+++ w/x.js\n{hunk}");
    assert_eq!(files(&mnemonic), [of("x.js", &[(1, 1)])]);
    let plain = format!(
        "--- old/x.c\t2026-01-01 00:00:00\n+++ new/x.c\t2026-01-02 00:00:00\n{hunk}--- old/y.c\n+++ new/y.c\n{hunk}"
    );
    assert_eq!(files(&plain), [of("new/x.c", &[(1, 1)]), of("new/y.c", &[(1, 1)])]);
    let fresh = "diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+a\n";
    assert_eq!(files(fresh), [of("n", &[(1, 1)])]);
    let fresh_bare = "diff --git b/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+a\n";
    assert_eq!(files(fresh_bare), [of("b/n", &[(1, 1)])]);
}

#[test]
fn the_commit_is_taken_from_what_git_shows() {
    let id = "0123456789abcdef0123456789abcdef01234567";
    let diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n";
    let (_, about) = both(&format!("commit {id}\nAuthor: A\n\n    words\n\n{diff}"));
    assert_eq!(about.commit.as_deref(), Some(id));
    insta::assert_snapshot!(read(&format!("commit {id}\n\n{diff}commit {id}\n\n{diff}")).unwrap_err(), @"the diff is of several commits: their line numbers are not of one state, at `line 9`");
}

#[test]
fn what_is_no_diff_or_half_of_one_is_refused_with_its_place() {
    let refused = |text: &str| read(text).unwrap_err();
    insta::assert_snapshot!(refused("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+b\n"), @"the diff ends inside a hunk: it is truncated, at `line 5`");
    insta::assert_snapshot!(refused("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n-b\n+c\n"), @"the hunk has other lines than its head says, at `line 5`");
    insta::assert_snapshot!(refused("--- a/x\n+++ b/x\n@@ nonsense @@\n"), @"the hunk has no numbers, at `line 3`");
    insta::assert_snapshot!(refused("@@ -1 +1 @@\n-a\n+b\n"), @"a hunk stands before the name of its file, at `line 1`");
    insta::assert_snapshot!(refused("diff --cc x\n"), @"the diff is the combined one of a merge: compare with one parent, at `line 1`");
    insta::assert_snapshot!(refused("--- a/x\n+++ b/x\n@@ -1 +9999999 @@\n"), @"line 10000000 of a source file is beyond the limit of 4000000, at `line 3`");
    insta::assert_snapshot!(refused("words\n"), @"the diff holds no file, at `line 1`");
}

#[test]
fn a_change_that_only_takes_away_has_no_lines_and_is_still_a_change() {
    assert_eq!(files("--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n a\n-b\n"), [of("x", &[])]);
    assert_eq!(
        files("diff --git a/x b/x\ndeleted file mode 100644\n--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n"),
        []
    );
}
