//! A GitHub App's way to a token: a JWT signed with its private key is exchanged for the token of one installation.
//!
//! The token is kept until five minutes before its end. Over plain HTTP none is asked for, as no token would be sent
//! ([`super::client`]). Must not: log or describe a key, a JWT or a token; nothing here that holds one is `Debug`.
//! Specification: <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>,
//! <https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app>

use crate::errors::Fault;
use crate::feedback::ports::{HostFault, KeySource, PrivateKey};
use crate::github::client::{GitHub, denied, locked, transient};
use crate::model::{MINUTE, Timestamp};
use crate::source::ports::{Token, TokenSource};
use http::Method;
use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Mutex;

/// A JWT is dated back by this, against clocks that differ (GitHub's advice).
const BACKDATED_MS: i64 = MINUTE;
/// A JWT is good for this long from now; GitHub allows 10 minutes, and its clock may be behind ours.
const JWT_LIFE_MS: i64 = 9 * MINUTE;
/// A token is renewed this long before its end.
const RENEWAL_MS: i64 = 5 * MINUTE;

/// Operation names in faults.
const SIGN: &str = "sign as the App";
const EXCHANGE: &str = "create an installation token";

/// The tokens of one installation of a GitHub App.
pub struct AppTokens<K> {
    exchange: GitHub<Jwt<K>>,
    installation: u64,
    kept: Mutex<Option<(Token, Timestamp)>>,
    clock: fn() -> Timestamp,
}

/// The App itself, as which only tokens can be asked for.
struct Jwt<K> {
    app: u64,
    keys: K,
    clock: fn() -> Timestamp,
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: String,
    expires_at: Timestamp,
}

impl<K: KeySource> AppTokens<K> {
    /// Tokens for `installation` of App `app` on the API at `base`; `clock` is the local clock.
    #[must_use]
    pub fn new(base: String, app: u64, installation: u64, keys: K, clock: fn() -> Timestamp) -> Self {
        let exchange = GitHub::new(base, Jwt { app, keys, clock });
        Self { exchange, installation, kept: Mutex::default(), clock }
    }
}

impl<K: KeySource> TokenSource for AppTokens<K> {
    async fn token(&self) -> Result<Option<Token>, Fault> {
        let kept = locked(&self.kept).clone();
        if let Some((token, end)) = kept
            && end.since((self.clock)()) > RENEWAL_MS
        {
            return Ok(Some(token));
        }
        let path = format!("/app/installations/{}/access_tokens", self.installation);
        // No more than what is written: whoever takes the token cannot read the code with it.
        let mut body = json!({"permissions": {"checks": "write", "deployments": "write", "metadata": "read", "pull_requests": "write"}});
        let mut answer = self.exchange.send(EXCHANGE, Method::POST, &path, &body).await;
        // An installation that was given less refuses to give more; without the comment everything else is still told.
        if matches!(&answer, Err(HostFault::Fault(fault)) if fault.is_missing()) {
            if let Some(permissions) = body.pointer_mut("/permissions").and_then(Value::as_object_mut) {
                permissions.remove("pull_requests");
            }
            answer = self.exchange.send(EXCHANGE, Method::POST, &path, &body).await;
        }
        let answer = answer.map_err(fault)?;
        let TokenAnswer { token, expires_at } = answer.json(EXCHANGE)?;
        let token = Token(token);
        *locked(&self.kept) = Some((token.clone(), expires_at));
        Ok(Some(token))
    }

    fn forget(&self) {
        *locked(&self.kept) = None;
    }
}

fn fault(fault: HostFault) -> Fault {
    match fault {
        HostFault::Fault(fault) => fault,
        wait @ HostFault::Wait { .. } => transient(EXCHANGE, wait.to_string()),
    }
}

impl<K: KeySource> TokenSource for Jwt<K> {
    async fn token(&self) -> Result<Option<Token>, Fault> {
        jwt(self.app, &self.keys.private_key().await?, (self.clock)()).map(Some)
    }

    /// Nothing is kept: each exchange signs anew with the key as it is stored then.
    fn forget(&self) {}
}

/// `header.claims.signature`, RS256 (RFC 7519, RFC 7518 §3.3).
fn jwt(app: u64, key: &PrivateKey, now: Timestamp) -> Result<Token, Fault> {
    let seconds = |moment: Timestamp| moment.millis().div_euclid(1000);
    let claims = json!({"iat": seconds(now.plus(-BACKDATED_MS)), "exp": seconds(now.plus(JWT_LIFE_MS)), "iss": app.to_string()});
    let encode = |bytes: &[u8]| base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes);
    let signed =
        format!("{}.{}", encode(br#"{"alg":"RS256","typ":"JWT"}"#), encode(claims.to_string().as_bytes()));
    let signature = sign(key, signed.as_bytes())?;
    Ok(Token(format!("{signed}.{}", encode(&signature))))
}

fn sign(PrivateKey(pem): &PrivateKey, message: &[u8]) -> Result<Vec<u8>, Fault> {
    // What is wrong inside a key is not said: the words of a parser could hold parts of it.
    let refused = |words: &str| denied(SIGN, words.to_owned());
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| refused("the App's private key is no PEM (`-----BEGIN RSA PRIVATE KEY-----`)"))?;
    let key = any_supported_type(&key).map_err(|_| refused("the App's private key cannot be read"))?;
    let signer = key
        .choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256])
        .ok_or_else(|| refused("the App's private key is no RSA key"))?;
    signer.sign(message).map_err(|_| refused("the App's private key does not sign"))
}

#[cfg(test)]
mod tests;
