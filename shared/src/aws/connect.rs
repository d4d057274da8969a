//! Client configuration built straight from the environment that Lambda gives every function.
//!
//! The SDK's default chain, the system's whole root store and aws-lc's entropy at the first handshake cost
//! 97 % of a cold first answer (docs/adr/0003); here: static environment credentials, ring, Amazon's roots.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Roots that AWS endpoints chain to (Amazon Trust Services repository), as PEM; `scripts/refresh-roots` dates it.
const AMAZON_ROOTS: &str = include_str!("amazon-roots.pem");
/// Longest wait for a TCP and TLS connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Longest wait for one attempt of one call.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// The environment's region, credentials and endpoints, and one HTTP client for all services. Cheap to clone.
///
/// Nothing is built before it is used: a client costs up to 0.8 M instructions, and most invocations need few of a function's
/// (docs/BENCHMARKS.md).
#[derive(Clone)]
pub struct Aws {
    environment: Arc<Environment>,
}

struct Environment {
    region: Option<String>,
    credentials: Option<Credentials>,
    default_endpoint: Option<String>,
    lookup: fn(&str) -> Option<String>,
    http: LazyLock<SharedHttpClient>,
}

/// A client of one service, built at its first call.
pub(crate) type Lazy<C> = Arc<LazyLock<C, Box<dyn FnOnce() -> C + Send>>>;

impl Aws {
    /// Reads `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` and
    /// `AWS_ENDPOINT_URL` (SDKs and Tools Reference Guide) through `lookup`.
    #[must_use]
    pub fn from_environment(lookup: fn(&str) -> Option<String>) -> Self {
        let credentials =
            lookup("AWS_ACCESS_KEY_ID").zip(lookup("AWS_SECRET_ACCESS_KEY")).map(|(id, secret)| {
                Credentials::new(id, secret, lookup("AWS_SESSION_TOKEN"), None, "environment")
            });
        let environment = Environment {
            region: lookup("AWS_REGION").or_else(|| lookup("AWS_DEFAULT_REGION")),
            credentials,
            default_endpoint: lookup("AWS_ENDPOINT_URL"),
            lookup,
            http: LazyLock::new(https_client),
        };
        Self { environment: Arc::new(environment) }
    }

    /// A client that `build` makes of the configuration at its first call.
    #[allow(dead_code, reason = "used by the adapters that are compiled in")]
    pub(crate) fn client<C: 'static>(
        &self,
        endpoint_name: &'static str,
        build: fn(&SdkConfig) -> C,
    ) -> Lazy<C> {
        let aws = self.clone();
        Arc::new(LazyLock::new(Box::new(move || build(&aws.config(endpoint_name)))))
    }

    /// Configuration for one service; `endpoint_name` is the service part of `AWS_ENDPOINT_URL_<SERVICE>`.
    #[must_use]
    pub fn config(&self, endpoint_name: &str) -> SdkConfig {
        self.build(endpoint_name, self.environment.credentials.clone())
    }

    /// The same with other credentials: those that CodePipeline puts into a job.
    #[must_use]
    pub fn config_with(&self, endpoint_name: &str, id: &str, secret: &str, token: Option<&str>) -> SdkConfig {
        let credentials = Credentials::new(id, secret, token.map(ToOwned::to_owned), None, "job");
        self.build(endpoint_name, Some(credentials))
    }

    fn build(&self, endpoint_name: &str, credentials: Option<Credentials>) -> SdkConfig {
        let environment = &self.environment;
        let endpoint = (environment.lookup)(&format!("AWS_ENDPOINT_URL_{endpoint_name}"))
            .filter(|url| !url.is_empty())
            .or_else(|| environment.default_endpoint.clone());
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT);
        let mut builder = SdkConfig::builder()
            .behavior_version(aws_smithy_runtime_api::client::behavior_version::BehaviorVersion::latest())
            .http_client(SharedHttpClient::clone(&environment.http))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .timeout_config(timeouts.build())
            .region(environment.region.clone().map(Region::new));
        builder.set_endpoint_url(endpoint);
        builder.set_credentials_provider(credentials.map(SharedCredentialsProvider::new));
        builder.build()
    }
}

fn https_client() -> SharedHttpClient {
    let builder = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    let store = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS.as_bytes());
    match TlsContext::builder().with_trust_store(store).build() {
        Ok(context) => builder.tls_context(context).build_https(),
        Err(_) => builder.build_https(),
    }
}
