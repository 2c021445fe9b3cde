//! The HTTP redirect binding (SAML Bindings 3.4), as we send by it: a message in an address.

use std::io::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::DeflateEncoder};
use url::{Url, form_urlencoded::Serializer};

use super::own_key::{ALGORITHM, OwnKey};

/// The address that brings a message to `destination`, in the parameter `name`, and with it the
/// RelayState that the other side sent or is to send back; signed where there is a key (Bindings 3.4.4.1): the signature covers the query from the message on, as it is written.
/// None where the destination is none.
pub fn address(
    destination: &str,
    name: &str,
    message: &str,
    relay_state: Option<&str>,
    key: Option<&OwnKey>,
) -> Option<String> {
    let mut url = Url::parse(destination).ok()?;
    url.set_fragment(None);
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(message.as_bytes()).ok()?;
    let message = STANDARD.encode(deflate.finish().ok()?);
    let mut query = Serializer::new(String::new());
    query.append_pair(name, &message);
    if let Some(state) = relay_state {
        query.append_pair("RelayState", state);
    }
    let query = match key {
        None => query.finish(),
        Some(key) => {
            let covered = query.append_pair("SigAlg", ALGORITHM).finish();
            let signature = STANDARD.encode(key.sign(covered.as_bytes()).ok()?);
            let mut signed = Serializer::new(String::new());
            let signed = signed.append_pair("Signature", &signature).finish();
            format!("{covered}&{signed}")
        }
    };
    let before = url.query().filter(|before| !before.is_empty());
    let query = match before {
        Some(before) => format!("{before}&{query}"),
        None => query,
    };
    url.set_query(Some(&query));
    Some(url.into())
}
