//! Client authentication at the token endpoint (RFC 6749 §2.3, OpenID Connect Core §9): by a
//! secret, in the header or in the form, or by an assertion that the client signed (RFC 7521 §4.2,
//! RFC 7523 §2.2). What is said here is not yet compared with anything.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::assertion::Assertion;
use super::parameters::{Pairs, Parameters};
use super::{Code, Error};

/// The type of the only assertion that is taken (RFC 7523 §2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The one answer to a client that is unknown, gone, or proves itself in the wrong way or with the
/// wrong secret or key: which of them it was is nobody's business but the log's.
pub const REFUSED: Error =
    Code::InvalidClient.because("the client is unknown or its proof is wrong");

/// How a client proves itself, by the names of the IANA registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `client_secret_basic`: in the `Authorization` header.
    Basic,
    /// `client_secret_post`: in the form.
    Post,
    /// `private_key_jwt`: by an assertion.
    PrivateKeyJwt,
}

impl Method {
    /// All of them; the first is the one that RFC 6749 §2.3.1 wants everybody to have.
    pub const ALL: [Self; 3] = [Self::Basic, Self::Post, Self::PrivateKeyJwt];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }
}

/// What a client says to prove itself.
#[derive(Clone)]
pub enum Proof {
    /// An assertion, whose signature was not looked at.
    Assertion(Box<Assertion>),
    /// A secret, and where it stood.
    Secret(String, Method),
}

/// Who a client says to be, and its proof.
#[derive(Clone)]
pub struct Credentials {
    /// Under which the client is looked up.
    pub client_id: String,
    /// The proof as presented.
    pub proof: Proof,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = self.method().as_str();
        write!(f, "Credentials({}, {method}, redacted)", self.client_id)
    }
}

impl Credentials {
    /// Reads the `Authorization` header or the form, never both (RFC 6749 §2.3). A `client_id`
    /// beside the header or an assertion is no second method, but must be the same (§3.2.1,
    /// RFC 7521 §4.2).
    pub fn parse(authorization: Option<&str>, pairs: &Pairs) -> Result<Self, Error> {
        let form = Parameters::new(pairs);
        let (id, secret) = (form.value("client_id"), form.value("client_secret"));
        let asserted = form.value("client_assertion").is_some()
            || form.value("client_assertion_type").is_some();
        let ways = [authorization.is_some(), secret.is_some(), asserted];
        if ways.into_iter().filter(|way| *way).count() > 1 {
            return Err(
                Code::InvalidRequest.because("the client authenticates in two ways at once")
            );
        }
        let read = match (authorization, id, secret) {
            (Some(header), _, _) => basic(header)
                .ok_or(Code::InvalidClient.because("the Authorization header is malformed"))?,
            (None, Some(id), Some(secret)) => Self {
                client_id: id.to_owned(),
                proof: Proof::Secret(secret.to_owned(), Method::Post),
            },
            _ if asserted => assertion(form)?,
            _ => return Err(Code::InvalidClient.because("client authentication is missing")),
        };
        if id.is_some_and(|id| id != read.client_id) {
            return Err(Code::InvalidClient.because("client_id names another client"));
        }
        Ok(read)
    }

    /// How the client proves itself.
    pub fn method(&self) -> Method {
        match &self.proof {
            Proof::Assertion(_) => Method::PrivateKeyJwt,
            Proof::Secret(_, method) => *method,
        }
    }
}

/// The assertion of a form; the client is its subject (RFC 7523 §3).
fn assertion(form: Parameters<'_>) -> Result<Credentials, Error> {
    if form.value("client_assertion_type") != Some(ASSERTION_TYPE) {
        let why = "client_assertion_type is missing or not supported";
        return Err(Code::InvalidRequest.because(why));
    }
    let missing = Code::InvalidRequest.because("client_assertion is missing");
    let assertion = Assertion::parse(form.value("client_assertion").ok_or(missing)?)?;
    Ok(Credentials {
        client_id: assertion.client_id().to_owned(),
        proof: Proof::Assertion(Box::new(assertion)),
    })
}

