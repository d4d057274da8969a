//! Everything outside for a story, in memory: each call of a port can be stopped before and after its effect, fail, or lose its answer.

use super::{Rules, Token};
use crate::errors::Fault;
use crate::memory::MemoryLedger;
use crate::model::{CommitSha, Timestamp};
use crate::source::ledger::{Entry, LEASE_MS, LedgerKey};
use crate::source::ports::{Label, Ledger, Origin, Published, Runners, SourceHost, SourceStore, StartOrder};
use crate::source::pulls::{Pull, Review};
use crate::source::push_range::{Commit, PushRange};
use crate::source::reconcile::tests::{Pause, run};
use crate::source::routes::{Route, Runner};
use proptest::prelude::RngExt;
use proptest::test_runner::{RngAlgorithm, TestRng};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write};

/// Of a thousand calls, so many fail before their effect, and as many lose their answer after it.
const TROUBLE: u32 = 10;

/// An execution of a pipeline.
pub(super) struct Execution {
    pub(super) release_id: String,
    pub(super) sha: CommitSha,
}

/// GitHub, the table, the bucket and CodePipeline.
pub(super) struct Outside {
    rules: Rules,
    pub(super) chance: RefCell<TestRng>,
    /// Every head that each branch ever had, oldest first.
    pub(super) heads: RefCell<BTreeMap<String, Vec<CommitSha>>>,
    /// What was started, by branch (each has its own pipeline), in order.
    pub(super) executions: RefCell<BTreeMap<String, Vec<Execution>>>,
    ledger: MemoryLedger,
    /// For a table that does not look at the version: what it would hold.
    careless: RefCell<BTreeMap<LedgerKey, Entry>>,
    objects: RefCell<BTreeSet<String>>,
    /// Whether calls fail now.
    pub(super) trouble: Cell<bool>,
    /// Where the worker that was polled last stands.
    pub(super) point: Cell<(&'static str, &'static str)>,
}

impl Outside {
    pub(super) fn new(seed: u8, rules: Rules) -> Self {
        Self {
            rules,
            chance: RefCell::new(TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32])),
            heads: RefCell::default(),
            executions: RefCell::default(),
            ledger: MemoryLedger::default(),
            careless: RefCell::default(),
            objects: RefCell::default(),
            trouble: Cell::new(true),
            point: Cell::new(("", "")),
        }
    }

    /// True `per_mille` times in a thousand.
    pub(super) fn now_and_then(&self, per_mille: u32) -> bool {
        self.chance.borrow_mut().random_range(0..1000) < per_mille
    }

    /// A number below `end`.
    pub(super) fn below(&self, end: i64) -> i64 {
        self.chance.borrow_mut().random_range(0..end)
    }

    /// One call of a port.
    async fn call<T>(
        &self,
        name: &'static str,
        effect: impl FnOnce() -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.point.set((name, "before"));
        Pause(false).await;
        self.fail(name)?;
        let value = effect()?;
        self.point.set((name, "after"));
        Pause(false).await;
        self.fail(name)?;
        Ok(value)
    }

    fn fail(&self, operation: &'static str) -> Result<(), Fault> {
        if self.trouble.get() && self.now_and_then(TROUBLE) {
            let detail = "timed out".to_owned();
            return Err(Fault::Transient { service: "the model", operation, detail });
        }
        Ok(())
    }

    fn read_entry(&self, key: &LedgerKey) -> Result<Entry, Fault> {
        let entry = match self.careless.borrow().get(key) {
            Some(entry) => entry.clone(),
            None => run((&self.ledger).read(key), 1).unwrap()?,
        };
        // A lease of another length, without another product: claims look that much older than they are.
        let claim = entry.claim.map(|mut claim| {
            claim.until = claim.until.plus(self.rules.lease_ms - LEASE_MS);
            claim
        });
        Ok(Entry { claim, ..entry })
    }
}

impl SourceHost for &Outside {
    async fn head(&self, route: &Route) -> Result<Option<CommitSha>, Fault> {
        let head = || {
            Ok(self.heads.borrow().get(&route.reference.to_string()).and_then(|heads| heads.last().cloned()))
        };
        self.call("read the head", head).await
    }

    async fn commit(&self, _: &str, sha: &CommitSha) -> Result<Commit, Fault> {
        let commit = Commit::new(sha.clone(), Timestamp::from_millis(0), "somebody", "a change");
        self.call("read the commits", || Ok(commit)).await
    }

