//! The guard before every outbound connection: which targets and which addresses are let through.
//! It judges the address that is then connected to, not the name, so that a name which resolves
//! differently the next time (DNS rebinding) gains nothing. Special addresses are those of the
//! registries of RFC 6890.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// The one port that is let through.
const HTTPS: u16 = 443;
/// What IPv6 addresses begin with that NAT64 translates to the IPv4 address in their last octets.
const NAT64: [u8; 12] = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];

/// Who set a target, and so how far it may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// An organization or a set-up link did: public addresses only.
    Organization,
    /// The operator did: what the settings allow may be private.
    Operator,
    /// The operator does, at the command line, to look at it: anywhere.
    Anywhere,
}

/// Why a target is not connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A name or a password stands in the URL.
    #[error("a URL that Usher calls carries no user name and no password")]
    Credentials,
    /// It is no URL of the web.
    #[error("only https URLs with a host are called")]
    NoWeb,
    /// It is not encrypted.
    #[error("only https URLs are called")]
    Plain,
    /// It names another port.
    #[error("only port 443 is called")]
    Port,
    /// The address is none of the public internet.
    #[error("the host is at an address that is not of the public internet")]
    Private,
}

/// Where a URL leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The host, as it is looked up and as its certificate must say; IPv6 without brackets.
    pub host: String,
    /// The address, where the URL gives one in whatever spelling.
    pub address: Option<IpAddr>,
    /// The port.
    pub port: u16,
    /// Whether TLS is spoken there.
    pub tls: bool,
}

impl Target {
    /// Where this URL leads.
    pub fn of(url: &Url) -> Result<Self, Refusal> {
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(Refusal::NoWeb),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Credentials);
        }
        let (host, address) = match url.host().ok_or(Refusal::NoWeb)? {
            Host::Domain(name) => (name.to_owned(), None),
            Host::Ipv4(it) => (it.to_string(), Some(IpAddr::V4(it))),
            Host::Ipv6(it) => (it.to_string(), Some(IpAddr::V6(it))),
        };
        let port = url.port_or_known_default().ok_or(Refusal::NoWeb)?;
        Ok(Self {
            host,
            address,
            port,
            tls,
        })
    }

    /// Whether the guard lets through what the URL says by itself, before any look-up: to refuse a
    /// target when it is set.
    pub fn may_be_set(&self) -> Result<(), Refusal> {
        if !self.tls {
            return Err(Refusal::Plain);
        }
        if self.port != HTTPS {
            return Err(Refusal::Port);
        }
        match self.address {
            Some(address) if !is_public(address) => Err(Refusal::Private),
            _ => Ok(()),
        }
    }

    /// Whether it may be connected to at this address.
    pub fn judge(&self, address: IpAddr) -> Result<(), Refusal> {
        self.may_be_set()?;
        if is_public(address) {
            Ok(())
        } else {
            Err(Refusal::Private)
        }
    }
}

/// A URL that may be set as a target of calls, as far as it tells by itself; `private` lets it lead
/// anywhere.
pub fn settable(text: &str, private: bool) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let target = Target::of(&url).map_err(|refusal| refusal.to_string())?;
    if !private {
        target.may_be_set().map_err(|refusal| refusal.to_string())?;
    }
    Ok(url)
}

/// Whether an address is one of the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match a {
        0 | 10 | 127 | 224..=255 => true,
        100 => (64..128).contains(&b),
        169 => b == 254,
        172 => (16..32).contains(&b),
        192 => b == 168 || (b == 0 && (c == 0 || c == 2)) || (b == 88 && c == 99),
        198 => b == 18 || b == 19 || (b == 51 && c == 100),
        203 => b == 0 && c == 113,
        _ => false,
    };
    !special
}

