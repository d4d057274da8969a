//! One file per story, on the stack that `tidegate up` runs: real function binaries, installed by the real `sam deploy`.

mod canary_rolled_back;
mod delivered_again;
mod duplicate_webhook;
mod events_in_any_order;
mod feedback;
mod gate_failure;
mod gate_killed;
mod gate_scan;
mod gate_trouble;
mod good_release;
mod hook_killed;
mod lost_webhook;
mod malformed;
mod old_push_replayed;
mod pull_request_told;
mod pull_requests;
mod rotation;
mod routes;
mod shifts;
mod source_killed;
