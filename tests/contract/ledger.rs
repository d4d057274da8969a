//! The ledger: what was written is read; a write holds only on the version it was made from; keys are apart; an execution leads
//! back to its origin.

use crate::stack::Table;
use anyhow::Result;
use shared::aws::ledger::LedgerTable;
use shared::aws::origins::OriginTable;
use shared::memory::MemoryLedger;
use shared::model::{CommitSha, Timestamp};
use shared::source::ledger::{Claim, Entry, LedgerKey, Passed, Started};
use shared::source::ports::{Ledger, Origin, Origins};
use shared::source::push_range::{Commit, PushRange};
use shared::source::reference::Reference;
use shared::source::routes::Runner;

fn sha(digit: &str) -> CommitSha {
    digit.repeat(40).parse().expect("forty hexadecimal digits")
}

fn key(branch: &str) -> LedgerKey {
    LedgerKey { pipeline: "b2b-production".to_owned(), branch: branch.to_owned() }
}

fn claimed(version: u64, digit: &str) -> Entry {
    let claim = Claim { sha: sha(digit), release_id: format!("r{digit}"), until: Timestamp::from_millis(42) };
    Entry { version, sequence: version, started: None, claim: Some(claim), passed: None }
}

fn started(version: u64, digit: &str) -> Entry {
    let started =
        Started { sha: sha(digit), release_id: format!("r{digit}"), execution_id: "e-1".to_owned() };
    Entry {
        version,
        sequence: 1,
        started: Some(started),
        claim: None,
        passed: Some(Passed { sha: sha("f"), scope: "0011223344556677".to_owned() }),
    }
}

fn origin(digit: &str) -> Origin {
    Origin {
        repository_id: 1001,
        repository: "acme/b2b-ecommerce-platform".to_owned(),
        sha: sha(digit),
        reference: Reference::Branch("main".to_owned()),
        runner: Runner::Pipeline,
        pipeline: "b2b-production".to_owned(),
        environment: "production".to_owned(),
        release_id: format!("r{digit}"),
        sequence: 1,
    }
}

async fn origin_laws(ledger: &impl Ledger, origins: &impl Origins) {
    assert_eq!(origins.origin("e-1").await.unwrap(), None, "nobody wrote yet");
    for _ in 0..2 {
        ledger.record_origin("e-1", &origin("a")).await.expect("recording an origin again is no error");
    }
    ledger.record_origin("e-2", &origin("b")).await.unwrap();
    assert_eq!(origins.origin("e-1").await.unwrap(), Some(origin("a")), "what was written is read");
    assert_eq!(origins.origin("e-2").await.unwrap(), Some(origin("b")), "executions are apart");
    assert_eq!(origins.origin("e-").await.unwrap(), None, "`e-` is another execution");
}

async fn laws(ledger: &impl Ledger) {
    let main = key("main");
    assert_eq!(ledger.read(&main).await.unwrap(), Entry::default(), "nobody wrote yet");

    for entry in [claimed(1, "a"), started(2, "a"), Entry { claim: claimed(3, "b").claim, ..started(3, "a") }]
    {
        ledger.write(&main, &entry).await.unwrap();
        assert_eq!(ledger.read(&main).await.unwrap(), entry, "what was written is read");
    }

    let known = ledger.read(&main).await.unwrap();
    for stale in [1, 2, 3, 5] {
        let lost = ledger.write(&main, &claimed(stale, "c")).await;
        assert!(lost.as_ref().is_err_and(|fault| fault.is_conflict()), "version {stale} over 3: {lost:?}");
        assert_eq!(ledger.read(&main).await.unwrap(), known, "who loses changes nothing");
    }

    let (first, second) = (claimed(4, "c"), claimed(4, "d"));
    assert!(ledger.write(&main, &first).await.is_ok());
    assert!(ledger.write(&main, &second).await.is_err_and(|fault| fault.is_conflict()), "one of two wins");
    assert_eq!(ledger.read(&main).await.unwrap(), first);

    for other in ["develop", "mai", "main#HEAD", "MAIN"] {
        assert_eq!(ledger.read(&key(other)).await.unwrap(), Entry::default(), "`{other}` is another branch");
    }
    assert!(ledger.write(&key("develop"), &claimed(2, "a")).await.is_err_and(|fault| fault.is_conflict()));

    let commit =
        Commit::new(sha("b"), Timestamp::from_millis(0), "Ann", "orders: refuse negative quantities");
    let range = PushRange {
        repository_id: 1001,
        branch: "main".to_owned(),
        pipeline: "b2b-production".to_owned(),
        before: Some(sha("a")),
        after: sha("b"),
        release_id: "rb".to_owned(),
        commits: vec![commit],
    };
    for _ in 0..2 {
        ledger.record_push(&range).await.expect("recording a push again is no error");
    }
}

#[tokio::test]
async fn memory_keeps_the_laws() {
    let memory = MemoryLedger::default();
    laws(&&memory).await;
    origin_laws(&&memory, &&memory).await;
}

#[tokio::test]
async fn the_table_keeps_the_laws() -> Result<()> {
    let table = Table::fresh("ledger")?;
    let ledger = LedgerTable::new(&table.aws, table.name.clone());
    laws(&ledger).await;
    origin_laws(&ledger, &OriginTable::new(&table.aws, table.name.clone())).await;
    Ok(())
}
