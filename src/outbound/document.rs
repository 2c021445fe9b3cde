//! A document that is fetched again and again (RFC 9110 §13): asked for with what was told of the
//! last copy, so that one which has not changed is not sent again. A redirect is not followed.

use hyper::header::{
    ACCEPT, ETAG, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use hyper::{HeaderMap, Method};
use url::Url;

use crate::outbound::{Answer, Client, Fault, Reach};

/// The longest validator that is kept.
const VALIDATOR: usize = 1_000;

/// What a server told of a copy (RFC 9110 §8.8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// A copy.
    New {
        /// The document.
        text: String,
        /// What was told of it.
        validators: Validators,
    },
    /// The last copy is good.
    Unchanged,
}

/// Why there is no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfetched {
    /// Nobody was reached, or may be.
    #[error(transparent)]
    Call(#[from] Fault),
    /// It is no text.
    #[error("it is not in UTF-8")]
    Encoding,
    /// More than is taken.
    #[error("it is longer than {0} bytes")]
    Long(usize),
    /// It is elsewhere.
    #[error("it redirects elsewhere; name the address where the document is")]
    Moved,
    /// Another answer.
    #[error("the answer has the status {0}")]
    Status(u16),
}

impl Client {
    /// Fetches a document of at most so many octets, unless it is the copy that is known.
    pub async fn document(
        &self,
        url: &Url,
        reach: Reach,
        accept: &'static str,
        known: &Validators,
        limit: usize,
    ) -> Result<Fetched, Unfetched> {
        let line = self.open(url, reach).await?;
        let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        let conditions = [
            (IF_NONE_MATCH, &known.etag),
            (IF_MODIFIED_SINCE, &known.last_modified),
        ];
        let mut is_conditional = false;
        for (name, value) in conditions {
            let value = value
                .as_deref()
                .and_then(|it| HeaderValue::from_str(it).ok());
            is_conditional |= value.is_some();
            headers.extend(value.map(|value| (name, value)));
        }
        let answer = line.send(Method::GET, headers, "", limit + 1).await?;
        match answer.status {
            200 => {}
            304 if is_conditional => return Ok(Fetched::Unchanged),
            301..=303 | 305..=308 => return Err(Unfetched::Moved),
            status => return Err(Unfetched::Status(status)),
        }
        if answer.body.len() > limit {
            return Err(Unfetched::Long(limit));
        }
        let validators = Validators {
            etag: said(&answer, &ETAG),
            last_modified: said(&answer, &LAST_MODIFIED),
        };
        let text = String::from_utf8(answer.body.to_vec());
        let text = text.map_err(|_| Unfetched::Encoding)?;
        Ok(Fetched::New { text, validators })
    }
}

fn said(answer: &Answer, name: &HeaderName) -> Option<String> {
    let value = answer.headers.get(name)?.to_str().ok()?;
    (value.len() <= VALIDATOR).then(|| value.to_owned())
}
