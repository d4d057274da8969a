//! DynamoDB: the ledger of started heads (`pk = L#<pipeline>#<branch>`, `sk = HEAD`), what each release brought
//! (`pk = R#<repository id>`, `sk = P#<sha>#<pipeline>`) and where executions came from ([`super::origins`]).
//!
//! Must not: decide; it keeps what [`crate::source::ledger`] decided, on condition of the version it was made from.
//! Specification: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html>

use crate::aws::{Aws, Lazy, classify, origins};
use crate::errors::Fault;
use crate::model::Timestamp;
use crate::source::ledger::{Claim, Entry, LedgerKey, Passed, Started};
use crate::source::ports::{Ledger, Origin};
use crate::source::push_range::PushRange;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

/// Service name in faults.
const SERVICE: &str = "DynamoDB";

type Item = HashMap<String, AttributeValue>;

/// The ledger's part of Tidegate's table.
pub struct LedgerTable {
    client: Lazy<Client>,
    table: String,
}

impl LedgerTable {
    /// The ledger in `table` (`AWS_ENDPOINT_URL_DYNAMODB`).
    #[must_use]
    pub fn new(aws: &Aws, table: String) -> Self {
        Self { client: aws.client("DYNAMODB", Client::new), table }
    }
}

impl Ledger for LedgerTable {
    async fn read(&self, key: &LedgerKey) -> Result<Entry, Fault> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", text(partition(key)))
            .key("sk", text("HEAD"))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| classify(SERVICE, "GetItem", &error))?;
        answer.item.as_ref().map_or_else(|| Ok(Entry::default()), entry_of)
    }

    async fn write(&self, key: &LedgerKey, entry: &Entry) -> Result<(), Fault> {
        let before = entry.version.saturating_sub(1);
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item_of(key, entry)));
        let put = if before == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("#version = :before")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":before", number(&before))
        };
        put.send().await.map_err(|error| classify(SERVICE, "PutItem", &error))?;
        Ok(())
    }

    async fn record_push(&self, range: &PushRange) -> Result<(), Fault> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(push_item(range)))
            .send()
            .await
            .map_err(|error| classify(SERVICE, "PutItem", &error))?;
        Ok(())
    }

    async fn record_origin(&self, execution_id: &str, origin: &Origin) -> Result<(), Fault> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(origins::item_of(execution_id, origin)))
            .send()
            .await
            .map_err(|error| classify(SERVICE, "PutItem", &error))?;
        Ok(())
    }
}

fn partition(key: &LedgerKey) -> String {
    format!("L#{}#{}", key.pipeline, key.branch)
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: &impl ToString) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn item_of(key: &LedgerKey, entry: &Entry) -> Item {
    let mut item: Item = [
        ("pk", text(partition(key))),
        ("sk", text("HEAD")),
        ("version", number(&entry.version)),
        ("sequence", number(&entry.sequence)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    if let Some(started) = &entry.started {
        item.insert("last_head".to_owned(), text(started.sha.as_str()));
        item.insert("release_id".to_owned(), text(&started.release_id));
        item.insert("execution_id".to_owned(), text(&started.execution_id));
    }
    if let Some(claim) = &entry.claim {
        item.insert("claim_sha".to_owned(), text(claim.sha.as_str()));
        item.insert("claim_release_id".to_owned(), text(&claim.release_id));
        item.insert("claim_until_ms".to_owned(), number(&claim.until.millis()));
    }
    if let Some(passed) = &entry.passed {
        item.insert("passed_head".to_owned(), text(passed.sha.as_str()));
        item.insert("passed_scope".to_owned(), text(&passed.scope));
    }
    item
}

fn entry_of(item: &Item) -> Result<Entry, Fault> {
    let started = match optional(item, "last_head") {
        Some(sha) => Some(Started {
            sha: sha.parse().map_err(|_| unreadable("last_head"))?,
            release_id: required(item, "release_id")?,
            execution_id: required(item, "execution_id")?,
        }),
        None => None,
    };
    let claim = match optional(item, "claim_sha") {
        Some(sha) => Some(Claim {
            sha: sha.parse().map_err(|_| unreadable("claim_sha"))?,
            release_id: required(item, "claim_release_id")?,
            until: Timestamp::from_millis(integer(item, "claim_until_ms")?),
        }),
        None => None,
    };
    let passed = match optional(item, "passed_head") {
        Some(sha) => Some(Passed {
            sha: sha.parse().map_err(|_| unreadable("passed_head"))?,
            scope: required(item, "passed_scope")?,
        }),
        None => None,
    };
    let (version, sequence) = (integer(item, "version")?, integer(item, "sequence")?);
    Ok(Entry { version, sequence, started, claim, passed })
}

fn optional<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}

fn required(item: &Item, name: &str) -> Result<String, Fault> {
    optional(item, name).map(ToOwned::to_owned).ok_or_else(|| unreadable(name))
}

fn integer<T: std::str::FromStr>(item: &Item, name: &str) -> Result<T, Fault> {
    item.get(name)
        .and_then(|value| value.as_n().ok())
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| unreadable(name))
}

