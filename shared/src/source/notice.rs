//! The small message from the source function to feedback, on the queue that brings it EventBridge's events: what no event would say.
//!
//! It has EventBridge's two words, `detail-type` and `detail`, so that one reader sorts everything that comes out of the queue.
//! Must not: carry a name or a title of a pull request, or anything that decides; whoever reads it shows it and no more.

use crate::model::CommitSha;
use crate::source::reference::Reference;
use serde::{Deserialize, Serialize};

/// What the source function tells developers by way of feedback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "detail-type", content = "detail")]
pub enum Notice {
    /// The head of a pull request from a fork waits until somebody who may write has reviewed that very commit.
    #[serde(rename = "Tidegate Build Withheld", rename_all = "camelCase")]
    Withheld {
        /// GitHub's numeric id.
        repository_id: u64,
        /// `owner/name`.
        repository: String,
        /// The pull request.
        #[serde(rename = "ref", with = "full_ref")]
        reference: Reference,
        /// The head that waits.
        sha: CommitSha,
        /// CodeBuild project that would build it.
        project: String,
        /// The release that it would be.
        release_id: String,
        /// Which build of this project and reference it would be, as in [`crate::source::ports::Origin`]: one more than the ledger has
        /// claimed. What is shown never goes back behind a greater one; of two with the same, the one that was sent later is shown.
        sequence: u64,
    },
}

/// A reference as the full ref that Git calls it by.
mod full_ref {
    use super::Reference;
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(reference: &Reference, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&reference.full())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Reference, D::Error> {
        let text = String::deserialize(deserializer)?;
        Reference::parse(&text)
            .ok_or_else(|| D::Error::custom("`ref` is neither a branch nor the head of a pull request"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn withheld() -> Notice {
        Notice::Withheld {
            repository_id: 1001,
            repository: "acme/shop".to_owned(),
            reference: Reference::Pull(7),
            sha: "a".repeat(40).parse().unwrap(),
            project: "shop-checks".to_owned(),
            release_id: "0".repeat(32),
            sequence: 3,
        }
    }

    #[test]
    fn a_withheld_build_is_written_in_the_words_that_feedback_reads() {
        let text = serde_json::to_string(&withheld()).unwrap();
        insta::assert_snapshot!(text, @r#"{"detail-type":"Tidegate Build Withheld","detail":{"repositoryId":1001,"repository":"acme/shop","ref":"refs/pull/7/head","sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","project":"shop-checks","releaseId":"00000000000000000000000000000000","sequence":3}}"#);
        assert_eq!(serde_json::from_str::<Notice>(&text).unwrap(), withheld());
    }

    #[test]
    fn a_message_about_anything_but_a_branch_or_a_pull_request_is_refused() {
        let text = serde_json::to_string(&withheld()).unwrap();
        let error = serde_json::from_str::<Notice>(&text.replace("refs/pull/7/head", "refs/tags/v1"));
        insta::assert_snapshot!(error.unwrap_err(), @"`ref` is neither a branch nor the head of a pull request at line 1 column 116");
        assert!(serde_json::from_str::<Notice>(&text.replace("Withheld", "Forgotten")).is_err());
    }
}
