//! Whose request it is: the peer, or, where that is a proxy that is trusted, whom the proxy names
//! (RFC 7239 §7.4; X-Forwarded-For for those that do not know it).

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::http::Gateway;

/// The address of a client, where anybody knows it: without a trusted proxy, a peer near by may be
/// one that stands before everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct Client(pub(in crate::http) Option<IpAddr>);

impl FromRequestParts<Gateway> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        gateway: &Gateway,
    ) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        let peer = peer.to_canonical();
        Ok(match &gateway.trusted_proxies {
            Some(trusted) => Self(Some(named(peer, &parts.headers, &**trusted))),
            None => Self((!is_near(peer)).then_some(peer)),
        })
    }
}

/// Where a request comes from, as near as anybody knows: the client, or else the peer, which may be
/// a proxy that nobody trusts.
pub(in crate::http) fn nearest(parts: &Parts, gateway: &Gateway) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|peer| peer.0.ip().to_canonical());
    let trusted = gateway.trusted_proxies.as_ref();
    let named = |trusted: &crate::http::TrustedProxies| {
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Some(named(peer, &parts.headers, &**trusted)).filter(|it| !it.is_unspecified())
    };
    trusted.map_or(peer, named)
}

/// What one client has of addresses: of IPv6 it is a network of 64 bits.
pub(in crate::http) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
    }
}

/// Whom the request is from, by what the proxies say that are trusted.
fn named(peer: IpAddr, headers: &HeaderMap, is_trusted: &dyn Fn(IpAddr) -> bool) -> IpAddr {
    let hops = if is_trusted(peer) {
        hops(headers)
    } else {
        Vec::new()
    };
    let mut client = peer;
    // From the nearest on, as far as each was named by somebody who is trusted.
    for hop in hops.into_iter().rev() {
        let Some(hop) = hop else { break };
        client = hop.to_canonical();
        if !is_trusted(client) {
            break;
        }
    }
    client
}

/// Whether an address is of this machine or of a network of our own (RFC 1918, RFC 4193, and the
/// shared space of RFC 6598), as that of a proxy in front is.
fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && second & 0b1100_0000 == 64;
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
                || is_shared
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified()
        }
    }
}

/// The addresses that the proxies name, the nearest last; none for what is no address. Where both
/// fields are there and differ, a client wrote one of them, and neither is believed.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let elements = |name: &str| -> Option<Vec<String>> {
        let values: Vec<_> = headers.get_all(name).iter().collect();
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or("").to_owned();
        let joined = values.into_iter().map(text).collect::<Vec<_>>().join(",");
        let list = joined.split(',').map(|part| part.trim().to_owned());
        headers.contains_key(name).then(|| list.collect())
    };
    let old = elements("x-forwarded-for");
    let old = old.map(|list| list.iter().map(|it| address(it)).collect::<Vec<_>>());
    let new = elements("forwarded");
    let new = new.map(|list| list.iter().map(|it| forwarded(it)).collect::<Vec<_>>());
    match (old, new) {
        (Some(old), Some(new)) if old != new => Vec::new(),
        (Some(hops), _) | (None, Some(hops)) => hops,
        (None, None) => Vec::new(),
    }
}

/// The `for` of an element of Forwarded.
fn forwarded(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, node) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(node.trim().trim_matches('"'))
}

/// An address, perhaps with a port; one of IPv6 perhaps in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let plain = bare.unwrap_or(text).parse().ok();
    plain.or_else(|| text.parse().ok().map(|socket: SocketAddr| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Fields = &'static [(&'static str, &'static str)];

    const CASES: &[(&str, Fields, &str)] = &[
        ("203.0.113.9", &[], "203.0.113.9"),
        // A stranger names whom they like.
        (
            "203.0.113.9",
            &[("x-forwarded-for", "198.51.100.1")],
            "203.0.113.9",
        ),
        ("10.0.0.1", &[], "10.0.0.1"),
        (
            "10.0.0.1",
            &[("x-forwarded-for", "198.51.100.1")],
            "198.51.100.1",
        ),
        (
            "::ffff:10.0.0.1",
            &[("x-forwarded-for", "198.51.100.1")],
            "198.51.100.1",
        ),
        (
            "10.0.0.1",
            &[("x-forwarded-for", "1.2.3.4, 198.51.100.1, 10.0.0.2")],
            "198.51.100.1",
        ),
        (
            "10.0.0.1",
            &[
                ("x-forwarded-for", "1.2.3.4"),
                ("x-forwarded-for", "5.6.7.8"),
            ],
            "5.6.7.8",
        ),
        (
            "10.0.0.1",
            &[("x-forwarded-for", "1.2.3.4, unknown")],
            "10.0.0.1",
        ),
        (
            "10.0.0.1",
            &[("x-forwarded-for", "[2001:db8::1]:443")],
            "2001:db8::1",
        ),
        (
            "fd00::1",
            &[(
                "forwarded",
                "for=1.2.3.4, For=\"[2001:db8::2]\";proto=https",
            )],
            "2001:db8::2",
        ),
        (
            "10.0.0.1",
            &[("forwarded", "for=198.51.100.1:4711;by=_x")],
            "198.51.100.1",
        ),
        ("10.0.0.1", &[("forwarded", "by=_x")], "10.0.0.1"),
        (
            "10.0.0.1",
            &[("forwarded", "for=1.2.3.4"), ("x-forwarded-for", "5.6.7.8")],
            "10.0.0.1",
        ),
        (
            "10.0.0.1",
            &[("forwarded", "for=1.2.3.4"), ("x-forwarded-for", "1.2.3.4")],
            "1.2.3.4",
        ),
    ];

    #[test]
    fn the_client_is_the_last_address_that_no_trusted_proxy_has() {
        let trusted = |address: IpAddr| match address {
            IpAddr::V4(address) => address.octets()[0] == 10,
            IpAddr::V6(address) => address.segments()[0] == 0xfd00,
        };
        for (peer, given, expected) in CASES {
            let mut headers = HeaderMap::new();
            for (name, value) in *given {
                headers.append(*name, value.parse().unwrap());
            }
            let peer: IpAddr = peer.parse().unwrap();
            let found = named(peer.to_canonical(), &headers, &trusted);
            assert_eq!(
                found,
                expected.parse::<IpAddr>().unwrap(),
                "{peer} {given:?}"
            );
        }
    }

    #[test]
    fn a_peer_near_by_may_be_a_proxy() {
        for (peer, near) in [
            ("0.0.0.0", true),
            ("127.0.0.1", true),
            ("10.1.2.3", true),
            ("172.17.0.1", true),
            ("172.32.0.1", false),
            ("192.168.0.1", true),
            ("169.254.1.1", true),
            ("100.64.0.1", true),
            ("100.127.0.1", true),
            ("100.128.0.1", false),
            ("203.0.113.9", false),
            ("::", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("::ffff:203.0.113.9", false),
            ("fd00::1", true),
            ("fe80::1", true),
            ("2001:db8::1", false),
        ] {
            let address: IpAddr = peer.parse().unwrap();
            assert_eq!(is_near(address.to_canonical()), near, "{peer}");
        }
    }
}
