//! What GitHub was told of a release: what was written is read; a write holds only on the version it was made from; releases are apart.

use crate::stack::Table;
use anyhow::Result;
use shared::aws::feedback::FeedbackTable;
use shared::feedback::plan::WrittenDeployment;
use shared::feedback::ports::{Kept, Release};
use shared::memory::MemoryKept;

fn release(deployment: u64) -> Release {
    let mut release = Release::default();
    let told = WrittenDeployment { id: deployment, mark: None };
    release.written.deployments.insert("DeployProduction".to_owned(), told);
    release
}

async fn laws(releases: &impl Kept) {
    assert_eq!(releases.read::<Release>("r1").await.unwrap(), (Release::default(), 0), "nobody wrote yet");
    for version in 1..=3 {
        releases.save("r1", &release(version), version).await.unwrap();
        assert_eq!(
            releases.read::<Release>("r1").await.unwrap(),
            (release(version), version),
            "what was written is read"
        );
    }
    for stale in [1, 2, 3, 5] {
        let lost = releases.save("r1", &release(9), stale).await;
        assert!(lost.as_ref().is_err_and(|fault| fault.is_conflict()), "version {stale} over 3: {lost:?}");
        assert_eq!(
            releases.read::<Release>("r1").await.unwrap(),
            (release(3), 3),
            "who loses changes nothing"
        );
    }
    assert!(releases.save("r1", &release(4), 4).await.is_ok());
    assert!(
        releases.save("r1", &release(5), 4).await.is_err_and(|fault| fault.is_conflict()),
        "one of two wins"
    );
    assert_eq!(
        releases.read::<Release>("r").await.unwrap(),
        (Release::default(), 0),
        "`r` is another release"
    );
}

#[tokio::test]
async fn memory_keeps_the_laws() {
    laws(&&MemoryKept::default()).await;
}

#[tokio::test]
async fn the_table_keeps_the_laws() -> Result<()> {
    let table = Table::fresh("releases")?;
    laws(&FeedbackTable::new(&table.aws, table.name.clone())).await;
    Ok(())
}
