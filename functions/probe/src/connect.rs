//! A connection, layer by layer, so that what fails has a name: DNS, TCP, TLS.
//!
//! Every address of a name is looked at before any is connected to, and the connection goes to an address that was looked at: a name that
//! resolves to something else a moment later (DNS rebinding) gains nothing.

use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use shared::delivery::checks::probe::{Job, Layer, Times};
use shared::delivery::checks::target::{self, Target};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Addresses that are not asked beside those that never may be: this function's own Runtime API.
pub(crate) struct Forbidden {
    runtime_api: Option<SocketAddr>,
}

impl Forbidden {
    /// `runtime_api` is `AWS_LAMBDA_RUNTIME_API`, `<address>:<port>`.
    pub(crate) fn new(runtime_api: Option<&str>) -> Self {
        Self { runtime_api: runtime_api.and_then(|text| text.parse().ok()) }
    }

    fn why(&self, address: SocketAddr) -> Option<&'static str> {
        if self.runtime_api == Some(address) {
            return Some("the Runtime API of this very function");
        }
        target::refused(address.ip())
    }
}

/// What TLS is checked against; why nothing can be, when the certificates of the settings cannot be read.
pub(crate) struct Trust {
    config: Result<Arc<ClientConfig>, String>,
    server_name: Option<String>,
}

impl Trust {
    /// The public authorities, or those of the job instead.
    pub(crate) fn of(job: &Job) -> Self {
        let config = if job.asks.iter().any(|ask| ask.url.starts_with("https:")) {
            config(job.ca_pem.as_deref())
        } else {
            Err("TLS was not set up, because no request needs it".to_owned())
        };
        Self { config, server_name: job.server_name.clone() }
    }
}

fn config(ca_pem: Option<&str>) -> Result<Arc<ClientConfig>, String> {
    let mut roots = RootCertStore::empty();
    match ca_pem {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|error| format!("`ca_pem` is no PEM: {error:?}"))?;
                roots.add(certificate).map_err(|error| format!("a certificate of `ca_pem`: {error}"))?;
            }
        }
    }
    if roots.is_empty() {
        return Err("`ca_pem` holds no certificate".to_owned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| error.to_string())?;
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Why there is no connection.
pub(crate) enum NoConnection {
    /// It may not be made.
    Refused(String),
    /// It cannot be made.
    Failed(Layer, String),
}

/// A connection.
pub(crate) enum Connection {
    /// In plain text.
    Plain(TokioIo<TcpStream>),
    /// Over TLS.
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
}

/// How far a try has come.
pub(crate) struct Progress {
    pub(crate) layer: Layer,
    pub(crate) times: Times,
    pub(crate) began: Instant,
}

/// Milliseconds since `began`.
pub(crate) fn since(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Connects to a target.
pub(crate) async fn connect(
    target: &Target,
    trust: &Trust,
    forbidden: &Forbidden,
    progress: &mut Progress,
) -> Result<Connection, NoConnection> {
    let began = Instant::now();
    let found = tokio::net::lookup_host((target.host.as_str(), target.port)).await;
    let addresses: Vec<SocketAddr> =
        found.map_err(|error| NoConnection::Failed(Layer::Dns, error.to_string()))?.collect();
    progress.times.dns = Some(since(began));
    if let Some((address, why)) = addresses.iter().find_map(|one| Some((one, forbidden.why(*one)?))) {
        return Err(NoConnection::Refused(format!("`{}` is {why}", address.ip())));
    }
    progress.layer = Layer::Tcp;
    let began = Instant::now();
    let stream = tcp(&addresses).await?;
    progress.times.tcp = Some(since(began));
    if !target.is_tls {
        return Ok(Connection::Plain(TokioIo::new(stream)));
    }
    progress.layer = Layer::Tls;
    let began = Instant::now();
    let failed = |words: String| NoConnection::Failed(Layer::Tls, words);
    let config = trust.config.clone().map_err(failed)?;
    let name = trust.server_name.clone().unwrap_or_else(|| target.host.clone());
    let name =
        ServerName::try_from(name.clone()).map_err(|_| failed(format!("`{name}` is no server name")))?;
    let stream = TlsConnector::from(config).connect(name, stream).await;
    let stream = stream.map_err(|error| failed(error.to_string()))?;
    progress.times.tls = Some(since(began));
    Ok(Connection::Tls(Box::new(TokioIo::new(stream))))
}

async fn tcp(addresses: &[SocketAddr]) -> Result<TcpStream, NoConnection> {
    let mut words = "the name has no address".to_owned();
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => words = error.to_string(),
        }
    }
    let layer = if addresses.is_empty() { Layer::Dns } else { Layer::Tcp };
    Err(NoConnection::Failed(layer, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runtime_api_of_this_function_is_not_asked() {
        let own: SocketAddr = "10.1.2.3:9001".parse().unwrap();
        let forbidden = Forbidden::new(Some("10.1.2.3:9001"));
        assert_eq!(forbidden.why(own), Some("the Runtime API of this very function"));
        assert_eq!(forbidden.why("10.1.2.3:8080".parse().unwrap()), None);
        assert!(Forbidden::new(None).why("169.254.1.1:80".parse().unwrap()).is_some());
    }

    #[test]
    fn certificates_of_the_settings_are_trusted_instead_of_the_public_ones() {
        assert!(config(None).is_ok());
        assert_eq!(config(Some("")).err().unwrap(), "`ca_pem` holds no certificate");
    }
}
