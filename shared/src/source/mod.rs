//! From a push to the right pipeline on the right commit, exactly once: signature, deliveries, routing, ledger, archive.
//!
//! Level-triggered: a delivery, a redelivery, a poll or a person only says "look at this branch". The true head and
//! the ledger decide ([`reconcile`]). Must not: touch a network, a clock or the environment; [`ports`] names what it
//! needs from outside.

pub mod allow_list;
pub mod archive;
pub mod delivery;
pub mod ledger;
pub mod message;
pub mod notice;
pub mod ports;
pub mod push_range;
pub mod reconcile;
pub mod reference;
pub mod request;
pub mod rotation;
pub mod routes;
pub mod secrets;
pub mod signature;
