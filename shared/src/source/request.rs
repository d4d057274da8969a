//! A webhook's HTTP request out of the event that carries it.
//!
//! Must not: parse a body, or decode more than [`MAX_BODY_BYTES`]. Nothing here is trusted before the signature fits.
//! Specification: <https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers>

use crate::source::event::{Event, Header};
use base64_simd::STANDARD;
use std::borrow::Cow;

/// Largest body, in bytes: the limit of a synchronous Lambda event.
pub const MAX_BODY_BYTES: usize = 6 * 1024 * 1024;
/// Longest name of an event, in characters; the longest of `@octokit/webhooks-examples` has 30.
const MAX_EVENT_NAME: usize = 64;

/// A request that cannot be taken, before anything in it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a POST.
    #[error("only POST is understood here")]
    Method,
    /// 413.
    #[error("the body has {0} bytes, at most {MAX_BODY_BYTES} are taken")]
    TooLarge(usize),
    /// 415.
    #[error(
        "the content type is not understood; set the webhook to `application/json` or `application/x-www-form-urlencoded`"
    )]
    ContentType,
    /// 400: there is no body, or not the base64 it is said to be.
    #[error("the body is missing or not what the event says it is")]
    Body,
    /// 400: the JSON is not in the form field `payload`.
    #[error("the form has no field `payload`")]
    Form,
}

impl Refusal {
    /// The HTTP status that says so.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Method | Self::Body | Self::Form => 400,
            Self::TooLarge(_) => 413,
            Self::ContentType => 415,
        }
    }
}

/// How the JSON stands in the body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Json,
    Form,
}

/// A bounded request. Not `Debug`: it holds the payload.
pub struct Request {
    /// The raw bytes that the signature covers.
    pub body: Vec<u8>,
    /// `X-Hub-Signature-256`; none as well when it was sent twice.
    pub signature: Option<String>,
    /// `X-GitHub-Event`; none as well when it is no event's name: HTTP APIs join values that were sent twice by a comma.
    pub event: Option<String>,
    /// `X-GitHub-Delivery`.
    pub delivery: Option<String>,
    encoding: Encoding,
}

impl Request {
    /// Takes the request out of a Lambda event; the body is moved, not copied, unless it is base64.
    ///
    /// # Errors
    /// What makes it impossible to take.
    pub fn take(mut event: Event) -> Result<Self, Refusal> {
        if event.method().is_some_and(|method| method != "POST") {
            return Err(Refusal::Method);
        }
        let text = event.body.take().ok_or(Refusal::Body)?;
        let size = if event.encoded { text.len() / 4 * 3 } else { text.len() };
        if size > MAX_BODY_BYTES {
            return Err(Refusal::TooLarge(size));
        }
        let encoding = encoding(event.header(Header::ContentType))?;
        let body = if event.encoded {
            STANDARD.decode_to_vec(text).map_err(|_| Refusal::Body)?
        } else {
            text.into_bytes()
        };
        let owned = |name| event.header(name).map(ToOwned::to_owned);
        Ok(Self {
            body,
            signature: owned(Header::Signature),
            event: owned(Header::Event).filter(|event| is_event_name(event)),
            delivery: owned(Header::Delivery),
            encoding,
        })
    }

    /// The JSON in the body; call it after the signature was found good.
    ///
    /// # Errors
    /// When a form has no field `payload`.
    pub fn json(&self) -> Result<Cow<'_, [u8]>, Refusal> {
        match self.encoding {
            Encoding::Json => Ok(Cow::Borrowed(&self.body)),
            Encoding::Form => form_urlencoded::parse(&self.body)
                .find(|(name, _)| name == "payload")
                .map(|(_, value)| Cow::Owned(value.into_owned().into_bytes()))
                .ok_or(Refusal::Form),
        }
    }
}

