//! The stores in memory: what each port promises, in a few lines that can be read. Tests only; no function enables this feature
//! (`scripts/check-pure` looks).
//!
//! `tests/contract` holds these and the adapters in [`crate::aws`] to the same laws, so a unit test over them says something about the
//! table. Must not: do anything that the laws do not ask for.

use crate::delivery::ports::{Stored, Watches};
use crate::delivery::watch::Watch;
use crate::errors::Fault;
use crate::feedback::ports::{Kept, State};
use crate::gates::normal::Normal;
use crate::gates::ports::{Answer, Record, Verdicts};
use crate::metrics::fact::Fact;
use crate::metrics::ports::{Facts, History, Row};
use crate::model::Timestamp;
use crate::source::ledger::{Entry, LedgerKey};
use crate::source::ports::{Ledger, Origin, Origins};
use crate::source::push_range::PushRange;
use std::cell::RefCell;
use std::collections::BTreeMap;

const SERVICE: &str = "memory";

fn conflict() -> Fault {
    Fault::Conflict { service: SERVICE, operation: "write" }
}

/// The ledger of started heads.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    entries: RefCell<BTreeMap<LedgerKey, Entry>>,
    pushes: RefCell<BTreeMap<(u64, String, String), PushRange>>,
    origins: RefCell<BTreeMap<String, Origin>>,
}

impl MemoryLedger {
    /// What each release brought, by its newest commit and pipeline.
    #[must_use]
    pub fn pushes(&self) -> Vec<PushRange> {
        self.pushes.borrow().values().cloned().collect()
    }
}

impl Ledger for &MemoryLedger {
    async fn read(&self, key: &LedgerKey) -> Result<Entry, Fault> {
        Ok(self.entries.borrow().get(key).cloned().unwrap_or_default())
    }

    async fn write(&self, key: &LedgerKey, entry: &Entry) -> Result<(), Fault> {
        let mut entries = self.entries.borrow_mut();
        if entries.get(key).map_or(0, |known| known.version) + 1 != entry.version {
            return Err(conflict());
        }
        entries.insert(key.clone(), entry.clone());
        Ok(())
    }

    async fn record_push(&self, range: &PushRange) -> Result<(), Fault> {
        let key = (range.repository_id, range.after.to_string(), range.pipeline.clone());
        self.pushes.borrow_mut().insert(key, range.clone());
        Ok(())
    }

    async fn record_origin(&self, execution_id: &str, origin: &Origin) -> Result<(), Fault> {
        self.origins.borrow_mut().insert(execution_id.to_owned(), origin.clone());
        Ok(())
    }
}

impl Origins for &MemoryLedger {
    async fn origin(&self, execution_id: &str) -> Result<Option<Origin>, Fault> {
        Ok(self.origins.borrow().get(execution_id).cloned())
    }
}

/// What is known, and what GitHub was told, as the text that it is kept as.
#[derive(Debug, Default)]
pub struct MemoryKept {
    kept: RefCell<BTreeMap<String, (String, u64)>>,
}

impl Kept for &MemoryKept {
    async fn read<T: State>(&self, id: &str) -> Result<(T, u64), Fault> {
        match self.kept.borrow().get(id) {
            Some((text, version)) => {
                serde_json::from_str(text).map(|state| (state, *version)).map_err(|error| unwritable(&error))
            }
            None => Ok((T::default(), 0)),
        }
    }

    async fn save<T: State>(&self, id: &str, state: &T, version: u64) -> Result<(), Fault> {
        let text = serde_json::to_string(state).map_err(|error| unwritable(&error))?;
        let mut kept = self.kept.borrow_mut();
        if kept.get(id).map_or(0, |(_, known)| *known) + 1 != version {
            return Err(conflict());
        }
        kept.insert(id.to_owned(), (text, version));
        Ok(())
    }
}

/// The table of watches.
#[derive(Debug, Default)]
pub struct MemoryWatches {
    active: RefCell<BTreeMap<String, Stored>>,
    closed: RefCell<BTreeMap<String, Stored>>,
}

