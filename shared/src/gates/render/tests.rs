//! What people read of a verdict, in each of its forms, with names that would like to be more than names.

use super::*;
use crate::gates::ports::Record;
use crate::gates::verdict::{InGrace, Judged, Looked, NotJudged, Quarantined, Waived};

fn judged(id: &str, outcome: Outcome) -> Judged {
    Judged {
        id: id.to_owned(),
        outcome,
        metric: "coverage.lines".to_owned(),
        operator: ">=".to_owned(),
        threshold: 80.0,
        actual: Some(78.4),
        margin: Some(-1.6),
        message: format!(
            "`coverage.lines` is 78.40 % (98 of 125), `{id}` asks for >= 80 %: 2 more covered lines would pass"
        ),
        ..Judged::default()
    }
}

fn failed(index: usize) -> Judged {
    Judged {
        metric: "tests.failed".to_owned(),
        operator: "<=".to_owned(),
        threshold: 0.0,
        actual: Some(1.0),
        margin: Some(-1.0),
        message: format!("`tests.failed` is 1, `c{index}` asks for <= 0: 1 fewer would pass"),
        offenders: vec!["adds\u{202e} an\norder".to_owned()],
        ..judged(&format!("c{index}"), Outcome::Fail)
    }
}

fn record() -> Record {
    let hostile = "<img src=x onerror=alert(1)> @admins [x](https://evil.test) `|`";
    let verdict = Verdict {
        outcome: Outcome::Fail,
        conditions: vec![
            judged("holds", Outcome::Pass),
            Judged {
                offenders: vec![hostile.to_owned()],
                help: Some("https://wiki.example.com/a".to_owned()),
                artifact: Some("Api".to_owned()),
                ..judged("lines", Outcome::Fail)
            },
            Judged {
                actual: None,
                margin: None,
                message: "`x` cannot be judged: no file".to_owned(),
                ..judged("x", Outcome::Error)
            },
        ],
        not_judged: vec![NotJudged {
            id: "later".to_owned(),
            reason: "only on branch `release/*`, this is `main`".to_owned(),
        }],
        waived: vec![Waived {
            finding: "GHSA-1".to_owned(),
            component: hostile.to_owned(),
            reason: "r (ann)".to_owned(),
            expires: "2027-01-31".to_owned(),
        }],
        in_grace: vec![InGrace {
            finding: "GHSA-2".to_owned(),
            component: "qs".to_owned(),
            severity: "high".to_owned(),
            until: "2026-12-05T07:12:00Z".parse().unwrap(),
        }],
        quarantined: vec![Quarantined {
            test: hostile.to_owned(),
            reason: "a race (bob)".to_owned(),
            expires: "2026-12-24".to_owned(),
        }],
        reports: vec![Looked {
            source: "unit".to_owned(),
            path: format!("Api/{hostile}.xml"),
            format: "junit".to_owned(),
            size: 12_345,
            sha256: "0123456789abcdef".to_owned(),
            remarks: vec![hostile.to_owned()],
        }],
        notes: vec!["the waiver of `GHSA-3` is not used".to_owned()],
    };
    Record {
        job_id: "j".to_owned(),
        execution_id: "e-1".to_owned(),
        pipeline: "shop".to_owned(),
        stage: "Gate".to_owned(),
        branch: String::new(),
        commit_id: "0123456".to_owned(),
        policy: "build".to_owned(),
        decided_at: "2026-11-28T07:12:38Z".parse().unwrap(),
        reports: vec![],
        images: vec![],
        verdict,
    }
}

