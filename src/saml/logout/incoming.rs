//! How a logout message arrives: in a query, signed beside the message over its very octets (SAML
//! Bindings 3.4.4.1), or in a form, signed inside (Bindings 3.5).

use base64::{Engine, engine::general_purpose::STANDARD};

use super::super::{
    binding::{self, RELAY_STATE_LIMIT, Received},
    error::{Error, shown},
    gate::{Algorithm, Element},
};

/// The one encoding of the redirect binding, which need not be named.
const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

/// A message as it arrived, of which nothing is known yet.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub(super) element: Element,
    pub(super) received: Received,
    pub(super) signing: Signing,
    relay_state: Option<String>,
}

/// Where the signature is.
#[derive(Clone, Debug)]
pub(super) enum Signing {
    /// In the message, if anywhere.
    Inside,
    /// In the query.
    Beside(QuerySignature),
    /// In the query, where there is none.
    Nowhere,
}

/// A signature of a query.
#[derive(Clone, Debug)]
pub(super) struct QuerySignature {
    /// What it covers, as it was sent.
    pub(super) octets: Vec<u8>,
    pub(super) algorithm: Algorithm,
    pub(super) value: Vec<u8>,
}

impl Incoming {
    /// Reads the query of an address, as it was sent: what is signed is never written anew.
    pub fn from_query(query: &str) -> Result<Self, Error> {
        if !query.is_ascii() {
            return Err(Error::MalformedForm {
                why: "an octet that must be escaped",
            });
        }
        let fields = Fields::read(query.as_bytes())?;
        let (element, message) = fields.message()?;
        let encoding = fields.encoding.map(binding::unescaped).transpose()?;
        if encoding.is_some_and(|encoding| encoding != DEFLATE.as_bytes()) {
            return Err(Error::MalformedDeflate);
        }
        Ok(Self {
            element,
            received: Received::inflate(&binding::unescaped(message)?)?,
            signing: fields.signing(element, message)?,
            relay_state: fields.relay_state()?,
        })
    }

    /// Reads a body that claims to be a form.
    pub fn from_form(content_type: Option<&str>, body: &[u8]) -> Result<Self, Error> {
        binding::form(content_type, body)?;
        let fields = Fields::read(body)?;
        let (element, message) = fields.message()?;
        Ok(Self {
            element,
            received: Received::decode(&binding::unescaped(message)?)?,
            signing: Signing::Inside,
            relay_state: fields.relay_state()?,
        })
    }

    /// RelayState, which goes back as it came (Bindings 3.4.3).
    pub fn relay_state(&self) -> Option<&str> {
        self.relay_state.as_deref()
    }
}

