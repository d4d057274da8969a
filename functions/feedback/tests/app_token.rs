//! What an App's token may do: no more than is written, and less where the installation was given less. Over plain HTTP, so that no key is
//! read; GitHub scripted.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends at the first thing that is not as it should be"
)]

use local::recorder::{Recorder, Reply};
use serde_json::{Value, json};
use shared::errors::Fault;
use shared::feedback::ports::{KeySource, PrivateKey};
use shared::github::AppTokens;
use shared::model::Timestamp;
use shared::source::ports::{Token, TokenSource};

const EXCHANGE: &str = "POST /app/installations/34/access_tokens";

struct NoKey;

impl KeySource for NoKey {
    async fn private_key(&self) -> Result<PrivateKey, Fault> {
        Err(Fault::Denied {
            service: "test",
            operation: "read the key",
            detail: "it is not asked for".to_owned(),
        })
    }
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_470_000_000)
}

fn given() -> Reply {
    Reply::json(&json!({"token": "given", "expires_at": "2026-11-23T22:40:00Z"})).with_status(201)
}

/// The token that GitHub gives after `answers`, and the permissions that it was asked for.
fn asked(answers: Vec<Reply>) -> (Result<Option<Token>, Fault>, Vec<Value>) {
    let github = Recorder::start().unwrap();
    for answer in answers {
        github.answer(EXCHANGE, answer);
    }
    let tokens = AppTokens::new(github.url().to_owned(), 12, 34, NoKey, now);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let token = runtime.block_on(tokens.token());
    let bodies = github.requests_of(EXCHANGE);
    (token, bodies.iter().map(|request| request.json()["permissions"].clone()).collect())
}

#[test]
fn a_token_may_write_checks_deployments_and_the_comment_and_read_no_code() {
    let (token, permissions) = asked(vec![given()]);
    assert!(token.unwrap().is_some_and(|Token(text)| text == "given"));
    insta::assert_snapshot!(json!(permissions), @r#"[{"checks":"write","deployments":"write","metadata":"read","pull_requests":"write"}]"#);
}

#[test]
fn an_installation_without_pull_requests_gives_a_token_for_the_rest() {
    let refused = json!({"message": "The permissions requested are not granted to this installation."});
    let (token, permissions) = asked(vec![Reply::json(&refused).with_status(422), given()]);
    assert!(token.unwrap().is_some());
    insta::assert_snapshot!(json!(permissions), @r#"[{"checks":"write","deployments":"write","metadata":"read","pull_requests":"write"},{"checks":"write","deployments":"write","metadata":"read"}]"#);
}

#[test]
fn an_installation_that_is_not_there_is_a_fault_and_a_refusal_is_not_asked_twice() {
    let (token, permissions) = asked(vec![Reply::json(&json!({})).with_status(404)]);
    insta::assert_snapshot!(token.err().unwrap(), @"GitHub has no such thing for `create an installation token`: status 404");
    assert_eq!(permissions.len(), 2);
    let (token, permissions) = asked(vec![Reply::json(&json!({})).with_status(401)]);
    insta::assert_snapshot!(token.err().unwrap(), @"GitHub refused `create an installation token`: status 401");
    assert_eq!(permissions.len(), 1);
}
