//! Adapters to AWS: one file per service, SDK types stop here. Endpoints, region and credentials come from
//! the standard AWS environment only.
//!
//! Must not: decide about a release. Faults are classified by error code.

mod connect;
mod fault;

pub use connect::Aws;
#[allow(unused_imports, reason = "used by the adapters that are compiled in")]
pub(crate) use connect::Lazy;
#[allow(unused_imports, reason = "used by the adapters that are compiled in")]
pub(crate) use fault::classify;

#[cfg(feature = "cloudwatch")]
pub mod alarms;
#[cfg(all(feature = "dynamodb", feature = "delivery"))]
pub mod approvals;
#[cfg(all(feature = "s3", feature = "gates"))]
pub mod artifacts;
#[cfg(feature = "elbv2")]
pub mod balancers;
#[cfg(all(feature = "codebuild", feature = "source"))]
pub mod builds;
#[cfg(feature = "codedeploy")]
pub mod deployment_groups;
#[cfg(feature = "codedeploy")]
pub mod deployments;
#[cfg(all(feature = "codedeploy", feature = "ecs"))]
pub mod engines;
#[cfg(all(feature = "dynamodb", feature = "metrics"))]
pub mod facts;
#[cfg(all(feature = "dynamodb", feature = "feedback"))]
pub mod feedback;
#[cfg(feature = "sqs")]
pub mod feedback_queue;
#[cfg(all(feature = "appconfig", feature = "ssm"))]
pub mod flags;
#[cfg(all(feature = "s3", feature = "gates"))]
pub mod histories;
#[cfg(all(feature = "codepipeline", feature = "gates"))]
pub mod jobs;
#[cfg(all(feature = "dynamodb", feature = "source"))]
pub mod ledger;
#[cfg(feature = "cloudwatch-logs")]
pub mod log_patterns;
#[cfg(feature = "cloudwatch")]
pub mod minutes;
#[cfg(feature = "sns")]
pub mod notifier;
#[cfg(all(feature = "dynamodb", feature = "source"))]
pub mod origins;
#[cfg(all(feature = "codepipeline", feature = "delivery"))]
pub mod pipeline_actions;
#[cfg(all(feature = "codepipeline", feature = "codebuild", feature = "source"))]
pub mod pipelines;
#[cfg(all(feature = "ssm", feature = "gates"))]
pub mod policies;
#[cfg(feature = "lambda")]
pub mod probe;
#[cfg(feature = "s3")]
pub mod report_store;
#[cfg(all(feature = "codepipeline", feature = "codebuild", feature = "source"))]
pub mod runners;
#[cfg(feature = "ecs")]
pub mod running;
#[cfg(all(feature = "ecr", feature = "gates"))]
pub mod scans;
#[cfg(all(feature = "secretsmanager", feature = "source"))]
pub mod secret_versions;
#[cfg(all(feature = "secretsmanager", feature = "source"))]
pub mod secretsmanager;
#[cfg(feature = "ecs")]
pub mod service_deployments;
#[cfg(feature = "ecs")]
pub mod services;
#[cfg(all(feature = "s3", feature = "source"))]
pub mod source_store;
#[cfg(all(feature = "sqs", feature = "source"))]
pub mod sqs;
#[cfg(feature = "ssm")]
pub mod ssm;
#[cfg(feature = "synthetics")]
pub mod synthetics;
#[cfg(feature = "elbv2")]
pub mod target_groups;
#[cfg(all(feature = "s3", feature = "dynamodb", feature = "gates"))]
pub mod verdicts;
#[cfg(all(feature = "dynamodb", feature = "delivery"))]
pub mod watches;
