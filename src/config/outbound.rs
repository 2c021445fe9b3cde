//! Where Usher itself may connect to, through its one outbound client.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::Network;
use super::settings::redacted;

/// The settings of the outbound client.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outbound {
    /// Hosts and networks that may be private, for the targets that the operator sets.
    pub allow: Vec<Allowed>,
    /// Whom to ask for TXT records; the system's first name server unless set.
    pub name_server: Option<NameServer>,
    /// The proxy that every connection goes through.
    pub proxy: Option<Proxy>,
    /// Certificates to trust beside the system's, in PEM.
    pub ca_file: Option<PathBuf>,
    /// Whether any target may be private: for tests and the demo.
    pub allow_private_targets: bool,
}

impl Outbound {
    /// Whether a target that the operator set may resolve to this address though it is private.
    pub fn allows(&self, host: &str, address: IpAddr) -> bool {
        self.allow_private_targets
            || self.allow.iter().any(|allowed| match allowed {
                Allowed::Host(name) => name.eq_ignore_ascii_case(host),
                Allowed::Network(network) => network.contains(address),
            })
    }
}

impl Outbound {
    /// Whether a target that the operator sets may be private as far as its URL says by itself: by the
    /// host's name, or by the address that stands in place of one.
    pub fn names(&self, host: &str, address: Option<IpAddr>) -> bool {
        self.allow.iter().any(|allowed| match (allowed, address) {
            (Allowed::Host(name), None) => name.eq_ignore_ascii_case(host),
            (Allowed::Network(network), Some(address)) => network.contains(address),
            _ => false,
        })
    }
}

/// A target that may be private.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum Allowed {
    /// A host by its name, without a port.
    Host(String),
    /// Every address of a network.
    Network(Network),
}

impl FromStr for Allowed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(network) = text.parse() {
            return Ok(Self::Network(network));
        }
        match Host::parse(text) {
            Ok(Host::Domain(name)) => Ok(Self::Host(name)),
            _ => Err("expected a host name, a network such as 10.0.0.0/8, or an address"),
        }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => f.write_str(name),
            Self::Network(network) => network.fmt(f),
        }
    }
}

impl TryFrom<String> for Allowed {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Allowed> for String {
    fn from(allowed: Allowed) -> Self {
        allowed.to_string()
    }
}

/// A name server, by its address; the port is DNS's own unless it is said.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct NameServer(pub SocketAddr);

impl FromStr for NameServer {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53));
        let parsed = bare.or_else(|_| text.parse());
        parsed
            .map(Self)
            .map_err(|_| "expected an address such as 192.0.2.53 or 127.0.0.1:5353")
    }
}

impl TryFrom<String> for NameServer {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<NameServer> for String {
    fn from(server: NameServer) -> Self {
        server.0.to_string()
    }
}

/// The proxy for every outbound connection. Displayed without its password.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Proxy(Url);

impl Proxy {
    /// Its address, with the password.
    pub fn as_url(&self) -> &Url {
        &self.0
    }
}

impl FromStr for Proxy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected http://HOST:PORT or https://HOST:PORT";
        let url: Url = text.parse().map_err(|_| expected)?;
        if matches!(url.scheme(), "http" | "https") {
            Ok(Self(url))
        } else {
            Err(expected)
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(redacted(&self.0).as_str())
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TryFrom<String> for Proxy {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Proxy> for String {
    fn from(proxy: Proxy) -> Self {
        proxy.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{NameServer, Outbound};

    #[test]
    fn only_what_is_allowed_may_be_private() {
        let allow = ["adfs.corp.example", "10.1.0.0/16"].map(|text| text.parse().unwrap());
        let outbound = Outbound {
            allow: allow.to_vec(),
            ..Outbound::default()
        };
        let cases = [
            ("adfs.corp.example", "192.168.7.7", true),
            ("ADFS.corp.example", "192.168.7.7", true),
            ("hook.corp.example", "10.1.2.3", true),
            ("hook.corp.example", "10.2.2.3", false),
        ];
        for (host, address, expected) in cases {
            assert_eq!(
                outbound.allows(host, address.parse().unwrap()),
                expected,
                "{host}"
            );
        }
    }

    #[test]
    fn a_name_server_is_an_address() {
        for (text, expected) in [
            ("192.0.2.53", Some("192.0.2.53:53")),
            ("127.0.0.1:5353", Some("127.0.0.1:5353")),
            ("::1", Some("[::1]:53")),
            ("[::1]:54", Some("[::1]:54")),
            ("dns.example", None),
            ("", None),
        ] {
            let server = text.parse::<NameServer>().ok();
            let server = server.map(|server| server.0.to_string());
            assert_eq!(server.as_deref(), expected, "{text}");
        }
    }
}