fn unreadable(name: &str) -> Fault {
    Fault::Unreadable {
        service: SERVICE,
        operation: "GetItem",
        detail: format!("attribute `{name}` of the ledger entry is missing or of another kind"),
    }
}

fn push_item(range: &PushRange) -> Item {
    let mut item: Item = [
        ("pk", text(format!("R#{}", range.repository_id))),
        ("sk", text(format!("P#{}#{}", range.after, range.pipeline))),
        ("branch", text(&range.branch)),
        ("pipeline", text(&range.pipeline)),
        ("release_id", text(&range.release_id)),
        ("commits", text(range.commits_json())),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    if let Some(newest) = range.commits.last() {
        let at = newest.committed_at.sort_key();
        item.insert("gsi1pk".to_owned(), text(format!("T#{}", at.get(..7).unwrap_or_default())));
        item.insert("gsi1sk".to_owned(), text(format!("{at}#push#{}", range.after)));
    }
    if let Some(before) = &range.before {
        item.insert("before".to_owned(), text(before.as_str()));
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CommitSha;

    fn sha(digit: &str) -> CommitSha {
        digit.repeat(40).parse().unwrap()
    }

    fn key() -> LedgerKey {
        LedgerKey { pipeline: "shop-production".to_owned(), branch: "main".to_owned() }
    }

    #[test]
    fn an_entry_comes_back_as_it_was_written() {
        let started = Started { sha: sha("a"), release_id: "r1".to_owned(), execution_id: "e1".to_owned() };
        let claim = Claim { sha: sha("b"), release_id: "r2".to_owned(), until: Timestamp::from_millis(42) };
        for (started, claim) in
            [(None, Some(claim.clone())), (Some(started.clone()), None), (Some(started), Some(claim))]
        {
            let entry = Entry {
                version: 3,
                sequence: 2,
                started,
                claim,
                passed: Some(Passed { sha: sha("c"), scope: "s".to_owned() }),
            };
            let item = item_of(&key(), &entry);
            assert_eq!(optional(&item, "pk"), Some("L#shop-production#main"));
            assert_eq!(entry_of(&item).unwrap(), entry);
        }
    }

    #[test]
    fn an_entry_with_a_part_missing_is_unreadable_and_never_taken_for_empty() {
        let mut item = item_of(&key(), &Entry { version: 1, ..Entry::default() });
        item.remove("version");
        insta::assert_snapshot!(entry_of(&item).unwrap_err(), @"DynamoDB answered `GetItem` with something unreadable: attribute `version` of the ledger entry is missing or of another kind");
    }

    #[test]
    fn a_push_is_kept_under_its_newest_commit() {
        let range = PushRange {
            repository_id: 1001,
            branch: "main".to_owned(),
            pipeline: "shop-production".to_owned(),
            before: Some(sha("a")),
            after: sha("b"),
            release_id: "r1".to_owned(),
            commits: Vec::new(),
        };
        let item = push_item(&range);
        assert_eq!(optional(&item, "pk"), Some("R#1001"));
        assert_eq!(optional(&item, "sk"), Some(format!("P#{}#shop-production", sha("b")).as_str()));
        assert_eq!(optional(&item, "before"), Some(sha("a").as_str()));
        assert_eq!(optional(&item, "commits"), Some("[]"));
    }
}
