//! Whom deliveries are taken from, by network address: an optional defence in front of the signature, never instead of it.
//!
//! The address is the one that AWS saw, out of the request context. Must not: believe a header (`X-Forwarded-For` is the sender's own words).
//! Specification: <https://docs.github.com/en/rest/meta/meta#get-github-meta-information>, key `hooks`

use crate::source::event::Event;
use ipnet::IpNet;
use std::net::IpAddr;

/// The networks that may deliver; an empty list lets everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList(Vec<IpNet>);

impl AllowList {
    /// Reads networks such as `192.30.252.0/22` or `2a0a:a440::/29`, separated by commas.
    ///
    /// # Errors
    /// In words that name the first one that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let networks = text.split(',').map(str::trim).map(|network| {
            network.parse().map_err(|_| {
                format!("`{network}` is no network in CIDR notation, such as `192.30.252.0/22` or `2a0a:a440::/29`")
            })
        });
        networks.collect::<Result<_, _>>().map(Self)
    }

    /// Whether the request of a Lambda event comes from one of the networks; without a readable address it does not.
    #[must_use]
    pub fn admits(&self, event: &Event) -> bool {
        self.0.is_empty()
            || event
                .source_address()
                .and_then(address)
                .is_some_and(|address| self.0.iter().any(|network| network.contains(&address)))
    }
}

/// An IPv4 address in IPv6 clothes is taken as what it is.
fn address(text: &str) -> Option<IpAddr> {
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Three of the networks that GitHub's meta document named under `hooks`.
    const LIST: &str = "192.30.252.0/22, 185.199.108.0/22,2a0a:a440::/29";

    fn event(value: Value) -> Event {
        serde_json::from_value(value).unwrap()
    }

    fn http_api(address: &str) -> Event {
        event(json!({"requestContext": {"http": {"method": "POST", "sourceIp": address}}}))
    }

    fn rest_api(address: &str) -> Event {
        event(json!({"requestContext": {"identity": {"sourceIp": address}}}))
    }

    #[test]
    fn addresses_inside_a_network_are_admitted_in_both_event_formats() {
        let list = AllowList::parse(LIST).unwrap();
        for address in
            ["192.30.252.0", "192.30.255.255", "185.199.109.7", "2a0a:a440::1", "::ffff:192.30.252.44"]
        {
            assert!(list.admits(&http_api(address)), "{address}");
            assert!(list.admits(&rest_api(address)), "{address}");
        }
    }

    #[test]
    fn everybody_else_is_not_admitted() {
        let list = AllowList::parse(LIST).unwrap();
        for address in
            ["192.31.0.0", "10.0.0.1", "2a0a:a448::1", "::1", "", "github.com", "192.30.252.44:443"]
        {
            assert!(!list.admits(&http_api(address)), "{address}");
            assert!(!list.admits(&rest_api(address)), "{address}");
        }
        assert!(!list.admits(&event(json!({}))));
        assert!(!list.admits(&event(json!({"requestContext": {"http": {"sourceIp": 7}}}))));
    }

    #[test]
    fn an_address_in_a_header_is_not_looked_at() {
        let list = AllowList::parse(LIST).unwrap();
        let sent = event(json!({
            "requestContext": {"http": {"method": "POST", "sourceIp": "10.0.0.1"}},
            "headers": {"x-forwarded-for": "192.30.252.44", "x-real-ip": "192.30.252.44", "forwarded": "for=192.30.252.44"},
        }));
        assert!(!list.admits(&sent));
    }

    #[test]
    fn without_networks_everybody_is_admitted() {
        assert!(AllowList::default().admits(&event(json!({}))));
    }

    #[test]
    fn what_is_no_network_is_named() {
        let words = |text: &str| AllowList::parse(text).unwrap_err();
        insta::assert_snapshot!(words("192.30.252.0/22,hooks"), @"`hooks` is no network in CIDR notation, such as `192.30.252.0/22` or `2a0a:a440::/29`");
        insta::assert_snapshot!(words("192.30.252.0/33"), @"`192.30.252.0/33` is no network in CIDR notation, such as `192.30.252.0/22` or `2a0a:a440::/29`");
        insta::assert_snapshot!(words("192.30.252.44"), @"`192.30.252.44` is no network in CIDR notation, such as `192.30.252.0/22` or `2a0a:a440::/29`");
        insta::assert_snapshot!(words("192.30.252.0/22,"), @"`` is no network in CIDR notation, such as `192.30.252.0/22` or `2a0a:a440::/29`");
    }
}
