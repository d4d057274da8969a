//! Which deployment belongs to which service and environment: typed YAML out of Parameter Store.

use serde::Deserialize;

/// The whole map.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceMap {
    /// Version of this format: 1.
    pub version: u32,
    /// Services; each has a CodeDeploy group or a pipeline action.
    pub services: Vec<Service>,
}

/// One service in one environment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Service name.
    pub service: String,
    /// Environment; only `production` counts for DORA.
    pub environment: String,
    /// Deployed by CodeDeploy.
    #[serde(default)]
    pub codedeploy: Option<CodeDeployGroup>,
    /// Deployed by an action of a pipeline.
    #[serde(default)]
    pub pipeline_action: Option<PipelineAction>,
}

/// A CodeDeploy deployment group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeDeployGroup {
    /// Application.
    pub application: String,
    /// Group.
    pub group: String,
}

/// An action of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PipelineAction {
    /// Pipeline.
    pub pipeline: String,
    /// Stage.
    pub stage: String,
    /// Action.
    pub action: String,
}

/// A map that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the service map cannot be used: {0}")]
pub struct ServiceMapError(String);

impl ServiceMap {
    /// Reads the YAML text.
    ///
    /// # Errors
    /// With line and column for syntax and unknown keys; with the name for an entry without, or with two, ways of deployment.
    pub fn parse(yaml: &str) -> Result<Self, ServiceMapError> {
        let map: Self = serde_saphyr::from_str(yaml).map_err(|error| {
            ServiceMapError(
                error.to_string().lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned(),
            )
        })?;
        if map.version != 1 {
            return Err(ServiceMapError(format!("`version` is {}, this release reads 1", map.version)));
        }
        match map
            .services
            .iter()
            .find(|service| service.codedeploy.is_some() == service.pipeline_action.is_some())
        {
            Some(service) => Err(ServiceMapError(format!(
                "service `{}` needs either `codedeploy` or `pipeline_action`",
                service.service
            ))),
            None => Ok(map),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_needs_exactly_one_way_of_deployment() {
        let error =
            ServiceMap::parse("version: 1\nservices: [{service: a, environment: production}]").unwrap_err();
        insta::assert_snapshot!(error, @"the service map cannot be used: service `a` needs either `codedeploy` or `pipeline_action`");
        assert!(
            ServiceMap::parse(
                "version: 1\nservices: [{service: a, environment: x, codedeploy: {application: b, group: c}}]"
            )
            .is_ok()
        );
    }
}
