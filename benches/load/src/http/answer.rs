//! An answer, and what is expected of it.

use hyper::HeaderMap;
use hyper::body::Bytes;
use hyper::header::{HeaderName, SET_COOKIE};
use serde::de::DeserializeOwned;

use crate::failure::{Wrong, ensure};

/// How much of an answer is shown where it is wrong.
const SHOWN: usize = 300;

/// An answer, read to its end.
pub(crate) struct Answer {
    /// What was asked: a method and a path.
    pub(crate) asked: String,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Goes on only with one of these statuses.
    pub(crate) fn expect(self, statuses: &[u16]) -> Result<Self, Wrong> {
        ensure(statuses.contains(&self.status), || {
            let (asked, status, shown) = (&self.asked, self.status, self.shown());
            format!("{asked}: expected {statuses:?}, came {status}: {shown}")
        })?;
        Ok(self)
    }

    /// The body, as what it should be.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Wrong> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Wrong::new(format!("{}: {error} in: {}", self.asked, self.shown())))
    }

    /// A header's value.
    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The cookies that it sets, as a browser shows them later.
    pub(crate) fn cookies(&self) -> String {
        let fields = self.headers.get_all(SET_COOKIE).into_iter();
        let pairs: Vec<&str> = fields
            .filter_map(|field| field.to_str().ok())
            .filter(|field| !field.to_ascii_lowercase().contains("max-age=0"))
            .filter_map(|field| field.split(';').next())
            .collect();
        pairs.join("; ")
    }

    /// The beginning of the body on one line; of a page, the reason that it gives.
    pub(crate) fn shown(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let reason = text
            .split_once("Reason: <code>")
            .and_then(|(_, rest)| rest.split_once("</code>"));
        if let Some((reason, _)) = reason {
            return format!("reason {reason}");
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ").chars().take(SHOWN).collect()
    }
}
