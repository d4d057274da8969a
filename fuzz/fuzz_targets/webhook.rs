//! The receiver's whole way from outside in: Lambda event → request → signature → what the delivery says.
//!
//! The signature is never guessed, so every input goes the rest of the way as well, as if it had been signed.
//! Must hold: nothing panics, nothing unsigned is verified, a request that is put on the queue names a branch or a pull request.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared::source::allow_list::AllowList;
use shared::source::delivery::{self, Delivery};
use shared::source::event::Event;
use shared::source::message::{SourceRequest, delivery_id};
use shared::source::request::{MAX_BODY_BYTES, Request};
use shared::source::secrets::WebhookSecrets;
use shared::source::signature::{Signature, sign};

const SECRET: &str = "a secret that no input knows: 0c1f6f9e";
/// Read whatever the header says, so that the fuzzer need not find both at once.
const EVENTS: [&str; 6] =
    ["ping", "push", "pull_request", "pull_request_review", "merge_group", "check_run"];

fuzz_target!(|bytes: &[u8]| {
    let Ok(event) = serde_json::from_slice::<Event>(bytes) else { return };
    if let Ok(networks) = AllowList::parse("192.30.252.0/22,2a0a:a440::/29") {
        let _admitted = networks.admits(&event);
    }
    let Ok(request) = Request::take(event) else { return };
    assert!(request.body.len() <= MAX_BODY_BYTES);
    let Ok(secrets) = WebhookSecrets::parse(SECRET) else { return };
    let signature = request.signature.as_deref().and_then(Signature::parse);
    assert!(!signature.is_some_and(|signature| signature.matches(&secrets, &request.body)));
    let own = Signature::parse(&sign(SECRET, &request.body));
    assert!(own.is_some_and(|signature| signature.matches(&secrets, &request.body)));
    let id = delivery_id(request.delivery.as_deref());
    if let Ok(body) = request.json() {
        for name in EVENTS.into_iter().chain(request.event.as_deref()) {
            check(delivery::read(name, &body, &[1001], &id));
        }
    }
});

fn check(read: Result<Delivery, shared::errors::Rejection>) {
    match read {
        Ok(Delivery::Look(request)) => {
            assert!(request.target().is_some() && request.repository_id == 1001);
            let text = serde_json::to_string(&request).unwrap_or_default();
            assert!(SourceRequest::parse(&text).is_ok_and(|parsed| parsed == request));
        }
        Ok(Delivery::Nothing(words)) => assert!(!words.chars().any(char::is_control)),
        Ok(Delivery::Ping) => {}
        Err(rejection) => assert!(!rejection.to_string().chars().any(char::is_control)),
    }
}
