//! Every kind of invocation, on the events that `sam local invoke` takes too (`events/source`).

mod builds;

use super::*;
use shared::errors::Fault;
use shared::memory::MemoryLedger;
use shared::model::CommitSha;
use shared::source::notice::Notice;
use shared::source::ports::{Label, Published, Revision, StartOrder};
use shared::source::pulls::{Opinion, Pull, Review};
use shared::source::push_range::Commit;
use shared::source::routes::Runner;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

const BATCH: &str = include_str!("../../../../events/source/batch.json");
const POLL: &str = include_str!("../../../../events/source/poll.json");
const MANUAL: &str = include_str!("../../../../events/source/manual.json");
const ROUTES: &str = "
version: 1
repositories:
  - id: 1001
    name: acme/b2b-ecommerce-platform
    branches:
      - { branch: main, pipeline: b2b-production, environment: production, mode: queued }
      - { branch: develop, pipeline: b2b-staging, environment: staging, mode: superseded }
";

/// GitHub, the ledger, the store and the pipelines, in memory.
struct Outside {
    heads: BTreeMap<&'static str, char>,
    routes: RefCell<String>,
    ledger: MemoryLedger,
    orders: RefCell<Vec<StartOrder>>,
    failing_branch: Cell<Option<&'static str>>,
    denied: Cell<bool>,
    broken: Cell<bool>,
    /// How often the store was asked.
    looked_up: Cell<u32>,
    pulls: RefCell<Vec<Pull>>,
    reviews: RefCell<Vec<Review>>,
    stopped: RefCell<Vec<String>>,
    told: RefCell<Vec<Notice>>,
    queue_is_down: Cell<bool>,
}

impl Outside {
    fn new() -> Self {
        Self {
            heads: BTreeMap::from([("main", 'a'), ("develop", 'b')]),
            routes: RefCell::new(ROUTES.to_owned()),
            ledger: MemoryLedger::default(),
            orders: RefCell::default(),
            failing_branch: Cell::new(None),
            denied: Cell::new(false),
            broken: Cell::new(false),
            looked_up: Cell::new(0),
            pulls: RefCell::default(),
            reviews: RefCell::default(),
            stopped: RefCell::default(),
            told: RefCell::default(),
            queue_is_down: Cell::new(false),
        }
    }

    fn started(&self) -> Vec<String> {
        let told = |order: &StartOrder| match &order.revision {
            Revision::Object(object) => format!("{} {}", order.pipeline, object.key),
            Revision::Commit => format!("{} {} of {}", order.pipeline, order.sha.short(), order.action),
        };
        self.orders.borrow().iter().map(told).collect()
    }

    async fn invoke(&self, event: &str) -> Result<Value, String> {
        let ports = Ports { host: self, ledger: &self.ledger, store: self, runners: self };
        let handler = Handler::new(ports, self, self, || Timestamp::from_millis(0));
        let payload = serde_json::from_str(event).unwrap();
        let answer = handler.handle(LambdaEvent::new(payload, lambda_runtime::Context::default())).await;
        answer.map_err(|error| error.error_message)
    }
}

impl RouteSource for &Outside {
    async fn routes_text(&self) -> Result<String, Fault> {
        Ok(self.routes.borrow().clone())
    }
}

impl SourceHost for &Outside {
    async fn head(&self, route: &Route) -> Result<Option<CommitSha>, Fault> {
        assert!(!self.broken.get(), "planted panic");
        let (service, operation) = ("GitHub", "get a ref");
        if self.failing_branch.get() == route.reference.branch() {
            let detail = "status 502".to_owned();
            return Err(if self.denied.get() {
                Fault::Denied { service, operation, detail }
            } else {
                Fault::Transient { service, operation, detail }
            });
        }
        Ok(self
            .heads
            .get(route.reference.branch().unwrap_or_default())
            .map(|digit| digit.to_string().repeat(40).parse().unwrap()))
    }

    async fn commit(&self, _: &str, sha: &CommitSha) -> Result<Commit, Fault> {
        Ok(Commit::new(sha.clone(), Timestamp::from_millis(0), "Ann", "a change"))
    }

    async fn commits_between(&self, _: &str, _: &CommitSha, after: &CommitSha) -> Result<Vec<Commit>, Fault> {
        Ok(vec![self.commit("", after).await?])
    }

    async fn branches(&self, _: &Route, prefix: &str) -> Result<Vec<(String, CommitSha)>, Fault> {
        let sha = |digit: &char| digit.to_string().repeat(40).parse().unwrap();
        let found = self.heads.iter().filter(|(name, _)| name.starts_with(prefix));
        Ok(found.map(|(name, digit)| ((*name).to_owned(), sha(digit))).collect())
    }