/// Global unicast (2000::/3) without what is reserved within it. An address that carries an IPv4
/// address is let through only by NAT64 (RFC 6052 §2.1), where that is public: mapped ones
/// (RFC 4291 §2.5.5.2) and 6to4 (RFC 3056) have no business here.
fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(carried) = address.octets().strip_prefix(&NAT64) {
        return <[u8; 4]>::try_from(carried).is_ok_and(|it| is_public_v4(it.into()));
    }
    let [first, second, ..] = address.segments();
    let special = match (first, second) {
        (0x2001, next) => next < 0x200 || next == 0xdb8,
        (0x2002, _) => true,
        (0x3fff, next) => next < 0x1000,
        _ => false,
    };
    (0x2000..0x4000).contains(&first) && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(url: &str, address: &str) -> Result<(), Refusal> {
        let target = Target::of(&url.parse().unwrap())?;
        target.judge(address.parse().unwrap())
    }

    #[test]
    fn addresses_outside_the_public_internet_are_refused() {
        for (address, public) in [
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("1.1.1.1", true),
            ("9.255.255.255", true),
            ("10.0.0.1", false),
            ("11.0.0.0", true),
            ("100.63.255.255", true),
            ("100.64.0.1", false),
            ("100.127.255.255", false),
            ("100.128.0.0", true),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("169.254.169.254", false),
            ("169.253.0.1", true),
            ("172.15.255.255", true),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("172.32.0.0", true),
            ("192.0.0.170", false),
            ("192.0.2.1", false),
            ("192.88.99.1", false),
            ("192.168.0.1", false),
            ("192.169.0.1", true),
            ("198.18.0.1", false),
            ("198.19.255.255", false),
            ("198.51.100.1", false),
            ("203.0.113.1", false),
            ("223.255.255.255", true),
            ("224.0.0.1", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::ffff:1.1.1.1", false),
            ("::ffff:10.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("::1.1.1.1", false),
            ("64:ff9b::1.1.1.1", true),
            ("64:ff9b::10.0.0.1", false),
            ("64:ff9b::a9fe:a9fe", false),
            ("64:ff9b:1::1.1.1.1", false),
            ("100::1", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("2001:4860:4860::8888", true),
            ("2002:0a00:0001::1", false),
            ("2002:0101:0101::1", false),
            ("2606:4700::1", true),
            ("3fff::1", false),
            ("3fff:1000::1", true),
            ("fc00::1", false),
            ("fd12:3456::1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
        ] {
            assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
        }
    }

    #[test]
    fn a_host_is_what_it_means_however_it_is_spelt() {
        for url in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://127.0.0.1./",
            "https://%31%32%37.0.0.1/",
            "https://\u{ff11}27.0.0.1/",
            "https://0/",
            "https://0xa9fea9fe/latest/meta-data",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[fe80::1]/",
        ] {
            let target = Target::of(&url.parse().unwrap()).unwrap();
            assert!(target.address.is_some(), "{url}");
            assert_eq!(target.may_be_set(), Err(Refusal::Private), "{url}");
        }
    }

    #[test]
    fn a_target_is_https_at_its_port_and_its_name_is_judged_by_its_address() {
        for (url, address, expected) in [
            ("https://hook.example/x", "1.1.1.1", Ok(())),
            ("https://hook.example:443/x", "1.1.1.1", Ok(())),
            ("https://hook.example/x", "10.0.0.1", Err(Refusal::Private)),
            ("https://localhost/x", "127.0.0.1", Err(Refusal::Private)),
            ("https://hook.example:8443/", "1.1.1.1", Err(Refusal::Port)),
            ("https://hook.example:22/", "1.1.1.1", Err(Refusal::Port)),
            ("http://hook.example/", "1.1.1.1", Err(Refusal::Plain)),
            ("http://hook.example:443/", "1.1.1.1", Err(Refusal::Plain)),
            (
                "https://a@hook.example/",
                "1.1.1.1",
                Err(Refusal::Credentials),
            ),
            (
                "https://:b@hook.example/",
                "1.1.1.1",
                Err(Refusal::Credentials),
            ),
            ("ftp://hook.example/", "1.1.1.1", Err(Refusal::NoWeb)),
            ("file:///etc/passwd", "1.1.1.1", Err(Refusal::NoWeb)),
            ("gopher://hook.example/", "1.1.1.1", Err(Refusal::NoWeb)),
        ] {
            assert_eq!(judged(url, address), expected, "{url} {address}");
        }
    }
}