/// GitHub's event names are of lower-case letters, digits and underscores, such as `projects_v2_item`.
fn is_event_name(text: &str) -> bool {
    (1..=MAX_EVENT_NAME).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn encoding(content_type: Option<&str>) -> Result<Encoding, Refusal> {
    let kind = content_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        Ok(Encoding::Json)
    } else if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Ok(Encoding::Form)
    } else {
        Err(Refusal::ContentType)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn take(event: Value) -> Result<Request, Refusal> {
        Request::take(serde_json::from_value(event).unwrap())
    }

    fn event(content_type: &str, body: &str, encoded: bool) -> Value {
        json!({
            "version": "2.0", "isBase64Encoded": encoded, "body": body,
            "headers": {"content-type": content_type, "x-hub-signature-256": "s", "x-github-event": "push"},
            "requestContext": {"http": {"method": "POST"}},
        })
    }

    fn refusal(event: Value) -> String {
        take(event)
            .err()
            .map_or_else(|| "taken".to_owned(), |refusal| format!("{}: {refusal}", refusal.status()))
    }

    #[test]
    fn plain_and_base64_bodies_are_the_same_bytes() {
        let plain = take(event("application/json; charset=utf-8", "{\"é\":1}", false)).ok().unwrap();
        let encoded =
            take(event("application/json", &STANDARD.encode_to_string("{\"é\":1}"), true)).ok().unwrap();
        assert_eq!(plain.body, encoded.body);
        assert_eq!(plain.json().unwrap(), plain.body);
    }

    #[test]
    fn the_signature_of_a_form_covers_the_bytes_as_they_were_sent() {
        let request = take(event("application/x-www-form-urlencoded", "payload=%7B%22a%22%3A1%7D", false))
            .ok()
            .unwrap();
        assert_eq!(request.body, b"payload=%7B%22a%22%3A1%7D");
        assert_eq!(&*request.json().unwrap(), b"{\"a\":1}");
        let other = take(event("application/x-www-form-urlencoded", "x=1", false)).ok().unwrap();
        insta::assert_snapshot!(other.json().unwrap_err(), @"the form has no field `payload`");
    }

    #[test]
    fn what_cannot_be_taken_says_why() {
        insta::assert_snapshot!(refusal(event("text/plain", "{}", false)), @"415: the content type is not understood; set the webhook to `application/json` or `application/x-www-form-urlencoded`");
        insta::assert_snapshot!(refusal(event("application/json", "{", true)), @"400: the body is missing or not what the event says it is");
        insta::assert_snapshot!(refusal(json!({"headers": {}})), @"400: the body is missing or not what the event says it is");
        insta::assert_snapshot!(refusal(event("application/json", &"x".repeat(MAX_BODY_BYTES + 1), false)), @"413: the body has 6291457 bytes, at most 6291456 are taken");
        insta::assert_snapshot!(refusal(event("application/json", &"x".repeat(MAX_BODY_BYTES * 2), true)), @"413: the body has 9437184 bytes, at most 6291456 are taken");
        insta::assert_snapshot!(refusal(json!({"httpMethod": "GET", "body": "{}"})), @"400: only POST is understood here");
    }

    #[test]
    fn an_event_has_the_form_of_a_name() {
        let named = |name: &str| {
            let mut event = event("application/json", "{}", false);
            event["headers"]["x-github-event"] = json!(name);
            take(event).ok().unwrap().event.is_some()
        };
        assert!(named("push") && named("projects_v2_item"));
        for wrong in ["", "push,push", "push, push", "Push", "pu sh", "push\n", &"x".repeat(65)] {
            assert!(!named(wrong), "{wrong}");
        }
    }

    #[test]
    fn header_names_have_no_case_and_a_header_sent_twice_is_none() {
        let mixed = json!({"body": "{}", "headers": {"Content-Type": "application/json", "X-Hub-Signature-256": "s"}});
        assert_eq!(take(mixed).ok().unwrap().signature.as_deref(), Some("s"));
        let twice = json!({"body": "{}", "headers": {"content-type": "application/json", "X-Hub-Signature-256": "s", "x-hub-signature-256": "t"}});
        assert_eq!(take(twice).ok().unwrap().signature, None);
        let listed = json!({
            "body": "{}", "headers": {"content-type": "application/json", "X-Hub-Signature-256": "t"},
            "multiValueHeaders": {"X-Hub-Signature-256": ["s", "t"]},
        });
        assert_eq!(take(listed).ok().unwrap().signature, None);
    }
}
