//! The HTTP POST binding (SAML Bindings 3.5): a form becomes a [`Received`] document.
//!
//! A response is never inflated: DEFLATE belongs to the redirect binding, which it does not use.

use std::io::Read as _;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::DeflateDecoder;

use super::error::{Error, shown};
use crate::limits;

/// The largest form body taken.
pub const FORM_LIMIT: usize = limits::SAML_FORM;
/// The largest decoded message taken.
pub const MESSAGE_LIMIT: usize = limits::SAML_DECODED;
/// The longest RelayState kept.
pub const RELAY_STATE_LIMIT: usize = limits::RELAY_STATE;

/// The posted form.
#[derive(Clone, Debug)]
pub struct PostForm {
    /// The message.
    pub response: Received,
    /// RelayState as it came; one longer than [`RELAY_STATE_LIMIT`] or not UTF-8 is as none.
    pub relay_state: Option<String>,
}

impl PostForm {
    /// Reads a body that claims to be a form.
    pub fn read(content_type: Option<&str>, body: &[u8]) -> Result<Self, Error> {
        form(content_type, body)?;
        let mut response = None;
        let mut relay_state = None;
        for pair in body.split(|b| *b == b'&') {
            let mut parts = pair.splitn(2, |b| *b == b'=');
            let (name, value) = (
                parts.next().unwrap_or_default(),
                parts.next().unwrap_or_default(),
            );
            let (field, slot) = match unescaped(name)?.as_slice() {
                b"SAMLResponse" => ("SAMLResponse", &mut response),
                b"RelayState" => ("RelayState", &mut relay_state),
                _ => continue,
            };
            if slot.replace(unescaped(value)?).is_some() {
                return Err(Error::DuplicateField { field });
            }
        }
        let response = Received::decode(&response.ok_or(Error::MissingResponse)?)?;
        let relay_state = relay_state
            .filter(|state| !state.is_empty() && state.len() <= RELAY_STATE_LIMIT)
            .and_then(|state| String::from_utf8(state).ok());
        Ok(Self {
            response,
            relay_state,
        })
    }
}

/// What claims to be a form may be one: by its media type, its size and its octets.
pub(super) fn form(content_type: Option<&str>, body: &[u8]) -> Result<(), Error> {
    if !is_form(content_type) {
        return Err(Error::MediaType {
            arrived: content_type.map(shown),
        });
    }
    if body.len() > FORM_LIMIT {
        return Err(Error::TooLarge {
            what: "the form's octets",
            limit: FORM_LIMIT,
            arrived: body.len(),
        });
    }
    if !body.is_ascii() {
        return Err(Error::MalformedForm {
            why: "an octet that must be escaped",
        });
    }
    Ok(())
}

/// A message as it was received: text, and nothing known of it.
#[derive(Clone)]
pub struct Received {
    pub(super) xml: String,
}

impl Received {
    /// Decodes the value of SAMLResponse, or of SAMLRequest.
    pub fn decode(value: &[u8]) -> Result<Self, Error> {
        Self::from_octets(octets(value)?)
    }

    /// Inflates what base64 held, no further than is taken (Bindings 3.4.4.1).
    pub(super) fn inflate(value: &[u8]) -> Result<Self, Error> {
        let packed = octets(value)?;
        let most = MESSAGE_LIMIT as u64 + 1;
        let mut bytes = Vec::new();
        let read = DeflateDecoder::new(&packed[..])
            .take(most)
            .read_to_end(&mut bytes);
        read.map_err(|_| Error::MalformedDeflate)?;
        Self::from_octets(bytes)
    }

    fn from_octets(bytes: Vec<u8>) -> Result<Self, Error> {
        if bytes.len() > MESSAGE_LIMIT {
            return Err(Error::TooLarge {
                what: "the message's octets",
                limit: MESSAGE_LIMIT,
                arrived: bytes.len(),
            });
        }
        let text = String::from_utf8(bytes).map_err(|_| Error::MalformedEncoding {
            why: "an octet sequence that is none",
        })?;
        Ok(Self { xml: plain(text)? })
    }

    /// Whether something in it may be encrypted for us: where not, no key is needed.
    pub fn may_be_encrypted(&self) -> bool {
        self.xml.contains("EncryptedAssertion")
    }
}

impl std::fmt::Debug for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Received({} octets)", self.xml.len())
    }
}

/// The octets of base64; white space in it says nothing.
fn octets(value: &[u8]) -> Result<Vec<u8>, Error> {
    let value: Vec<u8> = value
        .iter()
        .copied()
        .filter(|b| !b" \t\r\n\x0b\x0c".contains(b))
        .collect();
    STANDARD.decode(value).map_err(|_| Error::MalformedBase64)
}