    async fn pull(&self, _: &Route, number: u64) -> Result<Option<Pull>, Fault> {
        Ok(self.pulls.borrow().iter().find(|pull| pull.number == number).cloned())
    }

    async fn open_pulls(&self, _: &Route) -> Result<Vec<Pull>, Fault> {
        Ok(self.pulls.borrow().iter().filter(|pull| pull.is_open).cloned().collect())
    }

    async fn reviews(&self, _: &str, _: u64) -> Result<Vec<Review>, Fault> {
        Ok(self.reviews.borrow().clone())
    }

    async fn may_write(&self, _: &str, _: &str) -> Result<bool, Fault> {
        Ok(true)
    }

    async fn objects(&self, _: &str, _: &CommitSha, paths: &[String]) -> Result<Vec<Option<String>>, Fault> {
        Ok(vec![None; paths.len()])
    }

    async fn archive(&self, _: &str, _: &CommitSha) -> Result<Vec<u8>, Fault> {
        Err(Fault::Missing {
            service: "GitHub",
            operation: "download an archive",
            detail: "not needed, it is published".to_owned(),
        })
    }
}

impl SourceStore for &Outside {
    async fn find(&self, key: &str) -> Result<Option<Published>, Fault> {
        self.looked_up.set(self.looked_up.get() + 1);
        Ok(Some(Published { key: key.to_owned(), version_id: "v1".to_owned() }))
    }

    async fn publish(&self, label: &Label, _: Vec<u8>, _: [u8; 32]) -> Result<Published, Fault> {
        Ok(Published { key: label.key.clone(), version_id: "v1".to_owned() })
    }
}

impl Notices for &Outside {
    async fn tell(&self, notice: &Notice) -> Result<(), Fault> {
        if self.queue_is_down.get() {
            return Err(Fault::Transient {
                service: "SQS",
                operation: "SendMessage",
                detail: "status 503".to_owned(),
            });
        }
        self.told.borrow_mut().push(notice.clone());
        Ok(())
    }
}

impl Runners for &Outside {
    async fn find_release(&self, _: Runner, _: &str, _: &str) -> Result<Option<String>, Fault> {
        Ok(None)
    }

    async fn start(&self, order: &StartOrder) -> Result<String, Fault> {
        self.orders.borrow_mut().push(order.clone());
        Ok(format!("execution-{}", self.orders.borrow().len()))
    }

    async fn stop_build(&self, build_id: &str) -> Result<(), Fault> {
        self.stopped.borrow_mut().push(build_id.to_owned());
        Ok(())
    }
}

#[tokio::test]
async fn a_batch_starts_what_it_names_and_gives_back_only_what_failed() {
    let outside = Outside::new();
    let answer = outside.invoke(BATCH).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "m-2"}]}));
    assert_eq!(outside.started(), [format!("b2b-production sources/1001/{}.zip", "a".repeat(40))]);
}

#[tokio::test]
async fn the_same_batch_again_starts_nothing() {
    let outside = Outside::new();
    for _ in 0..3 {
        outside.invoke(BATCH).await.unwrap();
    }
    assert_eq!(outside.orders.borrow().len(), 1);
}

#[tokio::test]
async fn a_poll_looks_at_every_route_and_says_what_it_did() {
    let outside = Outside::new();
    let answer = outside.invoke(POLL).await.unwrap();
    assert_eq!(answer["looked"], 2);
    insta::assert_snapshot!(answer["outcomes"][0]["message"].as_str().unwrap(), @"started aaaaaaaaaaaa as execution execution-1");
    assert_eq!(answer["outcomes"][1]["started"][0]["executionId"], "execution-2");
    let again = outside.invoke(POLL).await.unwrap();
    insta::assert_snapshot!(again["outcomes"][1]["message"].as_str().unwrap(), @"nothing to do, head bbbbbbbbbbbb was started before");
    assert_eq!(again["outcomes"][1]["started"], json!([]));
}

#[tokio::test]
async fn a_poll_looks_at_every_branch_that_a_pattern_means() {
    let mut outside = Outside::new();
    outside.heads =
        BTreeMap::from([("main", 'a'), ("release/1", 'b'), ("release/2", 'c'), ("release/2/fix", 'd')]);
    outside.routes.replace(ROUTES.replace("branch: develop", "branch: 'release/*'"));
    let answer = outside.invoke(POLL).await.unwrap();
    let branches: Vec<_> =
        answer["outcomes"].as_array().unwrap().iter().map(|o| o["branch"].as_str().unwrap()).collect();
    assert_eq!(branches, ["main", "release/1", "release/2"]);
    assert_eq!(outside.orders.borrow().len(), 3);
}

