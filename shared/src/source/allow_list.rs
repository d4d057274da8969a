//! Whom deliveries are taken from, by network address: an optional defence in front of the signature, never instead of it.
//!
//! The address is the one that AWS saw, out of the request context. Must not: believe a header (`X-Forwarded-For` is the sender's own words).
//! Specification: <https://docs.github.com/en/rest/meta/meta#get-github-meta-information>, key `hooks`

use ipnet::IpNet;
use serde_json::Value;
use std::net::IpAddr;

/// Where payload formats 2.0 and 1.0 carry the sender's address.
const ADDRESSES: [&str; 2] = ["/requestContext/http/sourceIp", "/requestContext/identity/sourceIp"];

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
    pub fn admits(&self, event: &Value) -> bool {
        self.0.is_empty()
            || source_address(event)
                .is_some_and(|address| self.0.iter().any(|network| network.contains(&address)))
    }
}

/// The sender's address; an IPv4 address in IPv6 clothes is taken as what it is.
fn source_address(event: &Value) -> Option<IpAddr> {
    let text = ADDRESSES.iter().find_map(|place| event.pointer(place))?.as_str()?;
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Three of the networks that GitHub's meta document named under `hooks`.
    const LIST: &str = "192.30.252.0/22, 185.199.108.0/22,2a0a:a440::/29";

    fn http_api(address: &str) -> Value {
        json!({"requestContext": {"http": {"method": "POST", "sourceIp": address}}})
    }

    fn rest_api(address: &str) -> Value {
        json!({"requestContext": {"identity": {"sourceIp": address}}})
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
        assert!(!list.admits(&json!({})));
        assert!(!list.admits(&json!({"requestContext": {"http": {"sourceIp": 7}}})));
    }

    #[test]
    fn an_address_in_a_header_is_not_looked_at() {
        let list = AllowList::parse(LIST).unwrap();
        let mut event = http_api("10.0.0.1");
        event["headers"] = json!({"x-forwarded-for": "192.30.252.44", "x-real-ip": "192.30.252.44", "forwarded": "for=192.30.252.44"});
        assert!(!list.admits(&event));
    }

    #[test]
    fn without_networks_everybody_is_admitted() {
        assert!(AllowList::default().admits(&json!({})));
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
