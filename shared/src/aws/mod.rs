//! Adapters to AWS: one file per service, SDK types stop here. Endpoints, region and credentials come from
//! the standard AWS environment only.
//!
//! Must not: decide about a release. Faults are classified by error code.

mod connect;
mod fault;

pub use connect::Aws;
#[allow(unused_imports, reason = "used by the adapters that are compiled in")]
pub(crate) use fault::classify;

#[cfg(feature = "ssm")]
pub mod ssm;
