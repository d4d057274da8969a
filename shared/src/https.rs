//! How connections to servers that are not AWS are made: one TLS set-up, the roots of the web.

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use std::time::Duration;

/// A connector; without `only_tls` an `http:` address is reached in plain text (a stand-in on loopback).
///
/// # Errors
/// When TLS cannot be set up.
pub(crate) fn connector(
    only_tls: bool,
    timeout: Duration,
) -> Result<HttpsConnector<HttpConnector>, rustls::Error> {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(timeout));
    let builder = HttpsConnectorBuilder::new()
        .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())?;
    let builder = if only_tls { builder.https_only() } else { builder.https_or_http() };
    Ok(builder.enable_http1().wrap_connector(connector))
}
