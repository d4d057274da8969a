//! GitHub's webhook signature: `X-Hub-Signature-256: sha256=<64 lower-case hex digits>`, HMAC-SHA256 of the raw body.
//!
//! Must not: look into the body, or say which part of a signature was wrong.
//! Specification: <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>

use crate::source::secrets::WebhookSecrets;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What stands before the digest.
const PREFIX: &str = "sha256=";
/// Length of an HMAC-SHA256 in bytes.
const DIGEST_BYTES: usize = 32;

/// A well-formed signature header. Not `Debug`: signatures are never logged.
pub struct Signature([u8; DIGEST_BYTES]);

impl Signature {
    /// Reads the header strictly: the exact prefix, then exactly 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let digits = header.strip_prefix(PREFIX)?;
        if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let mut digest = [0; DIGEST_BYTES];
        hex::decode_to_slice(digits, &mut digest).ok()?;
        Some(Self(digest))
    }

    /// Whether one of the live secrets signed `body`. Every secret is evaluated, whatever the first one says, and each
    /// comparison takes the same time for every digest.
    #[must_use]
    pub fn matches(&self, secrets: &WebhookSecrets, body: &[u8]) -> bool {
        secrets.live().fold(false, |matched, secret| {
            let verified =
                authenticator(secret).is_some_and(|mac| mac.chain_update(body).verify_slice(&self.0).is_ok());
            matched | verified
        })
    }
}

/// The header value that a sender who knows `secret` puts beside `body`.
#[must_use]
pub fn sign(secret: &str, body: &[u8]) -> String {
    let digest = authenticator(secret).map(|mac| hex::encode(mac.chain_update(body).finalize().into_bytes()));
    format!("{PREFIX}{}", digest.unwrap_or_default())
}

/// HMAC takes a key of any length (RFC 2104): in truth never `None`.
fn authenticator(secret: &str) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(secret.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector of GitHub's documentation.
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const HEADER: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn accepts(header: &str) -> bool {
        let secrets = WebhookSecrets::parse(SECRET).unwrap();
        Signature::parse(header).is_some_and(|signature| signature.matches(&secrets, BODY))
    }

    #[test]
    fn the_documented_vector_is_reproduced_and_accepted() {
        assert_eq!(sign(SECRET, BODY), HEADER);
        assert!(accepts(HEADER));
    }

    /// Every way in which a header was seen to be taken by some receiver and must not be: (what is wrong, the header).
    fn malformed() -> Vec<(&'static str, String)> {
        let digits = &HEADER[7..];
        vec![
            ("empty", String::new()),
            ("the prefix alone", "sha256=".to_owned()),
            ("no prefix", digits.to_owned()),
            ("upper-case digits", format!("sha256={}", digits.to_uppercase())),
            ("one upper-case digit", HEADER.replacen("eb", "Eb", 1)),
            ("an upper-case prefix", format!("SHA256={digits}")),
            ("the name of another digest", format!("sha1={digits}")),
            ("any seven characters", format!("sha1234{digits}")),
            ("another separator", format!("sha256:{digits}")),
            ("the prefix twice", format!("sha256={HEADER}")),
            ("two good ones joined by a comma", format!("{HEADER},{HEADER}")),
            ("a wrong one before a good one", format!("sha256={},{HEADER}", "0".repeat(64))),
            ("a good one before a wrong one", format!("{HEADER},sha256={}", "0".repeat(64))),
            ("a space after it", format!("{HEADER} ")),
            ("a space before it", format!(" {HEADER}")),
            ("a space inside", format!("sha256= {digits}")),
            ("a newline after it", format!("{HEADER}\n")),
            ("a quoted one", format!("\"{HEADER}\"")),
            ("hexadecimal with 0x", format!("sha256=0x{digits}")),
            ("two digits more", format!("{HEADER}00")),
            ("a NUL after it", format!("{HEADER}\0")),
            ("a NUL inside", HEADER.replacen('e', "\0", 1)),
            ("an odd number of digits", HEADER[..HEADER.len() - 1].to_owned()),
            ("one byte too few", HEADER[..HEADER.len() - 2].to_owned()),
            ("half of it", HEADER[..7 + 32].to_owned()),
            ("no digits", format!("sha256={}", "g".repeat(64))),
            ("letters outside ASCII", format!("sha256={}", "é".repeat(32))),
            ("digits outside ASCII", format!("sha256={}", "１".repeat(64))),
            ("base64", "sha256=dXEH6g6yUJ/CESIczphLijdXC21/WHxkK0a3wSi0Ozc=".to_owned()),
            ("zeros", format!("sha256={}", "0".repeat(64))),
            ("the digest of nothing", sign(SECRET, b"")),
            ("the digest under the empty secret", sign("", BODY)),
        ]
    }

    #[test]
    fn anything_but_the_exact_form_is_refused() {
        for (what, header) in malformed() {
            assert!(!accepts(&header), "{what}: {header}");
        }
    }

    #[test]
    fn the_previous_secret_is_still_good_during_a_rotation() {
        let secrets = WebhookSecrets::parse(r#"{"current":"new","previous":"old"}"#).unwrap();
        for secret in ["new", "old"] {
            let signature = Signature::parse(&sign(secret, BODY)).unwrap();
            assert!(signature.matches(&secrets, BODY), "{secret}");
        }
        let other = Signature::parse(&sign("other", BODY)).unwrap();
        assert!(!other.matches(&secrets, BODY));
    }

    #[test]
    fn one_changed_byte_of_the_body_is_noticed() {
        let secrets = WebhookSecrets::parse(SECRET).unwrap();
        let signature = Signature::parse(HEADER).unwrap();
        assert!(!signature.matches(&secrets, b"Hello, World?"));
    }

    proptest::proptest! {
        #[test]
        fn no_header_text_panics_or_passes(header in ".*") {
            proptest::prop_assert!(!accepts(&header));
        }
    }
}
