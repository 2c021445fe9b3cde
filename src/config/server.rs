//! Where people and programs reach Usher.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use super::Network;
use crate::limits;

/// The settings of the server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Where the public server listens.
    pub listen: SocketAddr,
    /// What every link, `Location`, issuer and metadata document is built from.
    pub public_url: PublicUrl,
    /// Where the metrics are served; off when absent.
    pub metrics_listen: Option<SocketAddr>,
    /// Whose `Forwarded` and `X-Forwarded-For` are believed (RFC 7239 §8.1).
    pub trusted_proxies: Vec<Network>,
    /// Connections open at once.
    pub max_connections: NonZeroUsize,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_url: "http://127.0.0.1:8080"
                .parse()
                .expect("this is a URL without a path"),
            metrics_listen: None,
            trusted_proxies: Vec::new(),
            max_connections: NonZeroUsize::new(limits::CONNECTIONS).expect("the limit is above 0"),
        }
    }
}

/// Usher's own address as the world sees it: `http` or `https`, a host, perhaps a port, no path.
/// Never taken from a request's `Host`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicUrl {
    url: Url,
    base: String,
}

impl PublicUrl {
    /// The address without a slash at its end: the issuer, and what a path is put behind.
    pub fn as_str(&self) -> &str {
        &self.base
    }

    /// The address as a URL, whose path is `/`.
    pub fn as_url(&self) -> &Url {
        &self.url
    }

    /// A link to a path of ours, which begins with a slash.
    pub fn link(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Whether browsers reach us through TLS, so that cookies may say `Secure`.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url: Url = text
            .parse()
            .map_err(|error| format!("not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("expected http:// or https://".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a user or password has no place in the public address".to_owned());
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err("expected only a host and perhaps a port, without a path".to_owned());
        }
        let base = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self { url, base })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PublicUrl> for String {
    fn from(url: PublicUrl) -> Self {
        url.base
    }
}

#[cfg(test)]
mod tests {
    use super::PublicUrl;

    #[test]
    fn links_are_built_from_the_public_url() {
        for text in [
            "https://id.example.com",
            "https://id.example.com/",
            "HTTPS://ID.example.com:443",
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!(url.as_str(), "https://id.example.com");
            assert_eq!(url.link("/oauth/jwks"), "https://id.example.com/oauth/jwks");
            assert!(url.is_https());
        }
    }

    #[test]
    fn a_public_url_is_a_scheme_a_host_and_a_port() {
        let refused = [
            "",
            "id.example.com",
            "ftp://id.example.com",
            "https://id.example.com/usher",
            "https://id.example.com/?a=b",
            "https://id.example.com/#top",
            "https://user:pass@id.example.com",
            "https://",
        ];
        for text in refused {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }
}
