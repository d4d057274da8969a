//! Installation tokens of a GitHub App, for whatever has the shape of the App's JWT.
//!
//! Checked: three parts of base64url, `alg` `RS256`, `iss`, `iat` not ahead of the clock, `exp` at most ten minutes after it and not past,
//! a signature of the length of an RSA key of 2048 bits or more. Not checked: the signature itself (the stand-in knows no public key),
//! whether App and installation exist, and, with the token, what it permits. The clock is the virtual one.
//! Specification: <https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app>

use super::answer::{Input, Refusal, Result};
use super::repositories::created;
use super::{GitHub, shapes};
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Longest life of a JWT, in seconds.
const JWT_LIFE: i64 = 600;
/// Life of an installation token, in milliseconds.
const TOKEN_LIFE: i64 = 3_600_000;
/// Shortest signature, in bytes: that of a key of 2048 bits.
const SIGNATURE: usize = 256;

pub(super) async fn access_token(
    State(github): State<Arc<GitHub>>,
    Path(installation): Path<u64>,
    headers: HeaderMap,
    Input(wanted): Input<Map<String, Value>>,
) -> Result {
    let now = github.now();
    let jwt = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if !jwt.is_some_and(|jwt| has_shape(jwt, now.div_euclid(1000))) {
        return Err(Refusal::BadCredentials);
    }
    let id = github.book().next_id();
    let permissions = wanted.get("permissions").cloned().unwrap_or_else(|| json!({}));
    Ok(created(
        json!({"token": format!("ghs_installation{installation}token{id}"), "expires_at": shapes::time(now + TOKEN_LIFE),
        "permissions": permissions, "repository_selection": "all"}),
    ))
}

fn has_shape(jwt: &str, now: i64) -> bool {
    let parts: Vec<Vec<u8>> = jwt.split('.').filter_map(|part| URL_SAFE_NO_PAD.decode(part).ok()).collect();
    let [header, claims, signature] = parts.as_slice() else { return false };
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let (header, claims) = (json(header), json(claims));
    let second = |name: &str| claims.get(name).and_then(Value::as_i64);
    let dated = second("iat").is_some_and(|iat| iat <= now)
        && second("exp").is_some_and(|exp| exp > now && exp <= now + JWT_LIFE);
    let issued = claims.get("iss").is_some_and(|iss| iss.is_string() || iss.is_u64());
    header.get("alg").and_then(Value::as_str) == Some("RS256")
        && dated
        && issued
        && signature.len() >= SIGNATURE
        && jwt.split('.').count() == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_470_000;

    fn jwt(alg: &str, claims: &Value, signature: usize) -> String {
        let header = json!({"alg": alg, "typ": "JWT"}).to_string();
        let parts = [header.into_bytes(), claims.to_string().into_bytes(), vec![7; signature]];
        parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
    }

    #[test]
    fn only_the_shape_of_an_apps_jwt_is_taken() {
        let claims = json!({"iat": NOW - 60, "exp": NOW + 540, "iss": "12"});
        assert!(has_shape(&jwt("RS256", &claims, 256), NOW));
        assert!(!has_shape(&jwt("none", &claims, 256), NOW));
        assert!(!has_shape(&jwt("RS256", &claims, 0), NOW));
        assert!(!has_shape(&jwt("RS256", &claims, 256), NOW + 541), "it has ended");
        assert!(!has_shape(&jwt("RS256", &json!({"iat": NOW + 1, "exp": NOW + 540, "iss": "12"}), 256), NOW));
        assert!(!has_shape(&jwt("RS256", &json!({"iat": NOW, "exp": NOW + 601, "iss": "12"}), 256), NOW));
        assert!(!has_shape(&jwt("RS256", &json!({"iat": NOW, "exp": NOW + 540}), 256), NOW));
        assert!(!has_shape("ghp_token", NOW));
    }
}
