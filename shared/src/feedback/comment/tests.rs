//! The comment as a person reads it, and that it never goes back.

use super::*;
use crate::feedback::build::plan::tests::{build, ended, gate, origin, running};
use crate::feedback::build::{News, event};
use proptest::prelude::*;

fn board(rows: &[(&str, Row)]) -> Board {
    let mut board = Board { marker: "4711".to_owned(), ..Board::default() };
    for (project, row) in rows {
        board.add(project, row.clone());
    }
    board
}

fn row(sequence: u64, version: u64, news: &[News]) -> Row {
    let release_id = format!("r{sequence}");
    Row::of(&Origin { sequence, release_id, ..origin() }, &build(news), version)
}

fn shown(board: &Board) -> String {
    match board.next() {
        Some(Write::Comment { body, .. }) => body.replace('\u{200b}', "⎵"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_pull_request_is_shown_with_its_projects_and_their_gates() {
    let mut failed = row(1, 1, &[ended(Status::Failed, "FAILED"), News::Judged(gate())]);
    failed.link = Some("https://github.com/acme/shop/runs/7".to_owned());
    let board = board(&[
        ("shop-checks", failed),
        ("shop-docs", row(1, 1, &[News::Withheld])),
        ("shop_lint", row(1, 1, &[running()])),
    ]);
    insta::assert_snapshot!(shown(&board), @r"
    <!-- tidegate:4711 -->

    | project | state | duration | commit |
    |---|---|---:|---|
    | shop-checks | [**failed**](https://github.com/acme/shop/runs/7), gate **error** | 2 min 14 s | aaaaaaaaaaaa |
    | shop-docs | waits for a review |  | aaaaaaaaaaaa |
    | shop\_lint | is being built |  | aaaaaaaaaaaa |

    shop-docs: The commit comes from a fork, so nothing of it is run before somebody has looked at it. To have it built, a person who may write to this repository reviews commit aaaaaaaaaaaa: an approval, or a review that begins with `/build`.

    **Gate pull-request of shop-checks**: error, 1 of 3 conditions hold

    | condition | actual | threshold | outcome | offenders |
    |---|---:|---:|---|---:|
    | line-coverage | 78.40 % | &gt;= 80 % | **fail** | 2 |
    | no-high | – | &gt;= 80 % | **error** |  |
    | unit-tests | 0 | &gt;= 80 % | pass |  |

    - fail: \`coverage.lines\` is 78.40 % \(98 of 125\), \`line-coverage\` asks for &gt;= 80 %: 2 more would pass
    - error: 0 file\(s\) match \`\*\*/npm-audit.json\`, at least 1 must
    - note: the waiver of \`GHSA-1\` is not used
    ");
}

#[test]
fn what_was_written_is_not_written_again_and_keeps_its_id() {
    let mut board = board(&[("shop-checks", row(1, 1, &[running()]))]);
    let write = board.next().unwrap();
    assert!(matches!(write, Write::Comment { id: None, .. }));
    board.note(&write, 9);
    assert_eq!(board.next(), None);
    assert!(
        !board.add("shop-checks", row(1, 2, &[running()])),
        "a later state that looks the same is no news"
    );
    assert!(board.add("shop-checks", row(1, 3, &[ended(Status::Succeeded, "SUCCEEDED")])));
    assert!(matches!(board.next(), Some(Write::Comment { id: Some(9), .. })));
}

#[test]
fn a_newer_build_is_never_hidden_by_an_older_one_or_by_what_waited() {
    let newer = row(2, 1, &[running()]);
    let mut board = board(&[("shop-checks", newer.clone())]);
    assert!(!board.add("shop-checks", row(1, 9, &[ended(Status::Failed, "FAILED")])), "an older build");
    let other = Row { release_id: "other".to_owned(), ..row(2, 9, &[News::Withheld]) };
    assert!(!board.add("shop-checks", other), "one of the same place that waits");
    assert_eq!(board.rows["shop-checks"], newer);
    let (first, second) =
        (row(3, 1, &[News::Withheld]), Row { release_id: "s".to_owned(), ..row(3, 1, &[News::Withheld]) });
    assert!(board.add("shop-checks", first) && board.add("shop-checks", second.clone()));
    assert_eq!(board.rows["shop-checks"], second, "of two that wait the one that was told last holds");
}

#[test]
fn a_comment_is_cut_between_its_lines_and_keeps_its_marker() {
    let mut long = gate();
    let line = long.conditions[0].clone();
    long.conditions = vec![crate::gates::notice::Line { sentence: "@`<ö|".repeat(80), ..line }; 100];
    let rows: Vec<(String, Row)> =
        (0..40).map(|index| (format!("project-{index}"), row(1, 1, &[News::Judged(long.clone())]))).collect();
    let board = board(&rows.iter().map(|(name, row)| (name.as_str(), row.clone())).collect::<Vec<_>>());
    let body = shown(&board).replace('⎵', "\u{200b}");
    assert!(body.len() <= 65_536 && body.len() > 60_000, "{} bytes", body.len());
    assert_eq!(body.lines().next(), Some("<!-- tidegate:4711 -->"));
    assert!(
        body.contains("| project\\-39 |") || body.contains("| project-39 |"),
        "every project has its row"
    );
}

proptest! {
    /// Rows of any builds in any state come in any order: what is shown never goes back, and ends at the newest state of the newest build.
    #[test]
    fn rows_only_grow(rows in proptest::collection::vec((1_u64..4, 1_u64..6), 1..30)) {
        let state = |version: u64| match version {
            1 => vec![News::Withheld],
            2 | 3 => vec![News::Withheld, running()],
            4 => vec![running(), ended(event::Status::Failed, "FAILED")],
            _ => vec![running(), ended(event::Status::Failed, "FAILED"), News::Judged(gate())],
        };
        let mut board = Board::default();
        let mut before = None;
        for (sequence, version) in &rows {
            board.add("p", row(*sequence, *version, &state(*version)));
            let now = board.rows.get("p").map(|row| (row.sequence, row.status, row.gate.clone()));
            prop_assert!(now >= before);
            before = now;
        }
        let newest = rows.iter().max().unwrap();
        let expected = row(newest.0, newest.1, &state(newest.1));
        prop_assert!(board.rows["p"].shows_the_same(&expected), "{:?}", board.rows["p"]);
    }
}
