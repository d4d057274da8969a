//! Watches: made once, changed only by who read the newest version, found after they are closed.

use crate::stack::Table;
use anyhow::Result;
use shared::aws::watches::WatchTable;
use shared::delivery::gate::record;
use shared::delivery::policy::Policy;
use shared::delivery::ports::{Deployment, Stored, Watches};
use shared::delivery::series::{Minute, Pair};
use shared::delivery::verdict::{Kind, Verdict};
use shared::delivery::watch::{Arms, TargetGroup, Watch};
use shared::memory::MemoryWatches;
use shared::model::{MINUTE, Timestamp};

fn watch(id: &str) -> Watch {
    let group = |name: &str| TargetGroup {
        name: name.to_owned(),
        dimension: format!("targetgroup/{name}/0123456789abcdef"),
        load_balancer: "app/b2b/0123456789abcdef".to_owned(),
        task_definition: "api:7".to_owned(),
    };
    let at = Timestamp::from_millis(1_795_470_003_250);
    let deployment = Deployment {
        id: id.to_owned(),
        application: "b2b".to_owned(),
        group: "api-gateway".to_owned(),
        cluster: "b2b".to_owned(),
        service: "api-gateway".to_owned(),
        status: "InProgress".to_owned(),
        creator: "user".to_owned(),
        created_at: at,
        lifecycle: Vec::new(),
        task_sets: Vec::new(),
        pauses: Vec::new(),
        next_percent: None,
        rollback: None,
        message: None,
    };
    let mut watch = record(&deployment);
    watch.arms = Some(Arms { green: group("green"), blue: Some(group("blue")) });
    watch.watched_from = Some(at);
    watch.policy = serde_json::to_value(Policy::default()).unwrap();
    watch
}

async fn laws(watches: &impl Watches) {
    assert!(watches.active().await.unwrap().is_empty());
    assert_eq!(watches.get("d-1").await.unwrap(), None);
    let unknown = Stored { watch: watch("d-9"), version: 1 };
    assert!(watches.save(&unknown).await.is_err_and(|fault| fault.is_conflict()), "nobody made it");

    watches.create(&watch("d-1")).await.unwrap();
    watches.create(&watch("d-2")).await.unwrap();
    let mut first = watches.get("d-1").await.unwrap().expect("it was made");
    assert_eq!(first.watch, watch("d-1"));

    let stale = first.clone();
    let seen = Minute::of("errors", Pair::of((600, 3), (5400, u64::from(u32::MAX))));
    first.watch.minutes.insert(first.watch.created_at.minute().plus(MINUTE), seen);
    first.watch.noise = Some([("errors".to_owned(), 0.1 + 0.2)].into());
    first.watch.see_weight(first.watch.created_at, 10);
    let reason = "green answered 15 of 600 requests with 5XX, `\"quoted\"`, naïve ✓".to_owned();
    let decided_at = first.watch.created_at;
    first.watch.verdict = Some(Verdict { kind: Kind::Harm, reason, decided_at, dry_run: false });
    first.version = watches.save(&first).await.unwrap();
    assert_eq!(watches.get("d-1").await.unwrap().as_ref(), Some(&first), "what was written is read");
    assert!(
        watches.save(&stale).await.is_err_and(|fault| fault.is_conflict()),
        "an old version changes nothing"
    );
    watches.create(&watch("d-1")).await.unwrap();
    assert_eq!(
        watches.get("d-1").await.unwrap().as_ref(),
        Some(&first),
        "making it again leaves it as it is"
    );

    let mut ids: Vec<_> =
        watches.active().await.unwrap().into_iter().map(|s| s.watch.deployment_id).collect();
    ids.sort();
    assert_eq!(ids, ["d-1", "d-2"]);

    for _ in 0..2 {
        watches.close(&first).await.expect("a crash after closing closes it again");
        let active = watches.active().await.unwrap();
        assert_eq!(active.iter().map(|s| s.watch.deployment_id.as_str()).collect::<Vec<_>>(), ["d-2"]);
        assert_eq!(
            watches.get("d-1").await.unwrap().map(|s| s.watch),
            Some(first.watch.clone()),
            "closed ones are found"
        );
    }
    assert!(
        watches.save(&first).await.is_err_and(|fault| fault.is_conflict()),
        "closed ones are not written"
    );
}

#[tokio::test]
async fn memory_keeps_the_laws() {
    laws(&MemoryWatches::default()).await;
}

#[tokio::test]
async fn the_table_keeps_the_laws() -> Result<()> {
    let table = Table::fresh("watches")?;
    laws(&WatchTable::new(&table.aws, &table.name)).await;
    Ok(())
}
