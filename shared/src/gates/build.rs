//! A finished build as EventBridge tells of it: which one it is, and where its reports are.
//!
//! Must not: read anything but what that very build has written. The bucket is the stack's own, the folder is that of builds, and the key
//! names the build; a project's settings are not ours, and whoever may change them must not be able to point the gate somewhere else.
//! Specification: <https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications.html#sample-build-notifications-ref>,
//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectArtifacts.html>

use super::job::Artifact;
use crate::errors::Rejection;
use serde_json::Value;

/// What the keys of the reports of builds begin with.
pub const FOLDER: &str = "builds/";
/// Name of the one artifact in paths and sentences.
pub const ARTIFACT: &str = "build";
/// The event's `detail-type`.
pub const DETAIL_TYPE: &str = "CodeBuild Build State Change";

/// A build that has ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Finished {
    /// `<project>:<uuid>`.
    pub id: String,
    /// Project.
    pub project: String,
    /// The part of the id that is the build's own.
    pub uuid: String,
    /// Where its reports are; none when it says that it has none.
    pub artifact: Option<Artifact>,
}

/// Reads the event; `bucket` is the one that builds write to.
///
/// # Errors
/// When the event is about no finished build, or points to something that the build has not written.
pub fn read(event: &Value, bucket: &str) -> Result<Finished, Rejection> {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let status = text("/detail/build-status");
    if text("/detail-type") != DETAIL_TYPE || !matches!(status, "SUCCEEDED" | "FAILED") {
        return Err(Rejection::new("the event is about no build that has succeeded or failed"));
    }
    let arn = text("/detail/build-id");
    let id = arn.rsplit('/').next().unwrap_or_default();
    let (project, uuid) = id.split_once(':').unwrap_or_default();
    // Both become part of keys.
    let name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_uuid = uuid.len() == 36 && uuid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if project.is_empty() || !project.bytes().all(name) || !is_uuid {
        return Err(Rejection::new("`.detail.build-id` is not `<project>:<uuid>`"));
    }
    let location = text("/detail/additional-information/artifact/location");
    Ok(Finished {
        id: id.to_owned(),
        project: project.to_owned(),
        uuid: uuid.to_owned(),
        artifact: if location.is_empty() { None } else { Some(artifact(location, bucket, uuid)?) },
    })
}

/// `arn:<partition>:s3:::<bucket>/<key>`.
fn artifact(location: &str, bucket: &str, uuid: &str) -> Result<Artifact, Rejection> {
    let path = location.split_once(":s3:::").map(|(_, path)| path);
    let Some((known, key)) = path.and_then(|path| path.split_once('/')) else {
        return Err(Rejection::new("the build's artifact is no object in S3"));
    };
    if known != bucket || !key.starts_with(FOLDER) {
        return Err(Rejection::new(format!(
            "the build's artifact is not in `{FOLDER}` of the stack's artifact bucket"
        )));
    }
    let names_it = |part: &str| part == uuid || part.strip_suffix(".zip") == Some(uuid);
    if !key.split('/').any(names_it) {
        return Err(Rejection::new(
            "no part of the artifact's key is the build's own id: give the project `namespaceType: BUILD_ID`",
        ));
    }
    Ok(Artifact { name: ARTIFACT.to_owned(), bucket: bucket.to_owned(), key: key.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = include_str!("../../../events/quality-gate/build-succeeded.json");
    const UUID: &str = "4b1c9d2e-0000-4000-8000-000000000001";

    fn event(pointer: &str, value: &str) -> Value {
        let mut event: Value = serde_json::from_str(EVENT).unwrap();
        if let Some(place) = event.pointer_mut(pointer) {
            *place = value.into();
        }
        event
    }

    fn located(location: &str) -> Result<Finished, Rejection> {
        read(&event("/detail/additional-information/artifact/location", location), "tidegate-artifacts")
    }

    #[test]
    fn a_finished_build_names_itself_and_its_reports() {
        let finished = read(&event("/nothing", ""), "tidegate-artifacts").unwrap();
        assert_eq!(
            (finished.id, finished.project, finished.uuid),
            (format!("shop-checks:{UUID}"), "shop-checks".to_owned(), UUID.to_owned())
        );
        assert_eq!(
            finished.artifact.map(|artifact| artifact.key),
            Some(format!("builds/1001/{UUID}/reports.zip"))
        );
        assert_eq!(located("").unwrap().artifact, None, "a build may have written nothing");
        assert!(located(&format!("arn:aws-cn:s3:::tidegate-artifacts/builds/{UUID}.zip")).is_ok());
    }

    #[test]
    fn only_what_that_very_build_has_written_is_read() {
        let refused = |location: String| located(&location).unwrap_err().to_string();
        insta::assert_snapshot!(refused(format!("arn:aws:s3:::tidegate-sources/builds/{UUID}/r.zip")), @"the build's artifact is not in `builds/` of the stack's artifact bucket");
        insta::assert_snapshot!(refused(format!("arn:aws:s3:::tidegate-artifacts/b2b-production/{UUID}")), @"the build's artifact is not in `builds/` of the stack's artifact bucket");
        insta::assert_snapshot!(refused(format!("arn:aws:s3:::tidegate-artifacts/builds/x{UUID}/r.zip")), @"no part of the artifact's key is the build's own id: give the project `namespaceType: BUILD_ID`");
        insta::assert_snapshot!(refused("/codebuild/output".to_owned()), @"the build's artifact is no object in S3");
    }

    #[test]
    fn what_is_no_finished_build_is_refused() {
        let refused = |pointer: &str, value: &str| read(&event(pointer, value), "b").unwrap_err().to_string();
        insta::assert_snapshot!(refused("/detail/build-status", "IN_PROGRESS"), @"the event is about no build that has succeeded or failed");
        insta::assert_snapshot!(refused("/detail-type", "Something New"), @"the event is about no build that has succeeded or failed");
        for id in [
            "",
            "arn:x",
            "p:1",
            "a b:4b1c9d2e-0000-4000-8000-000000000001",
            "p:../../../../x-0000-4000-8000-0000000001",
        ] {
            assert_eq!(
                refused("/detail/build-id", id),
                "`.detail.build-id` is not `<project>:<uuid>`",
                "{id}"
            );
        }
    }
}
