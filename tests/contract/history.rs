//! Facts and verdicts: stored in any order and any number of times, read by month, oldest first.

use crate::stack::Table;
use anyhow::Result;
use shared::aws::facts::FactTable;
use shared::aws::verdicts::VerdictStore;
use shared::gates::normal::Normal;
use shared::gates::ports::{Answer, FailureKind, Record, Verdicts};
use shared::gates::verdict::{Judged, Outcome, Verdict};
use shared::memory::MemoryHistory;
use shared::metrics::fact::{Fact, What};
use shared::metrics::ports::{Facts, History, Row};
use shared::model::Timestamp;

/// Text of a row that makes a month longer than one page of a query (1 MB).
const LONG: usize = 150_000;

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn execution(at: &str, id: &str, state: &str) -> Fact {
    let what = What::Execution {
        pipeline: "b2b-production".to_owned(),
        execution: id.to_owned(),
        state: state.to_owned(),
        attempt: 1,
    };
    Fact { at: time(at), what }
}

/// The facts of November, oldest first: whole seconds and fractions of one among each other.
fn november() -> Vec<Fact> {
    let mut facts = vec![
        execution("2026-11-01T00:00:00Z", "e-0", "SUCCEEDED"),
        execution("2026-11-24T09:00:00Z", "e-1", "STARTED"),
        execution("2026-11-24T09:00:00.25Z", "e-2", "STARTED"),
        execution("2026-11-24T09:00:01Z", "e-1", "SUCCEEDED"),
    ];
    facts.push(Fact {
        at: time("2026-11-30T23:59:59.999Z"),
        what: What::Scan {
            repository: "b2b/api-gateway".to_owned(),
            digest: "sha256:0".to_owned(),
            state: "COMPLETE".to_owned(),
            counts: vec![("HIGH".to_owned(), 0)],
        },
    });
    facts
}

fn record(message: &str) -> Record {
    let judged = Judged {
        id: "line-coverage".to_owned(),
        outcome: Outcome::Fail,
        metric: "coverage.lines".to_owned(),
        operator: ">=".to_owned(),
        threshold: 80.0,
        actual: Some(78.4),
        message: message.to_owned(),
        ..Judged::default()
    };
    Record {
        job_id: "11111111-abcd-1111-abcd-111111abcdef".to_owned(),
        execution_id: "e-1".to_owned(),
        pipeline: "b2b-production".to_owned(),
        stage: "Gate".to_owned(),
        branch: String::new(),
        commit_id: "a".repeat(40),
        policy: "build".to_owned(),
        decided_at: time("2026-11-24T09:00:00.5Z"),
        reports: vec!["reports/lcov.info".to_owned()],
        images: Vec::new(),
        verdict: Verdict { outcome: Outcome::Fail, conditions: vec![judged], ..Verdict::default() },
    }
}

fn measured(record: &Record) -> Normal {
    Normal::of(record, &["reports"], Vec::new())
}

async fn keys(history: &impl History, month: &str) -> Vec<(String, String)> {
    history.month(month).await.unwrap().into_iter().map(|row| (row.pk, row.sk)).collect()
}

async fn laws(facts: &impl Facts, verdicts: &impl Verdicts, history: &impl History) {
    assert!(history.month("2026-11").await.unwrap().is_empty());
    let november = november();
    let shuffled = november.iter().rev().chain(november.iter().skip(2)).chain(&november);
    for fact in shuffled {
        facts.store(fact).await.unwrap();
    }
    facts.store(&execution("2026-10-31T23:59:59.999Z", "e-0", "STARTED")).await.unwrap();
    facts.store(&execution("2026-12-01T00:00:00Z", "e-3", "STARTED")).await.unwrap();

    let wanted: Vec<_> = november.iter().map(Fact::key).collect();
    let found = keys(history, "2026-11").await;
    assert_eq!(
        found, wanted,
        "twice and in any order is once, oldest first by the moment and not by the letters"
    );
    let rows = history.month("2026-11").await.unwrap();
    let read: Vec<Fact> = rows.iter().map(|row| serde_json::from_str(&row.body).unwrap()).collect();
    assert!(november.iter().all(|fact| read.contains(fact)), "what was stored is read");
    assert_eq!(keys(history, "2026-12").await, [execution("2026-12-01T00:00:00Z", "e-3", "STARTED").key()]);

    let (first, second) =
        (record("78.40 %"), record("`coverage.lines` is 78.40 % (98 of 125), asked for ≥ 80 %"));
    verdicts.store(&first, &measured(&first), None).await.unwrap();
    let kept = || verdicts.answered("e-1", "Gate", &first.job_id);
    assert_eq!(kept().await.unwrap(), None, "what was judged and not answered has no answer");
    let answer =
        Answer::Fail { kind: FailureKind::JobFailed, message: "78.40 %, asked for ≥ 80 %".to_owned() };
    verdicts.store(&second, &measured(&second), Some(&answer)).await.unwrap();
    assert_eq!(kept().await.unwrap(), Some(answer));
    assert_eq!(verdicts.answered("e-1", "Test", &first.job_id).await.unwrap(), None);
    assert!(verdicts.place(&first.key()).ends_with("gates/e-1/11111111-abcd-1111-abcd-111111abcdef.json"));
    let rows = history.month("2026-11").await.unwrap();
    let gates: Vec<&Row> = rows.iter().filter(|row| row.pk == "G#e-1").collect();
    assert_eq!(gates.len(), 1, "a job that is judged again has one verdict");
    assert_eq!(gates.first().map(|row| row.body.clone()), serde_json::to_string(&second).ok(), "the newest");
    assert_eq!(rows.get(3).map(|row| row.pk.as_str()), Some("G#e-1"), "among the facts by its time");
}

/// A month of more than one page loses nothing.
async fn long_month(verdicts: &impl Verdicts, history: &impl History) {
    for n in 0..10 {
        let mut long = record(&"x".repeat(LONG));
        long.job_id = format!("job-{n}");
        long.decided_at = time("2027-01-01T00:00:00Z").plus(n);
        verdicts.store(&long, &measured(&long), None).await.unwrap();
    }
    let found = keys(history, "2027-01").await;
    let wanted: Vec<_> = (0..10).map(|n| ("G#e-1".to_owned(), format!("Gate#job-{n}"))).collect();
    assert_eq!(found, wanted);
}

#[tokio::test]
async fn memory_keeps_the_laws() {
    let memory = MemoryHistory::default();
    laws(&memory, &memory, &memory).await;
    long_month(&memory, &memory).await;
}

#[tokio::test]
async fn the_table_keeps_the_laws() -> Result<()> {
    let table = Table::fresh("history")?;
    let rows = FactTable::new(&table.aws, &table.name);
    let verdicts = VerdictStore::new(&table.aws, &table.name, &table.bucket);
    laws(&rows, &verdicts, &rows).await;
    long_month(&verdicts, &rows).await;
    Ok(())
}