/// The fields of a query or form that are read, still escaped.
#[derive(Default)]
struct Fields<'a> {
    request: Option<&'a [u8]>,
    response: Option<&'a [u8]>,
    relay_state: Option<&'a [u8]>,
    algorithm: Option<&'a [u8]>,
    signature: Option<&'a [u8]>,
    encoding: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    fn read(text: &'a [u8]) -> Result<Self, Error> {
        let mut fields = Self::default();
        for pair in text.split(|byte| *byte == b'&') {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let (name, value) = (
                parts.next().unwrap_or_default(),
                parts.next().unwrap_or_default(),
            );
            let (field, slot) = match name {
                b"SAMLRequest" => ("SAMLRequest", &mut fields.request),
                b"SAMLResponse" => ("SAMLResponse", &mut fields.response),
                b"RelayState" => ("RelayState", &mut fields.relay_state),
                b"SigAlg" => ("SigAlg", &mut fields.algorithm),
                b"Signature" => ("Signature", &mut fields.signature),
                b"SAMLEncoding" => ("SAMLEncoding", &mut fields.encoding),
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(Error::DuplicateField { field });
            }
        }
        Ok(fields)
    }

    /// The one message, and which it claims to be.
    fn message(&self) -> Result<(Element, &'a [u8]), Error> {
        match (self.request, self.response) {
            (Some(request), None) => Ok((Element::LogoutRequest, request)),
            (None, Some(response)) => Ok((Element::LogoutResponse, response)),
            (None, None) => Err(Error::MissingMessage),
            (Some(_), Some(_)) => Err(Error::MalformedForm {
                why: "a request and a response at once",
            }),
        }
    }

    fn relay_state(&self) -> Result<Option<String>, Error> {
        let Some(state) = self.relay_state.map(binding::unescaped).transpose()? else {
            return Ok(None);
        };
        if state.len() > RELAY_STATE_LIMIT {
            return Err(Error::TooLarge {
                what: "RelayState's octets",
                limit: RELAY_STATE_LIMIT,
                arrived: state.len(),
            });
        }
        let state = String::from_utf8(state).map_err(|_| Error::MalformedEncoding {
            why: "RelayState is none",
        })?;
        Ok(Some(state))
    }

    /// The signature, over the message, RelayState and SigAlg in that order, as they were sent.
    fn signing(&self, element: Element, message: &[u8]) -> Result<Signing, Error> {
        let (algorithm, value) = match (self.algorithm, self.signature) {
            (Some(algorithm), Some(value)) => (algorithm, value),
            (None, None) => return Ok(Signing::Nowhere),
            _ => return Err(Error::SignatureMissing),
        };
        let name: &[u8] = match element {
            Element::LogoutRequest => b"SAMLRequest",
            _ => b"SAMLResponse",
        };
        let mut octets = [name, b"=", message].concat();
        if let Some(state) = self.relay_state {
            octets.extend([b"&RelayState=", state].concat());
        }
        octets.extend([b"&SigAlg=", algorithm].concat());
        let identifier = String::from_utf8_lossy(&binding::unescaped(algorithm)?).into_owned();
        let value = STANDARD.decode(binding::unescaped(value)?);
        Ok(Signing::Beside(QuerySignature {
            octets,
            algorithm: Algorithm::of(&shown(&identifier))?,
            value: value.map_err(|_| Error::MalformedBase64)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `<a/>`, deflated.
    const MESSAGE: &str = "s0nUtwMA";
    const SHA256: &str = "http%3a%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256";

    #[test]
    fn what_is_signed_is_what_was_sent() {
        let query =
            format!("x=y&SigAlg={SHA256}&RelayState=%61+b&Signature=QUJD&SAMLRequest={MESSAGE}");
        let incoming = Incoming::from_query(&query).unwrap();
        assert_eq!(incoming.element, Element::LogoutRequest);
        assert_eq!(incoming.relay_state(), Some("a b"));
        let Signing::Beside(signature) = incoming.signing else {
            panic!("a signature is there");
        };
        let covered = format!("SAMLRequest={MESSAGE}&RelayState=%61+b&SigAlg={SHA256}");
        assert_eq!(signature.octets, covered.as_bytes());
        assert_eq!(signature.value, b"ABC");
        assert_eq!(signature.algorithm, Algorithm::RsaSha256);
    }

    #[test]
    fn a_query_is_read_or_refused_by_name() {
        let long = "x".repeat(RELAY_STATE_LIMIT + 1);
        for (query, reason) in [
            (String::new(), "missing_message"),
            (format!("%53AMLRequest={MESSAGE}"), "missing_message"),
            (
                format!("SAMLRequest={MESSAGE}&SAMLResponse={MESSAGE}"),
                "malformed_form",
            ),
            (
                format!("SAMLRequest={MESSAGE}&SAMLRequest={MESSAGE}"),
                "duplicate_field",
            ),
            (
                format!("SAMLRequest={MESSAGE}&SigAlg={SHA256}"),
                "signature_missing",
            ),
            (
                format!("SAMLRequest={MESSAGE}&Signature=QUJD"),
                "signature_missing",
            ),
            (
                format!("SAMLRequest={MESSAGE}&Signature=*&SigAlg={SHA256}"),
                "malformed_base64",
            ),
            (
                format!(
                    "SAMLRequest={MESSAGE}&Signature=QUJD&SigAlg=http://www.w3.org/2000/09/xmldsig%23rsa-sha1"
                ),
                "signature_algorithm_unsupported",
            ),
            (
                format!("SAMLRequest={MESSAGE}&SAMLEncoding=none"),
                "malformed_deflate",
            ),
            (
                format!("SAMLRequest={MESSAGE}&RelayState={long}"),
                "too_large",
            ),
            (
                format!("SAMLRequest={MESSAGE}&RelayState=%ff"),
                "malformed_encoding",
            ),
            ("SAMLRequest=%".to_owned(), "malformed_form"),
            ("SAMLRequest=\u{e9}".to_owned(), "malformed_form"),
            ("SAMLRequest=*".to_owned(), "malformed_base64"),
            ("SAMLRequest=////".to_owned(), "malformed_deflate"),
        ] {
            let error = Incoming::from_query(&query).unwrap_err();
            assert_eq!(error.reason(), reason, "{query}");
        }
    }

    #[test]
    fn what_is_inflated_is_bounded() {
        use std::io::Write as _;
        let mut deflate =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        let spaces = vec![b' '; 1024 * 1024];
        for _ in 0..64 {
            deflate.write_all(&spaces).unwrap();
        }
        let packed = STANDARD.encode(deflate.finish().unwrap());
        let packed = packed.replace('+', "%2B");
        let error = Incoming::from_query(&format!("SAMLRequest={packed}")).unwrap_err();
        assert_eq!(error.reason(), "too_large");
    }
}
