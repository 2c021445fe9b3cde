//! HTTP/1.1 over plain TCP, a connection at a time, kept alive. TLS is not spoken: it would be measured too.

mod answer;
mod connection;

pub(crate) use answer::Answer;
pub(crate) use connection::{Asked, Connection};

use std::fmt::Write as _;

use hyper::Uri;

use crate::failure::Failure;

/// Where requests go: a host, a path in front of all of theirs, and what authorizes them.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// Host and port, to connect to.
    pub(crate) address: String,
    /// Host and port, as they are said to the server.
    pub(crate) host: String,
    /// The path that stands in front of every other, without a slash at the end.
    pub(crate) prefix: String,
    /// The value of `Authorization`.
    pub(crate) authorization: Option<String>,
}

impl Origin {
    /// Reads the address of a server.
    pub(crate) fn parse(url: &str) -> Result<Self, Failure> {
        let refused = |why: &str| {
            let said = format!("{url}: {why}; give an address like http://127.0.0.1:8080/scim/v2");
            Failure::new(said)
        };
        let uri: Uri = url.parse().map_err(|_| refused("this is no address"))?;
        if uri.scheme_str() != Some("http") {
            return Err(refused(
                "only plain http is spoken, so that no TLS is measured",
            ));
        }
        let host = uri.authority().ok_or_else(|| refused("it has no host"))?;
        Ok(Self {
            address: format!("{}:{}", host.host(), host.port_u16().unwrap_or(80)),
            host: host.as_str().to_owned(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            authorization: None,
        })
    }

    /// The same with a bearer token.
    pub(crate) fn bearer(mut self, token: Option<&str>) -> Self {
        self.authorization = token.map(|token| format!("Bearer {token}"));
        self
    }

    /// The same host, without a path in front and without authorization.
    pub(crate) fn root(&self) -> Self {
        Self {
            prefix: String::new(),
            authorization: None,
            ..self.clone()
        }
    }
}

/// A text as part of a query or a form (RFC 3986 §2.1).
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The text behind an encoded one; what is no code stays as it is.
pub(crate) fn decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        let code = behind.get(..2).and_then(|code| str::from_utf8(code).ok());
        match code.map(|code| u8::from_str_radix(code, 16)) {
            Some(Ok(byte)) if *first == b'%' => {
                out.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            _ => out.push(*first),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A parameter of an address's query.
pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(known, _)| *known == name)
        .map(|(_, value)| decoded(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for text in ["userName eq \"a+b@x\"", "100 %", "ü", ""] {
            assert_eq!(decoded(&encoded(text)), text);
        }
        assert_eq!(encoded("a b"), "a%20b");
        assert_eq!(decoded("%zz%"), "%zz%");
    }

    #[test]
    fn an_address_is_read() {
        let origin = Origin::parse("http://localhost:81/scim/v2/").unwrap();
        assert_eq!(
            (origin.address.as_str(), origin.prefix.as_str()),
            ("localhost:81", "/scim/v2")
        );
        assert_eq!(
            Origin::parse("http://localhost").unwrap().address,
            "localhost:80"
        );
        assert!(Origin::parse("https://localhost").is_err());
        assert!(Origin::parse("localhost").is_err());
    }

    #[test]
    fn a_parameter_is_found() {
        let url = "http://a/b?state=x&code=c%2Fd";
        assert_eq!(parameter(url, "code").as_deref(), Some("c/d"));
        assert_eq!(parameter(url, "iss"), None);
    }
}
