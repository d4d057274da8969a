//! Check runs, deployments and commit statuses: looked for by our own ids before they are made, so that doing it twice shows it once.
//!
//! Must not: decide what is shown; [`crate::feedback::plan`] does.
//! Specification: <https://docs.github.com/en/rest/checks/runs>, <https://docs.github.com/en/rest/deployments/deployments>,
//! <https://docs.github.com/en/rest/deployments/statuses>, <https://docs.github.com/en/rest/commits/statuses>

use crate::feedback::plan::{CheckRun, Write};
use crate::feedback::ports::{FeedbackHost, HostFault, Made};
use crate::github::client::GitHub;
use crate::source::ports::{Origin, TokenSource};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

/// Operation names in faults.
const FIND_CHECK_RUN: &str = "list check runs";
const CREATE_CHECK_RUN: &str = "create a check run";
const UPDATE_CHECK_RUN: &str = "update a check run";
const FIND_DEPLOYMENT: &str = "list deployments";
const CREATE_DEPLOYMENT: &str = "create a deployment";
const CREATE_DEPLOYMENT_STATUS: &str = "create a deployment status";
const CREATE_COMMIT_STATUS: &str = "create a commit status";

/// Longest address that is kept for a link, in bytes.
const MAX_LINK: usize = 300;

#[derive(Deserialize)]
struct MadeAnswer {
    id: u64,
    #[serde(default)]
    html_url: Option<String>,
}

#[derive(Deserialize)]
struct CheckRuns {
    check_runs: Vec<KnownCheckRun>,
}

#[derive(Deserialize)]
struct KnownCheckRun {
    id: u64,
    external_id: Option<String>,
}

#[derive(Deserialize)]
struct KnownDeployment {
    id: u64,
    payload: Value,
}

impl<T: TokenSource> FeedbackHost for GitHub<T> {
    async fn write(&self, origin: &Origin, write: &Write) -> Result<Made, HostFault> {
        self.verify(origin.repository_id, &origin.repository).await?;
        match write {
            Write::CheckRun { id, run, .. } => self.check_run(origin, *id, run).await,
            Write::Deployment { stage, environment } => self.deployment(origin, stage, environment).await,
            Write::DeploymentStatus { deployment, state, .. } => {
                let path = format!("/repos/{}/deployments/{deployment}/statuses", origin.repository);
                self.make(CREATE_DEPLOYMENT_STATUS, Method::POST, &path, &json!({"state": state})).await
            }
            Write::CommitStatus { context, state, description, .. } => {
                let path = format!("/repos/{}/statuses/{}", origin.repository, origin.sha);
                let body = json!({"context": context, "state": state, "description": description});
                self.make(CREATE_COMMIT_STATUS, Method::POST, &path, &body).await
            }
            Write::Comment { id, marker, body } => self.comment(origin, *id, marker, body).await,
        }
    }
}

impl<T: TokenSource> GitHub<T> {
    pub(super) async fn make(
        &self,
        operation: &'static str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Made, HostFault> {
        let MadeAnswer { id, html_url } = self.send(operation, method, path, body).await?.json(operation)?;
        Ok(Made { id, link: html_url.filter(|url| may_stand_in_a_link(url)) })
    }

    async fn check_run(&self, origin: &Origin, id: Option<u64>, run: &CheckRun) -> Result<Made, HostFault> {
        let known = match id {
            Some(id) => Some(id),
            None => self.find_check_run(origin, run).await?,
        };
        let mut body = json!({"name": run.name, "external_id": run.external_id, "status": run.status,
            "output": {"title": run.title, "summary": run.summary}});
        if let (Some(fields), Some(conclusion)) = (body.as_object_mut(), run.conclusion) {
            fields.insert("conclusion".to_owned(), conclusion.into());
        }
        let path = format!("/repos/{}/check-runs", origin.repository);
        if let Some(id) = known {
            return self.make(UPDATE_CHECK_RUN, Method::PATCH, &format!("{path}/{id}"), &body).await;
        }
        if let Some(fields) = body.as_object_mut() {
            fields.insert("head_sha".to_owned(), origin.sha.as_str().into());
        }
        self.make(CREATE_CHECK_RUN, Method::POST, &path, &body).await
    }

    /// Among the newest hundred of that name on the commit: one is made for each attempt of each release of it.
    async fn find_check_run(&self, origin: &Origin, run: &CheckRun) -> Result<Option<u64>, HostFault> {
        let query = query(&[("check_name", &run.name), ("filter", "all"), ("per_page", "100")]);
        let path = format!("/repos/{}/commits/{}/check-runs?{query}", origin.repository, origin.sha);
        let found: CheckRuns = self.look_up(FIND_CHECK_RUN, &path).await?.json(FIND_CHECK_RUN)?;
        let ours = |known: &&KnownCheckRun| known.external_id.as_deref() == Some(&run.external_id);
        Ok(found.check_runs.iter().find(ours).map(|known| known.id))
    }

    async fn deployment(&self, origin: &Origin, stage: &str, environment: &str) -> Result<Made, HostFault> {
        let repository = &origin.repository;
        let query = query(&[("sha", origin.sha.as_str()), ("environment", environment), ("per_page", "100")]);
        let path = format!("/repos/{repository}/deployments?{query}");
        let found: Vec<KnownDeployment> =
            self.look_up(FIND_DEPLOYMENT, &path).await?.json(FIND_DEPLOYMENT)?;
        let payload = json!({"releaseId": origin.release_id, "stage": stage});
        if let Some(known) = found.iter().find(|known| known.payload == payload) {
            return Ok(Made { id: known.id, link: None });
        }
        // No merging and no waiting for checks: our own check run is not completed yet, and the pipeline is what decides.
        let body = json!({"ref": origin.sha, "environment": environment, "auto_merge": false, "required_contexts": [],
            "payload": payload});
        self.make(CREATE_DEPLOYMENT, Method::POST, &format!("/repos/{repository}/deployments"), &body).await
    }
}

/// An address without a character that could end a markdown link.
fn may_stand_in_a_link(url: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#=&%+".contains(&byte);
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    is_web && url.len() <= MAX_LINK && url.bytes().all(plain)
}

fn query(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_could_leave_its_link_is_not_shown() {
        assert!(may_stand_in_a_link("https://github.com/acme/shop/runs/7?check_suite_focus=true"));
        for other in [
            "javascript:alert(1)",
            "https://a.test/)[x](y",
            "https://a.test/ b",
            "//a.test/",
            &format!("https://{}", "a".repeat(300)),
        ] {
            assert!(!may_stand_in_a_link(other), "{other}");
        }
    }

    #[test]
    fn a_query_carries_any_name_whole() {
        insta::assert_snapshot!(query(&[("check_name", "release/a b&c=@d"), ("filter", "all")]), @"check_name=release%2Fa+b%26c%3D%40d&filter=all");
    }
}