impl Watches for MemoryWatches {
    async fn active(&self) -> Result<Vec<Stored>, Fault> {
        Ok(self.active.borrow().values().cloned().collect())
    }

    async fn get(&self, deployment: &str) -> Result<Option<Stored>, Fault> {
        let active = self.active.borrow().get(deployment).cloned();
        Ok(active.or_else(|| self.closed.borrow().get(deployment).cloned()))
    }

    async fn create(&self, watch: &Watch) -> Result<(), Fault> {
        let new = Stored { watch: watch.clone(), version: 1 };
        self.active.borrow_mut().entry(watch.deployment_id.clone()).or_insert(new);
        Ok(())
    }

    async fn save(&self, stored: &Stored) -> Result<u64, Fault> {
        let mut active = self.active.borrow_mut();
        let known = active.get_mut(&stored.watch.deployment_id).ok_or_else(conflict)?;
        if known.version != stored.version {
            return Err(conflict());
        }
        *known = Stored { watch: stored.watch.clone(), version: stored.version + 1 };
        Ok(known.version)
    }

    async fn close(&self, stored: &Stored) -> Result<(), Fault> {
        let id = &stored.watch.deployment_id;
        self.closed.borrow_mut().entry(id.clone()).or_insert_with(|| stored.clone());
        self.active.borrow_mut().remove(id);
        Ok(())
    }
}

/// The rows that figures are made from: facts and verdicts, by month.
#[derive(Debug, Default)]
pub struct MemoryHistory {
    /// By partition and sort key: the place in time, and the row.
    rows: RefCell<BTreeMap<(String, String), (String, Row)>>,
    answers: RefCell<BTreeMap<(String, String), Answer>>,
}

impl MemoryHistory {
    fn put(&self, pk: String, sk: String, at: Timestamp, kind: &str, body: String) {
        let place = format!("{}#{kind}", at.sort_key());
        let row = Row { pk: pk.clone(), sk: sk.clone(), body };
        self.rows.borrow_mut().insert((pk, sk), (place, row));
    }
}

fn unwritable(error: &serde_json::Error) -> Fault {
    Fault::Unreadable { service: SERVICE, operation: "write", detail: error.to_string() }
}

impl Facts for MemoryHistory {
    async fn store(&self, fact: &Fact) -> Result<(), Fault> {
        let (pk, sk) = fact.key();
        let kind = format!("{pk}#{sk}");
        let body = serde_json::to_string(fact).map_err(|error| unwritable(&error))?;
        self.put(pk, sk, fact.at, &kind, body);
        Ok(())
    }
}

impl Verdicts for MemoryHistory {
    async fn answered(&self, execution: &str, stage: &str, job: &str) -> Result<Option<Answer>, Fault> {
        let key = (format!("G#{execution}"), format!("{stage}#{job}"));
        Ok(self.answers.borrow().get(&key).cloned())
    }

    fn place(&self, key: &str) -> String {
        format!("memory:{key}")
    }

    async fn store(&self, record: &Record, _: &Normal, answer: Option<&Answer>) -> Result<(), Fault> {
        let body = record.brief().map_err(|error| unwritable(&error))?;
        let (pk, sk) = (format!("G#{}", record.execution_id), format!("{}#{}", record.stage, record.job_id));
        if let Some(answer) = answer {
            self.answers.borrow_mut().insert((pk.clone(), sk.clone()), answer.clone());
        }
        self.put(pk, sk, record.decided_at, &format!("gate#{}", record.job_id), body);
        Ok(())
    }
}

impl History for MemoryHistory {
    async fn month(&self, month: &str) -> Result<Vec<Row>, Fault> {
        let rows = self.rows.borrow();
        let mut found: Vec<&(String, Row)> =
            rows.values().filter(|(place, _)| place.starts_with(month)).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found.into_iter().map(|(_, row)| row.clone()).collect())
    }
}
