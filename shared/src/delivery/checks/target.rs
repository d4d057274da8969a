//! Where requests may go: what is configured, over HTTP, and never to what only a machine on the inside should reach.
//!
//! The metadata services of EC2 and ECS hand out credentials to whoever asks from inside
//! (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>): link-local addresses are refused, by name in the
//! settings and again after names are resolved. Private addresses are what an internal load balancer has.

use http::Uri;
use std::net::{IpAddr, Ipv6Addr};

/// A target that requests may go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whether TLS is spoken.
    pub is_tls: bool,
    /// Host name, or address without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Path and query, at least `/`.
    pub path: String,
}

/// Reads a URL.
///
/// # Errors
/// Why it may not be asked.
pub fn check(url: &str) -> Result<Target, String> {
    // The text itself is not repeated: it may hold a password.
    let uri: Uri = url.parse().map_err(|_| "this is no URL".to_owned())?;
    let is_tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        Some(_) | None => return Err("this is no `http://` or `https://` URL".to_owned()),
    };
    let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
    if authority.contains('@') {
        return Err("it has a user or password in it: give a header instead".to_owned());
    }
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    if host.is_empty() {
        return Err("it names no host".to_owned());
    }
    if let Some(why) = host.parse().ok().and_then(refused) {
        return Err(format!("`{host}` is {why}"));
    }
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    Ok(Target { is_tls, host, port, path })
}

/// Why an address may not be asked, if it may not.
#[must_use]
pub fn refused(address: IpAddr) -> Option<&'static str> {
    let address = match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4),
        v4 @ IpAddr::V4(_) => v4,
    };
    let link_local = "a link-local address, where metadata services hand out credentials";
    match address {
        IpAddr::V4(v4) if v4.is_link_local() => Some(link_local),
        IpAddr::V4(v4) if v4.octets().first() == Some(&0) => Some("the address of this very machine"),
        IpAddr::V4(v4) if v4.is_multicast() || v4.is_broadcast() => Some("the address of many machines"),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Some(link_local),
        IpAddr::V6(v6) if v6.segments().starts_with(&METADATA) => Some("a metadata service's address"),
        IpAddr::V6(v6) if v6.is_unspecified() => Some("the address of this very machine"),
        IpAddr::V6(v6) if v6.is_multicast() => Some("the address of many machines"),
        IpAddr::V6(v6) if is_embedded_link_local(v6) => Some(link_local),
        IpAddr::V4(_) | IpAddr::V6(_) => None,
    }
}

/// `fd00:ec2::/32`: instance metadata, DNS and time of EC2 over IPv6.
const METADATA: [u16; 2] = [0xfd00, 0x0ec2];

/// NAT64 (RFC 6052) and IPv4-compatible spellings of 169.254.0.0/16.
fn is_embedded_link_local(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embeds = segments.starts_with(&[0x64, 0xff9b, 0, 0, 0, 0]) || segments.starts_with(&[0; 6]);
    embeds && segments.get(6) == Some(&0xa9fe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_with_its_port_and_path() {
        let target = check("https://green.internal.example.com:8443/api?deep=1").unwrap();
        assert_eq!((target.is_tls, target.port, target.path.as_str()), (true, 8443, "/api?deep=1"));
        let plain = check("http://[fd12::7]").unwrap();
        assert_eq!((plain.host.as_str(), plain.port, plain.path.as_str()), ("fd12::7", 80, "/"));
    }

    #[test]
    fn what_may_not_be_asked_is_refused_with_the_reason_and_without_the_password() {
        let words = |url: &str| check(url).unwrap_err();
        insta::assert_snapshot!(words("ftp://green/"), @"this is no `http://` or `https://` URL");
        insta::assert_snapshot!(words("https://me:planted@green/"), @"it has a user or password in it: give a header instead");
        insta::assert_snapshot!(words("http://169.254.170.2/v2/credentials"), @"`169.254.170.2` is a link-local address, where metadata services hand out credentials");
        insta::assert_snapshot!(words("http://[fd00:ec2::254]/latest"), @"`fd00:ec2::254` is a metadata service's address");
        insta::assert_snapshot!(words("http://0.0.0.0:9001/"), @"`0.0.0.0` is the address of this very machine");
        insta::assert_snapshot!(words("green/health"), @"this is no URL");
    }

    #[test]
    fn other_spellings_of_the_metadata_address_are_refused_and_private_ones_are_not() {
        for text in [
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "::169.254.169.254",
            "fe80::1",
            "224.0.0.1",
            "::",
        ] {
            assert!(refused(text.parse().unwrap()).is_some(), "{text}");
        }
        for text in ["10.0.0.1", "172.31.0.9", "192.168.1.1", "fd12:3456::1", "203.0.113.7"] {
            assert_eq!(refused(text.parse().unwrap()), None, "{text}");
        }
    }
}
