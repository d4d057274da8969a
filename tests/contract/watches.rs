//! Watches: made once, changed only by who read the newest version, found after they are closed.

use crate::stack::Table;
use anyhow::Result;
use shared::aws::watches::WatchTable;
use shared::delivery::eprocess::Counts;
use shared::delivery::ports::{Stored, Watches};
use shared::delivery::watch::{Kind, TargetGroup, Watch, WatchVerdict};
use shared::memory::MemoryWatches;
use shared::model::{MINUTE, Timestamp};
use std::collections::BTreeMap;

fn watch(id: &str) -> Watch {
    let group = |name: &str| TargetGroup {
        name: name.to_owned(),
        dimension: format!("targetgroup/{name}/0123456789abcdef"),
        load_balancer: "app/b2b/0123456789abcdef".to_owned(),
    };
    Watch {
        deployment_id: id.to_owned(),
        application: "b2b".to_owned(),
        group: "api-gateway".to_owned(),
        green: group("green"),
        blue: group("blue"),
        created_at: Timestamp::from_millis(1_795_470_003_250),
        minutes: BTreeMap::new(),
        exposure_percent: 0,
        verdict: None,
        waiting: None,
        final_state: None,
    }
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
    let counts = Counts {
        green_requests: 600,
        green_errors: 3,
        blue_requests: 5400,
        blue_errors: u64::from(u32::MAX),
    };
    first.watch.take([(first.watch.created_at.minute().plus(MINUTE), counts)]);
    first.watch.exposure_percent = 10;
    let reason = "green answered 15 of 600 requests with 5XX, `\"quoted\"`, naïve ✓".to_owned();
    first.watch.verdict = Some(WatchVerdict { kind: Kind::Harm, reason, decided_at: first.watch.created_at });
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
