//! Temporary credentials of jobs: a role of the data plane that may read the artifact bucket and nothing else.
//!
//! Every secret that was given away is remembered, so that a test can look for it where it must not be.

use super::{ACCOUNT, Stack};
use crate::values::lock;
use serde_json::{Value, json};
use std::sync::Mutex;

/// The role's name.
const ROLE: &str = "b2b-pipeline-job";
/// API version of IAM.
const IAM: &str = "2010-05-08";
/// API version of STS.
const STS: &str = "2011-06-15";

/// What was given away.
#[derive(Default)]
pub struct Credentials {
    secrets: Mutex<Vec<String>>,
}

impl Credentials {
    /// Makes the role.
    ///
    /// # Errors
    /// When the data plane refuses.
    pub async fn set_up(&self, stack: &Stack, artifact_bucket: &str) -> Result<(), String> {
        let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}, "Action": "sts:AssumeRole"}]});
        let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Action": ["s3:GetObject", "s3:GetObjectVersion"], "Resource": format!("arn:aws:s3:::{artifact_bucket}/*")}]});
        let role = [("RoleName", ROLE), ("AssumeRolePolicyDocument", &trust.to_string())];
        stack.emulator.query("iam", IAM, "CreateRole", &role).await?;
        let inline =
            [("RoleName", ROLE), ("PolicyName", "artifacts"), ("PolicyDocument", &policy.to_string())];
        stack.emulator.query("iam", IAM, "PutRolePolicy", &inline).await?;
        Ok(())
    }

    /// Fresh credentials, as a job's event carries them.
    ///
    /// # Errors
    /// When the data plane refuses.
    pub async fn fresh(&self, stack: &Stack) -> Result<Value, String> {
        let role = format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}");
        let fields = [("RoleArn", role.as_str()), ("RoleSessionName", "codepipeline-job")];
        let xml = stack.emulator.query("sts", STS, "AssumeRole", &fields).await?;
        let part = |name: &str| {
            let inner = xml.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once('<'));
            inner.map(|(value, _)| value.to_owned()).ok_or_else(|| format!("AssumeRole answered no {name}"))
        };
        let (id, secret, token) = (part("AccessKeyId")?, part("SecretAccessKey")?, part("SessionToken")?);
        lock(&self.secrets).extend([secret.clone(), token.clone()]);
        Ok(json!({"accessKeyId": id, "secretAccessKey": secret, "sessionToken": token}))
    }

    /// Secrets that were given away.
    #[must_use]
    pub fn given(&self) -> Vec<String> {
        lock(&self.secrets).clone()
    }
}