/// UTF-8 text without NUL, without its byte order mark, that declares no other encoding.
pub(super) fn plain(text: String) -> Result<String, Error> {
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    if text.starts_with('\u{feff}') {
        return Err(Error::MalformedEncoding {
            why: "a second byte order mark",
        });
    }
    if text.contains('\0') {
        return Err(Error::MalformedEncoding { why: "a NUL" });
    }
    if let Some((declaration, _)) = text
        .strip_prefix("<?xml")
        .and_then(|rest| rest.split_once("?>"))
        && let Some((_, encoding)) = declaration.split_once("encoding")
    {
        let encoding = encoding.trim_start_matches([' ', '\t', '\r', '\n', '=']);
        let encoding = encoding
            .trim_start_matches(['"', '\''])
            .split(['"', '\''])
            .next();
        if !encoding.is_some_and(|name| name.eq_ignore_ascii_case("utf-8")) {
            return Err(Error::MalformedEncoding {
                why: "a declared encoding other than UTF-8",
            });
        }
    }
    Ok(text)
}

/// The media type, compared whole; a charset of UTF-8 or any other parameter changes nothing.
fn is_form(content_type: Option<&str>) -> bool {
    content_type
        .and_then(|value| value.split(';').next())
        .is_some_and(|media| {
            media
                .trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        })
}

/// Undoes the escapes of a form: `+` and `%XX`. A `%` that is no escape is refused.
pub(super) fn unescaped(text: &[u8]) -> Result<Vec<u8>, Error> {
    let malformed = || Error::MalformedForm {
        why: "a percent sign that escapes nothing",
    };
    let digit = |byte: Option<&u8>| {
        byte.and_then(|b| char::from(*b).to_digit(16))
            .ok_or_else(malformed)
    };
    let mut bytes = text.iter();
    let mut plain = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'+' => b' ',
            b'%' => (digit(bytes.next())? * 16 + digit(bytes.next())?) as u8,
            byte => *byte,
        });
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

    #[test]
    fn a_form_is_read_or_refused_by_name() {
        let large = format!("SAMLResponse={}", "A".repeat(FORM_LIMIT));
        let message = format!("SAMLResponse={}", "QUFB".repeat(MESSAGE_LIMIT / 3 + 1));
        for (content_type, body, reason) in [
            (None, "SAMLResponse=PGEvPg==", "media_type"),
            (Some("text/plain"), "SAMLResponse=PGEvPg==", "media_type"),
            (
                Some("application/x-www-form-urlencodedx"),
                "SAMLResponse=PGEvPg==",
                "media_type",
            ),
            (FORM, "", "missing_response"),
            (FORM, "SAMLresponse=PGEvPg==", "missing_response"),
            (
                FORM,
                "SAMLResponse=PGEvPg==&SAMLResponse=PGEvPg==",
                "duplicate_field",
            ),
            (
                FORM,
                "SAMLResponse=PGEvPg==&%53AMLResponse=",
                "duplicate_field",
            ),
            (
                FORM,
                "SAMLResponse=PGEvPg==&RelayState=a&RelayState=b",
                "duplicate_field",
            ),
            (FORM, "SAMLResponse=%", "malformed_form"),
            (FORM, "SAMLResponse=%G0", "malformed_form"),
            (FORM, "SAMLResponse=caf\u{e9}", "malformed_form"),
            (FORM, "SAMLResponse=PGEvPg", "malformed_base64"),
            (FORM, "SAMLResponse=PGE_Pg%3D%3D", "malformed_base64"),
            (FORM, "SAMLResponse=/w==", "malformed_encoding"),
            (FORM, "SAMLResponse=PAA%2B", "malformed_encoding"),
            (FORM, &large, "too_large"),
            (FORM, &message, "too_large"),
        ] {
            let error = PostForm::read(content_type, body.as_bytes()).unwrap_err();
            assert_eq!(error.reason(), reason, "{}", &body[..body.len().min(60)]);
        }
    }

    #[test]
    fn a_good_form_gives_message_and_relay_state() {
        let body = b"x=1&RelayState=https%3A%2F%2Fapp%2Fa+b&SAMLResponse=PGE%0D%0Av%20Pg%3D%3D&y";
        let form = PostForm::read(
            Some("Application/X-WWW-Form-Urlencoded; charset=UTF-8"),
            body,
        )
        .unwrap();
        assert_eq!(form.response.xml, "<a/>");
        assert_eq!(form.relay_state.as_deref(), Some("https://app/a b"));

        let long = format!(
            "SAMLResponse=PGEvPg==&RelayState={}",
            "a".repeat(RELAY_STATE_LIMIT + 1)
        );
        assert_eq!(
            PostForm::read(FORM, long.as_bytes()).unwrap().relay_state,
            None
        );
    }

    #[test]
    fn one_byte_order_mark_and_one_encoding() {
        let read = |text: &str| plain(text.to_owned()).map_err(|error| error.reason());
        assert_eq!(read("\u{feff}<a/>").as_deref(), Ok("<a/>"));
        assert_eq!(read("\u{feff}\u{feff}<a/>"), Err("malformed_encoding"));
        assert!(read("<?xml version='1.0' encoding='utf-8'?><a/>").is_ok());
        assert!(read("<?xml version=\"1.0\"?><a encoding='x'/>").is_ok());
        for encoding in ["UTF-16", "ISO-8859-1", "utf-7", ""] {
            let text = format!("<?xml version='1.0' encoding = \"{encoding}\"?><a/>");
            assert_eq!(read(&text), Err("malformed_encoding"), "{encoding}");
        }
    }
}