#[test]
fn every_failed_condition_is_listed_with_its_offenders() {
    let verdict = Verdict { outcome: Outcome::Fail, conditions: vec![failed(0)], ..Verdict::default() };
    insta::assert_snapshot!(message("build", &verdict, MAX_MESSAGE), @"
    gate `build`: fail, 0 of 1 condition(s) hold
    [fail] `tests.failed` is 1, `c0` asks for <= 0: 1 fewer would pass
        adds  an order
    ");
    insta::assert_snapshot!(message("build", &record().verdict, MAX_MESSAGE), @"
    gate `build`: fail, 1 of 3 condition(s) hold
    [error] `x` cannot be judged: no file
    [fail] `coverage.lines` is 78.40 % (98 of 125), `lines` asks for >= 80 %: 2 more covered lines would pass
        <img src=x onerror=alert(1)> @admins [x](https://evil.test) `|`
        see https://wiki.example.com/a
    waived until 2027-01-31: GHSA-1 in <img src=x onerror=alert(1)> @admins [x](https://evil.test) `|`
    counts from 5 Dec 2026 07:12: GHSA-2 in qs (high)
    in quarantine until 2026-12-24: <img src=x onerror=alert(1)> @admins [x](https://evil.test) `|`
    not judged: `later`, only on branch `release/*`, this is `main`
    note: the waiver of `GHSA-3` is not used
    ");
}

#[test]
fn a_message_never_exceeds_the_limit_and_says_what_was_left_out() {
    let verdict =
        Verdict { outcome: Outcome::Fail, conditions: (0..300).map(failed).collect(), ..Verdict::default() };
    let text = message("build", &verdict, MAX_MESSAGE);
    assert!(text.chars().count() <= MAX_MESSAGE);
    assert!(text.ends_with("more line(s) in the report"), "{text}");
}

#[test]
fn the_markdown_is_a_table_and_names_stay_names() {
    insta::assert_snapshot!(markdown(&record()).replace('\u{200b}', "⎵"), @r"
    ## ✗ Gate build: fail

    1 of 3 conditions hold. pipeline shop · stage Gate · execution e-1 · commit 0123456 · decided 28 Nov 2026 07:12 UTC

    | | condition | measured | limit | margin |
    |---|---|---:|---:|---:|
    | ? **error** | x | – | &gt;= 80 % |  |
    | ✗ **fail** | lines (Api) | 78.40 % | &gt;= 80 % | −1.60 % |
    | ✓ pass | holds | 78.40 % | &gt;= 80 % | −1.60 % |

    ### What is wrong

    - **x**: \`x\` cannot be judged: no file
    - **lines**: \`coverage.lines\` is 78.40 % \(98 of 125\), \`lines\` asks for &gt;= 80 %: 2 more covered lines would pass (https:⎵//wiki.example.com/a)
      - &lt;img src=x onerror=alert\(1\)&gt; @⎵admins \[x\]\(https:⎵//evil.test\) \`\|\`

    ### Waived

    - GHSA-1 in &lt;img src=x onerror=alert\(1\)&gt; @⎵admins \[x\]\(https:⎵//evil.test\) \`\|\` until 2027-01-31: r \(ann\)

    ### Does not count yet

    - GHSA-2 (high) in qs counts from 5 Dec 2026 07:12

    ### Failed in quarantine

    - &lt;img src=x onerror=alert\(1\)&gt; @⎵admins \[x\]\(https:⎵//evil.test\) \`\|\` until 2026-12-24: a race \(bob\)

    ### Not judged

    - later: only on branch \`release/\*\`, this is \`main\`

    ### Remarks

    - the waiver of \`GHSA-3\` is not used

    <details><summary>Reports</summary>

    | source | file | format | size | SHA-256 | remarks |
    |---|---|---|---:|---|---|
    | unit | Api/&lt;img src=x onerror=alert\(1\)&gt; @⎵admins \[x\]\(https:⎵//evil.test\) \`\|\`.xml | junit | 12.3 KB | 0123456789ab | &lt;img src=x onerror=alert\(1\)&gt; @⎵admins \[x\]\(https:⎵//evil.test\) \`\|\` |

    </details>
    ");
}

#[test]
fn the_page_runs_and_loads_nothing_and_names_stay_names() {
    let page = html(&record());
    for forbidden in ["<img", "<script", "<link", "@import", "url(", "javascript:", "\u{202e}"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("default-src 'none'") && page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert!(page.contains(r#"<a href="https://wiki.example.com/a" rel="noopener noreferrer">"#));
    assert_eq!(page, html(&record()), "the same record is the same bytes");
    let text = |from: &str, to: &str| page.split(from).nth(1).unwrap().split(to).next().unwrap().to_owned();
    insta::assert_snapshot!(text("<main>", "<h2>"), @r#"<h1><span class="fail">✗ fail</span> · gate build</h1><p class="soft" style="margin:2px 0 0">1 of 3 conditions hold</p><dl><div><dt>pipeline</dt><dd>shop</dd></div><div><dt>stage</dt><dd>Gate</dd></div><div><dt>execution</dt><dd>e-1</dd></div><div><dt>commit</dt><dd>0123456</dd></div><div><dt>decided</dt><dd>28 Nov 2026 07:12 UTC</dd></div></dl>"#);
}
