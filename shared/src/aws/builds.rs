//! CodeBuild: start a build on exactly one commit, find the build of a release again, stop one.
//!
//! A build gets the source as one version of one object and a few generated ids. Must not: override anything else of a project (its role,
//! buildspec, image and privileges are its owner's), or pass a name from a payload on.
//! Specification: <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html>

use crate::aws::{Aws, Lazy, classify};
use crate::errors::Fault;
use crate::source::ports::{Revision, StartOrder};
use aws_sdk_codebuild::Client;
use aws_sdk_codebuild::types::{Build, EnvironmentVariable, SortOrderType, SourceType};

/// Service name in faults.
const SERVICE: &str = "CodeBuild";
/// Operation name in faults.
const START: &str = "StartBuild";
/// Environment variable that names the release: what a build is found by again.
const RELEASE_ID: &str = "TIDEGATE_RELEASE_ID";
/// Environment variable that names the commit.
const COMMIT_ID: &str = "TIDEGATE_COMMIT_ID";
/// Environment variable with the number of the pull request.
const PULL_REQUEST: &str = "TIDEGATE_PULL_REQUEST";
/// How many of the newest builds are searched for a release: a claim is looked after within minutes of its start.
const SEARCHED: usize = 50;

/// The account's projects.
pub struct CodeBuilds {
    client: Lazy<Client>,
    bucket: String,
}

impl CodeBuilds {
    /// Over the environment's connection (`AWS_ENDPOINT_URL_CODEBUILD`); sources are objects of `bucket`.
    #[must_use]
    pub fn new(aws: &Aws, bucket: String) -> Self {
        Self { client: aws.client("CODEBUILD", Client::new), bucket }
    }

    /// The build of `project` that was started with this release id.
    ///
    /// # Errors
    /// When the service does not say.
    pub(super) async fn find_release(
        &self,
        project: &str,
        release_id: &str,
    ) -> Result<Option<String>, Fault> {
        let listed = self
            .client
            .list_builds_for_project()
            .project_name(project)
            .sort_order(SortOrderType::Descending)
            .send()
            .await
            .map_err(|error| classify(SERVICE, "ListBuildsForProject", &error))?;
        let ids: Vec<String> = listed.ids.unwrap_or_default().into_iter().take(SEARCHED).collect();
        if ids.is_empty() {
            return Ok(None);
        }
        let answer = self
            .client
            .batch_get_builds()
            .set_ids(Some(ids))
            .send()
            .await
            .map_err(|error| classify(SERVICE, "BatchGetBuilds", &error))?;
        // A build that is listed and not told may be the one: to take it for absent would start it twice.
        if !answer.builds_not_found().is_empty() {
            let detail = format!("{} listed build(s) are not told yet", answer.builds_not_found().len());
            return Err(Fault::Transient { service: SERVICE, operation: "BatchGetBuilds", detail });
        }
        let found = answer.builds.unwrap_or_default().into_iter().find(|build| is_of(build, release_id));
        Ok(found.and_then(|build| build.id))
    }

    /// Starts a build; its id.
    ///
    /// # Errors
    /// When none is known to have been started; one may have been.
    pub(super) async fn start(&self, order: &StartOrder) -> Result<String, Fault> {
        let call = self
            .client
            .start_build()
            .project_name(&order.pipeline)
            .set_environment_variables_override(Some(variables(order)?))
            .idempotency_token(&order.release_id);
        let call = match &order.revision {
            Revision::Object(object) => call
                .source_type_override(SourceType::S3)
                .source_location_override(format!("{}/{}", self.bucket, object.key))
                .source_version(&object.version_id),
            Revision::Commit => call.source_version(order.sha.as_str()),
        };
        let answer = call.send().await.map_err(|error| classify(SERVICE, START, &error))?;
        answer.build_value.and_then(|build| build.id).ok_or_else(|| unreadable("no build id"))
    }

    /// Stops a build; one that is not there any more is stopped.
    ///
    /// # Errors
    /// When it is not known to be stopped.
    pub(super) async fn stop(&self, build_id: &str) -> Result<(), Fault> {
        let stopped = self.client.stop_build().id(build_id).send().await;
        match stopped.map_err(|error| classify(SERVICE, "StopBuild", &error)) {
            Ok(_) => Ok(()),
            Err(fault) if fault.is_missing() => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}

fn is_of(build: &Build, release_id: &str) -> bool {
    let variables = build.environment().map(|environment| environment.environment_variables());
    variables
        .unwrap_or_default()
        .iter()
        .any(|variable| variable.name() == RELEASE_ID && variable.value() == release_id)
}

fn variables(order: &StartOrder) -> Result<Vec<EnvironmentVariable>, Fault> {
    let mut variables =
        vec![variable(RELEASE_ID, &order.release_id)?, variable(COMMIT_ID, order.sha.as_str())?];
    if let Some(number) = order.pull_request {
        variables.push(variable(PULL_REQUEST, &number.to_string())?);
    }
    Ok(variables)
}

fn variable(name: &str, value: &str) -> Result<EnvironmentVariable, Fault> {
    EnvironmentVariable::builder()
        .name(name)
        .value(value)
        .build()
        .map_err(|error| unreadable(&error.to_string()))
}

fn unreadable(what: &str) -> Fault {
    Fault::Unreadable { service: SERVICE, operation: START, detail: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::ports::Published;
    use crate::source::routes::Runner;

    #[test]
    fn a_build_is_told_generated_ids_and_is_found_by_its_release() {
        let object = Published { key: "builds/1001/a.zip".to_owned(), version_id: "v1".to_owned() };
        let order = StartOrder {
            runner: Runner::Build,
            pipeline: "shop-checks".to_owned(),
            action: "Source".to_owned(),
            revision: Revision::Object(object),
            sha: "a".repeat(40).parse().unwrap(),
            release_id: "r1".to_owned(),
            pull_request: Some(7),
        };
        let variables = variables(&order).unwrap();
        let names: Vec<&str> = variables.iter().map(EnvironmentVariable::name).collect();
        assert_eq!(names, [RELEASE_ID, COMMIT_ID, PULL_REQUEST]);
        let environment = aws_sdk_codebuild::types::ProjectEnvironment::builder()
            .r#type(aws_sdk_codebuild::types::EnvironmentType::LinuxContainer)
            .image("image")
            .compute_type(aws_sdk_codebuild::types::ComputeType::BuildGeneral1Small)
            .set_environment_variables(Some(variables))
            .build()
            .unwrap();
        let build = Build::builder().environment(environment).build();
        assert!(is_of(&build, "r1") && !is_of(&build, "r2"));
        assert!(!is_of(&Build::builder().build(), "r1"));
    }
}