    async fn commits_between(&self, _: &str, _: &CommitSha, after: &CommitSha) -> Result<Vec<Commit>, Fault> {
        Ok(vec![self.commit("", after).await?])
    }

    async fn branches(&self, _: &Route, _: &str) -> Result<Vec<(String, CommitSha)>, Fault> {
        let all = self.heads.borrow();
        Ok(all.iter().filter_map(|(name, heads)| Some((name.clone(), heads.last()?.clone()))).collect())
    }

    async fn pull(&self, _: &Route, _: u64) -> Result<Option<Pull>, Fault> {
        Ok(None)
    }

    async fn open_pulls(&self, _: &Route) -> Result<Vec<Pull>, Fault> {
        Ok(Vec::new())
    }

    async fn reviews(&self, _: &str, _: u64) -> Result<Vec<Review>, Fault> {
        Ok(Vec::new())
    }

    async fn may_write(&self, _: &str, _: &str) -> Result<bool, Fault> {
        Ok(false)
    }

    /// Every commit differs from every other.
    async fn objects(&self, _: &str, sha: &CommitSha, _: &[String]) -> Result<Vec<Option<String>>, Fault> {
        self.call("read the trees", || Ok(vec![Some(sha.to_string())])).await
    }

    async fn archive(&self, _: &str, sha: &CommitSha) -> Result<Vec<u8>, Fault> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("top/sha", zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(sha.as_str().as_bytes()).unwrap();
        let bytes = zip.finish().unwrap().into_inner();
        self.call("download the archive", || Ok(bytes)).await
    }
}

impl Ledger for &Outside {
    async fn read(&self, key: &LedgerKey) -> Result<Entry, Fault> {
        self.call("read the ledger", || self.read_entry(key)).await
    }

    async fn write(&self, key: &LedgerKey, entry: &Entry) -> Result<(), Fault> {
        let write = || {
            if self.rules.conditional_writes {
                return run((&self.ledger).write(key, entry), 1).unwrap();
            }
            self.careless.borrow_mut().insert(key.clone(), entry.clone());
            Ok(())
        };
        let name = if entry.claim.is_some() { "write the claim" } else { "write the start down" };
        self.call(name, write).await
    }

    async fn record_push(&self, range: &PushRange) -> Result<(), Fault> {
        self.call("record the push", || run((&self.ledger).record_push(range), 1).unwrap()).await
    }

    async fn record_origin(&self, execution_id: &str, origin: &Origin) -> Result<(), Fault> {
        let record = || run((&self.ledger).record_origin(execution_id, origin), 1).unwrap();
        self.call("record the origin", record).await
    }
}

fn published(key: &str) -> Published {
    Published { key: key.to_owned(), version_id: "1".to_owned() }
}

impl SourceStore for &Outside {
    async fn find(&self, key: &str) -> Result<Option<Published>, Fault> {
        let find = || Ok(self.objects.borrow().contains(key).then(|| published(key)));
        self.call("look for the source", find).await
    }

    async fn publish(&self, label: &Label, _: Vec<u8>, _: [u8; 32]) -> Result<Published, Fault> {
        let publish = || {
            self.objects.borrow_mut().insert(label.key.clone());
            Ok(published(&label.key))
        };
        self.call("publish the source", publish).await
    }
}

impl Runners for &Outside {
    async fn find_release(
        &self,
        _: Runner,
        pipeline: &str,
        release_id: &str,
    ) -> Result<Option<String>, Fault> {
        let find = || {
            let all = self.executions.borrow();
            let known =
                all.get(pipeline).is_some_and(|all| all.iter().any(|one| one.release_id == release_id));
            Ok((known && self.rules.adopts).then(|| release_id.to_owned()))
        };
        self.call("look for the execution", find).await
    }

    async fn start(&self, order: &StartOrder) -> Result<String, Fault> {
        let start = || {
            let mut all = self.executions.borrow_mut();
            let executions = all.entry(order.pipeline.clone()).or_default();
            let known = executions.iter().any(|one| one.release_id == order.release_id);
            if !(known && self.rules.token == Token::Honoured) {
                executions.push(Execution { release_id: order.release_id.clone(), sha: order.sha.clone() });
            }
            Ok(order.release_id.clone())
        };
        self.call("start the pipeline", start).await
    }

    async fn stop_build(&self, _: &str) -> Result<(), Fault> {
        unreachable!("the model has no builds")
    }
}
