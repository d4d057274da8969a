use super::*;

const SHA: &str = "4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192";

fn push(reference: &str, after: &str, extra: &str) -> String {
    format!(
        r#"{{"ref":"{reference}","before":"{SHA}","after":"{after}"{extra},"repository":{{"id":1001,"full_name":"acme/shop","private":true}},"commits":[]}}"#
    )
}

fn answer(event: &str, body: &str) -> String {
    match read(event, body.as_bytes(), &[1001], "d-1") {
        Ok(Delivery::Ping) => "ping".to_owned(),
        Ok(Delivery::Look(request)) => format!("look: {}", serde_json::to_string(&request).unwrap()),
        Ok(Delivery::Nothing(words)) => format!("nothing: {words}"),
        Err(error) => format!("refused: {error}"),
    }
}

#[test]
fn a_push_to_a_branch_says_look() {
    insta::assert_snapshot!(answer("push", &push("refs/heads/main", SHA, "")), @r#"look: {"repositoryId":1001,"repository":"acme/shop","ref":"refs/heads/main","sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","reason":"webhook","delivery":"d-1"}"#);
}

#[test]
fn what_is_understood_and_needs_nothing_says_why() {
    let zeros = "0".repeat(40);
    insta::assert_snapshot!(answer("push", &push("refs/tags/v1.0", SHA, "")), @"nothing: `refs/tags/v1.0` is not a branch");
    insta::assert_snapshot!(answer("push", &push("refs/heads/old", &zeros, r#","deleted":true"#)), @"nothing: branch `old` was deleted");
    insta::assert_snapshot!(answer("push", &push("refs/heads/gh-readonly-queue/main/pr-9", SHA, "")), @"nothing: `refs/heads/gh-readonly-queue/main/pr-9` is not a branch");
    insta::assert_snapshot!(answer("push", &push("refs/heads/main", SHA, "").replace("1001", "7")), @"nothing: repository 7 is not one of the 1 allowed repositories");
    insta::assert_snapshot!(answer("star", "{}"), @"nothing: understood, nothing to do for `star` events");
    insta::assert_snapshot!(answer("x\ny`", "{}"), @"nothing: understood, nothing to do for `x?y?` events");
    insta::assert_snapshot!(answer("ping", r#"{"zen":"Keep it logically awesome.","hook_id":1}"#), @"ping");
}

#[test]
fn a_body_that_does_not_fit_the_event_header_is_refused() {
    insta::assert_snapshot!(answer("ping", &push("refs/heads/main", SHA, "")), @"refused: the event header says `ping` and the body is none: it has no `zen` and no `hook_id`, or it has a `ref`");
    insta::assert_snapshot!(answer("push", r#"{"zen":"x"}"#), @"refused: the event header says `push` and the body is none: field `ref` is missing (line 1, column 11)");
    insta::assert_snapshot!(answer("push", &push("refs/heads/main", "$(id)", "")), @"refused: the event header says `push` and the body is none: a field does not hold what it should (line 1, column 92)");
    insta::assert_snapshot!(answer("star", "no"), @"refused: the body cannot be read: it is not JSON (line 1, column 2)");
}

fn pull_request(repo: &str) -> String {
    format!(
        r#"{{"action":"opened","number":7,"pull_request":{{"number":7,"head":{{"sha":"{SHA}","repo":{repo}}}}},"repository":{{"id":1001,"full_name":"acme/shop"}}}}"#
    )
}

fn review(action: &str) -> String {
    format!(
        r#"{{"action":"{action}","review":{{"id":80,"state":"commented","body":"/build"}},"pull_request":{{"number":7,"head":{{"sha":"{SHA}","repo":null}}}},"repository":{{"id":1001,"full_name":"acme/shop"}}}}"#
    )
}

const MERGE_GROUP: &str = r#"{"action":"destroyed","merge_group":{"head_sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","head_ref":"refs/heads/gh-readonly-queue/main/pr-7-9049f1265b7d61be4a8904a9a27120d2064dab3b","base_ref":"refs/heads/main"},"repository":{"id":1001,"full_name":"acme/shop"}}"#;
const CHECK_RUN: &str = r#"{"action":"rerequested","check_run":{"id":4,"head_sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","external_id":"0123456789abcdef0123456789abcdef#2","check_suite":{"head_branch":"main"}},"repository":{"id":1001,"full_name":"acme/shop"}}"#;

#[test]
fn a_pull_request_says_look_when_its_head_may_have_moved_or_it_is_closed() {
    insta::assert_snapshot!(answer("pull_request", &pull_request(r#"{"id":1001}"#)), @r#"look: {"repositoryId":1001,"repository":"acme/shop","ref":"refs/pull/7/head","sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","reason":"webhook","delivery":"d-1"}"#);
    insta::assert_snapshot!(answer("pull_request", &pull_request("null").replace("opened", "closed")), @r#"look: {"repositoryId":1001,"repository":"acme/shop","ref":"refs/pull/7/head","sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","reason":"webhook","delivery":"d-1"}"#);
    insta::assert_snapshot!(answer("pull_request", &pull_request(r#"{"id":2002}"#).replace("opened", "labeled")), @"nothing: understood, nothing to do for pull request 7 from a fork of repository 1001: `labeled` at 4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192");
    insta::assert_snapshot!(answer("pull_request", &pull_request("null").replace("opened", "a\\n`b")), @"nothing: understood, nothing to do for pull request 7 from a deleted fork of repository 1001: `a??b` at 4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192");
    insta::assert_snapshot!(answer("pull_request", &pull_request("null").replace("1001", "7")), @"nothing: repository 7 is not one of the 1 allowed repositories");
    insta::assert_snapshot!(answer("pull_request_review", &review("submitted")), @r#"look: {"repositoryId":1001,"repository":"acme/shop","ref":"refs/pull/7/head","sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","reason":"webhook","delivery":"d-1"}"#);
    insta::assert_snapshot!(answer("pull_request_review", &review("edited")), @"nothing: understood, nothing to do for review of pull request 7 of repository 1001: `edited` at 4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192");
}

#[test]
fn a_merge_group_says_look_at_its_branch_and_at_no_other() {
    insta::assert_snapshot!(answer("merge_group", MERGE_GROUP), @r#"look: {"repositoryId":1001,"repository":"acme/shop","ref":"refs/heads/gh-readonly-queue/main/pr-7-9049f1265b7d61be4a8904a9a27120d2064dab3b","sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","reason":"webhook","delivery":"d-1"}"#);
    insta::assert_snapshot!(answer("merge_group", &MERGE_GROUP.replace("gh-readonly-queue/main/pr-7-9049f1265b7d61be4a8904a9a27120d2064dab3b", "main")), @"nothing: understood, nothing to do for merge group `refs/heads/main` of repository 1001: `destroyed` at 4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192");
}

#[test]
fn a_check_run_that_is_asked_for_again_names_the_release_and_where_to_look() {
    insta::assert_snapshot!(answer("check_run", CHECK_RUN), @r#"look: {"repositoryId":1001,"repository":"acme/shop","ref":"refs/heads/main","sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","reason":"webhook","delivery":"d-1","again":"0123456789abcdef0123456789abcdef"}"#);
    insta::assert_snapshot!(answer("check_run", &CHECK_RUN.replace("#2", "@refs/pull/7/head")), @r#"look: {"repositoryId":1001,"repository":"acme/shop","ref":"refs/pull/7/head","sha":"4d1b7c0e5f2a3b6c8d9e0f1a2b3c4d5e6f708192","reason":"webhook","delivery":"d-1","again":"0123456789abcdef0123456789abcdef"}"#);
    for not_ours in [
        CHECK_RUN.replace("rerequested", "completed"),
        CHECK_RUN.replace("0123456789abcdef0123456789abcdef#2", "ci-1"),
        CHECK_RUN.replace("0123456789abcdef0123456789abcdef#2", "withheld@refs/pull/7/head"),
        CHECK_RUN.replace("#2", "@refs/tags/v1"),
        CHECK_RUN.replace(r#""main""#, "null"),
        CHECK_RUN.replace("0123456789abcdef0", "0123456789ABCDEF0"),
    ] {
        let words = answer("check_run", &not_ours);
        assert!(words.starts_with("nothing: understood, nothing to do for check run 4"), "{words}");
    }
}

#[test]
fn the_event_header_cannot_make_one_event_of_another() {
    let push = push("refs/heads/main", SHA, "");
    let ping = r#"{"zen":"Keep it logically awesome.","hook_id":1}"#;
    let pull_request = pull_request("null");
    let review = review("submitted");
    let bodies = [
        ("push", push.as_str()),
        ("ping", ping),
        ("pull_request", &pull_request),
        ("pull_request_review", &review),
        ("merge_group", MERGE_GROUP),
        ("check_run", CHECK_RUN),
    ];
    for (header, _) in bodies {
        for (kind, body) in bodies {
            assert_eq!(
                answer(header, body).starts_with("refused: "),
                header != kind,
                "{kind} sent as {header}"
            );
        }
    }
    insta::assert_snapshot!(answer("merge_group", CHECK_RUN), @"refused: the event header says `merge_group` and the body is none: field `merge_group` is missing (line 1, column 236)");
    insta::assert_snapshot!(answer("check_run", &CHECK_RUN.replace("4d1b", "main")), @"refused: the event header says `check_run` and the body is none: a field does not hold what it should (line 1, column 97)");
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(event in "ping|push|pull_request|pull_request_review|merge_group|check_run|other", body in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _answer = read(&event, &body, &[1001], "d-1");
    }
}
