//! A file that is sent with a request, and what is said with it: the file as the body itself, with
//! query parameters, or as a part of a form (RFC 7578), with other parts. It is read only once the
//! key has been judged.

use std::convert::Infallible;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use futures_util::stream;
use multer::Multipart;

use crate::http::Gateway;
use crate::http::body::{self, Fault, Place};
use crate::http::reply::problem::{Problem, Type};
use crate::limits;

/// The part of a form that is the file.
const FILE: &str = "file";

/// What was sent.
pub(in crate::http) struct Upload {
    /// The file.
    pub(in crate::http) file: Bytes,
    /// What was said with it, by name; each once.
    pub(in crate::http) said: Vec<(String, String)>,
    /// The place of a large body, until whoever works on it lets go.
    pub(super) _place: Option<Place>,
}

/// How the file is sent.
enum Kind {
    Csv,
    Form(String),
}

impl Upload {
    /// Reads it; its sender was let in already.
    pub(in crate::http) async fn read(
        gateway: &Gateway,
        request: Request,
    ) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let kind = kind(&parts.headers)?;
        let query = parts.uri.query().unwrap_or_default();
        let mut said: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let admitted = async { Ok::<_, Problem>(()) };
        let taken = body::read(&gateway.large_bodies, body, limits::IMPORT_BODY, admitted).await?;
        let taken = taken.map_err(refused)?;
        let file = match kind {
            Kind::Csv => taken.bytes,
            Kind::Form(boundary) => form(taken.bytes, boundary, &mut said).await?,
        };
        Ok(Self {
            file,
            said,
            _place: taken.place,
        })
    }
}

fn kind(headers: &HeaderMap) -> Result<Kind, Problem> {
    let value = headers.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = value.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("text/csv") {
        return Ok(Kind::Csv);
    }
    if kind.eq_ignore_ascii_case("multipart/form-data") {
        let boundary = multer::parse_boundary(value);
        return boundary.map(Kind::Form).map_err(malformed);
    }
    Err(Problem::new(
        Type::UnsupportedMediaType,
        "the body is a CSV file (Content-Type: text/csv), or a form with a part `file` \
         (multipart/form-data)",
    ))
}

/// The file of a form; its other parts are added to what was said.
async fn form(
    bytes: Bytes,
    boundary: String,
    said: &mut Vec<(String, String)>,
) -> Result<Bytes, Problem> {
    let whole = stream::once(async { Ok::<_, Infallible>(bytes) });
    let mut form = Multipart::new(whole, boundary);
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(malformed)? {
        let name = field.name().unwrap_or_default().to_owned();
        let content = field.bytes().await.map_err(malformed)?;
        if name == FILE {
            if file.replace(content).is_some() {
                return Err(malformed("there are two parts `file`"));
            }
            continue;
        }
        let text = String::from_utf8(content.to_vec());
        let text = text.map_err(|_| malformed(format_args!("`{name}` is not in UTF-8")))?;
        said.push((name, text));
        if said.len() > MOST {
            return Err(malformed("the form has too many parts"));
        }
    }
    file.ok_or_else(|| malformed("the form has no part `file`"))
}

/// Parts of a form, and query parameters, beside the file.
const MOST: usize = 20;

fn malformed(why: impl std::fmt::Display) -> Problem {
    Problem::new(Type::MalformedBody, why)
}

fn refused(fault: Fault) -> Problem {
    let most = limits::CSV_BYTES;
    match fault {
        Fault::Busy => Problem::new(
            Type::Unavailable,
            "too many files are being read; try again",
        ),
        Fault::Incomplete => malformed("the body ended before it was complete"),
        Fault::TooLarge => Problem::new(
            Type::BodyTooLarge,
            format_args!("an import takes a file of at most {most} bytes"),
        ),
        Fault::TooSlow => Problem::new(Type::BodyTooSlow, "the body did not arrive in time"),
    }
}