/// The Basic scheme with both halves form-encoded (RFC 6749 §2.3.1, RFC 7617 §2).
fn basic(header: &str) -> Option<Credentials> {
    let (scheme, token) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(token.trim_matches(' ')).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let (client_id, secret) = (form_decoded(id)?, form_decoded(secret)?);
    (!client_id.is_empty() && !secret.is_empty()).then_some(Credentials {
        client_id,
        proof: Proof::Secret(secret, Method::Basic),
    })
}

/// One form-encoded value; `None` where an escape is cut short or is not UTF-8.
fn form_decoded(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::super::parameters::pairs;
    use super::*;

    fn header(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    /// The client, its secret and how it was sent.
    fn read(
        authorization: Option<&str>,
        form: &[(&str, &str)],
    ) -> Result<(String, String, Method), Code> {
        let read = Credentials::parse(authorization, &pairs(form)).map_err(|error| error.code())?;
        match read.proof {
            Proof::Secret(secret, method) => Ok((read.client_id, secret, method)),
            Proof::Assertion(_) => Ok((read.client_id, String::new(), Method::PrivateKeyJwt)),
        }
    }

    #[test]
    fn a_client_proves_itself_in_exactly_one_way() {
        let (id, secret) = (("client_id", "app"), ("client_secret", "s"));
        let (kind, jwt) = (
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", "x"),
        );
        let table = [
            (Some("app:s"), vec![], Ok(Method::Basic)),
            (Some("app:s"), vec![id], Ok(Method::Basic)),
            (
                Some("app:s"),
                vec![("client_id", "other")],
                Err(Code::InvalidClient),
            ),
            (Some("app:s"), vec![id, secret], Err(Code::InvalidRequest)),
            (Some("app:s"), vec![secret], Err(Code::InvalidRequest)),
            (Some("app:s"), vec![kind, jwt], Err(Code::InvalidRequest)),
            (None, vec![id, secret], Ok(Method::Post)),
            (None, vec![id], Err(Code::InvalidClient)),
            (
                None,
                vec![id, ("client_secret", "")],
                Err(Code::InvalidClient),
            ),
            (None, vec![secret], Err(Code::InvalidClient)),
            (None, vec![], Err(Code::InvalidClient)),
            (None, vec![id, secret, kind, jwt], Err(Code::InvalidRequest)),
            (None, vec![kind], Err(Code::InvalidRequest)),
            (None, vec![jwt], Err(Code::InvalidRequest)),
            (
                None,
                vec![("client_assertion_type", "saml2"), jwt],
                Err(Code::InvalidRequest),
            ),
            (None, vec![kind, jwt], Err(Code::InvalidClient)),
        ];
        for (basic, form, method) in table {
            let expected = method.map(|method| ("app".to_owned(), "s".to_owned(), method));
            assert_eq!(
                read(basic.map(header).as_deref(), &form),
                expected,
                "{basic:?} {form:?}"
            );
        }
    }

    #[test]
    fn both_halves_of_the_header_are_form_encoded() {
        let encoded = header("a%3Ab+c:%C3%A4:x%25");
        for given in [encoded.clone(), encoded.replace("Basic", "bASIC")] {
            let (client_id, secret, _) = read(Some(&given), &[]).unwrap();
            assert_eq!((&*client_id, &*secret), ("a:b c", "ä:x%"));
        }
        for text in [
            "app", "app:", ":s", ":", "app:%4", "app:%", "app:%zz", "app:%+1", "app:%ff",
        ] {
            assert_eq!(
                read(Some(&header(text)), &[]),
                Err(Code::InvalidClient),
                "{text}"
            );
        }
        for odd in [
            "Basic !",
            "Basic",
            "Basic ",
            "",
            "Bearer YXBwOnM=",
            "Basic YXBwOnM",
        ] {
            assert_eq!(read(Some(odd), &[]), Err(Code::InvalidClient), "{odd}");
        }
    }
}