#[tokio::test]
async fn a_pipeline_with_a_connection_is_told_the_commit_and_needs_no_zip() {
    let outside = Outside::new();
    let connected = "pipeline: b2b-production, source: connection, source_action: Checkout,";
    outside.routes.replace(ROUTES.replace("pipeline: b2b-production,", connected));
    outside.invoke(BATCH).await.unwrap();
    assert_eq!(outside.started(), ["b2b-production aaaaaaaaaaaa of Checkout"]);
    assert_eq!(outside.looked_up.get(), 0, "the store is not asked");
}

#[tokio::test]
async fn a_person_starts_a_branch_and_is_told() {
    let outside = Outside::new();
    let answer = outside.invoke(MANUAL).await.unwrap();
    assert_eq!(answer["outcomes"][0]["pipeline"], "b2b-production");
    let elsewhere = outside.invoke(&MANUAL.replace("refs/heads/main", "refs/heads/feature")).await.unwrap();
    assert_eq!(elsewhere, json!({"looked": 0, "outcomes": []}));
}

#[tokio::test]
async fn one_branch_that_fails_does_not_keep_the_others_from_being_looked_at() {
    let outside = Outside::new();
    outside.failing_branch.set(Some("main"));
    let answer = outside.invoke(POLL).await.unwrap();
    insta::assert_snapshot!(answer["outcomes"][0]["message"].as_str().unwrap(), @"to be looked at again: GitHub could not answer `get a ref` now: status 502");
    assert_eq!(outside.orders.borrow().len(), 1);
    insta::assert_snapshot!(outside.invoke(MANUAL).await.unwrap_err(), @"1 of 1 look(s) failed: branch `main` of `acme/b2b-ecommerce-platform`: GitHub could not answer `get a ref` now: status 502");
    let batch = outside.invoke(BATCH).await.unwrap();
    assert_eq!(batch["batchItemFailures"].as_array().unwrap().len(), 2);
    outside.denied.set(true);
    insta::assert_snapshot!(outside.invoke(POLL).await.unwrap_err(), @"1 of 2 look(s) failed: branch `main` of `acme/b2b-ecommerce-platform`: GitHub refused `get a ref`: status 502");
}

#[tokio::test]
async fn routes_that_cannot_be_read_give_the_whole_batch_back() {
    let outside = Outside::new();
    outside.routes.replace("version: one".to_owned());
    let batch = outside.invoke(BATCH).await.unwrap();
    assert_eq!(batch["batchItemFailures"].as_array().unwrap().len(), 3);
    insta::assert_snapshot!(outside.invoke(POLL).await.unwrap_err(), @"the routes cannot be read: not a whole number at line 1, column 10");
}

#[tokio::test]
async fn a_bug_fails_its_message_and_no_other() {
    let outside = Outside::new();
    outside.broken.set(true);
    let batch = outside.invoke(BATCH).await.unwrap();
    assert_eq!(batch, json!({"batchItemFailures": [{"itemIdentifier": "m-1"}, {"itemIdentifier": "m-2"}]}));
    insta::assert_snapshot!(outside.invoke(MANUAL).await.unwrap_err(), @"1 of 1 look(s) failed: branch `main` of `acme/b2b-ecommerce-platform`: the source function is broken: planted panic");
}

#[tokio::test]
async fn an_event_of_no_known_kind_is_an_error() {
    let outside = Outside::new();
    insta::assert_snapshot!(outside.invoke("{}").await.unwrap_err(), @"the message is not a source request: field `repositoryId` is missing (line 1, column 2)");
    insta::assert_snapshot!(outside.invoke(r#"{"Records":[{"body":"{}"}]}"#).await.unwrap_err(), @"a record of the batch has no `messageId`");
}

#[tokio::test]
async fn a_release_is_started_once_more_when_a_person_asks_for_it() {
    let outside = Outside::new();
    outside.invoke(POLL).await.unwrap();
    let release = outside.orders.borrow()[0].release_id.clone();
    let again =
        json!({"repositoryId": 1001, "ref": "refs/heads/main", "reason": "webhook", "again": release})
            .to_string();
    for _ in 0..2 {
        outside.invoke(&again).await.unwrap();
    }
    let of_main = outside.orders.borrow().iter().filter(|order| order.pipeline == "b2b-production").count();
    assert_eq!(of_main, 2);
}
