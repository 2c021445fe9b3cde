//! An answer to a check's request, and the ways to judge it.

use serde_json::Value;

use crate::fault::{Checked, Exchange, Fault};
use crate::sequence::compare;
use crate::transport::{Reply, Request};

/// The URN of a SCIM error (RFC 7644 §3.12).
pub(crate) const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// An answer, with the request that led to it.
#[derive(Clone, Debug)]
pub struct Answer {
    request: Request,
    reply: Reply,
    json: Value,
}

impl Answer {
    pub(crate) fn new(request: Request, reply: Reply) -> Self {
        let json = reply.json().unwrap_or_default();
        Self {
            request,
            reply,
            json,
        }
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.reply.status
    }

    /// The value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.reply.header(name)
    }

    /// The body as it came.
    pub fn body(&self) -> &[u8] {
        &self.reply.body
    }

    /// The body as JSON; `null` where it is none.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// What a JSON pointer finds; `null` where there is nothing.
    pub fn at(&self, pointer: &str) -> &Value {
        self.json.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The resources of a list.
    pub fn resources(&self) -> &[Value] {
        self.at("/Resources").as_array().map_or(&[], Vec::as_slice)
    }

    /// The ids of a list.
    pub fn ids(&self) -> Vec<String> {
        self.resources().iter().map(|it| text(&it["id"])).collect()
    }

    /// A failure that this answer shows.
    pub fn fault(&self, why: impl Into<String>) -> Fault {
        Fault::Failed {
            why: why.into(),
            exchange: Some(Box::new(Exchange::of(&self.request, &self.reply))),
        }
    }

    /// Something that must hold of the answer.
    pub fn must(&self, holds: bool, why: impl Into<String>) -> Checked {
        if holds { Ok(()) } else { Err(self.fault(why)) }
    }

    /// The body has what is expected, by the rules of [`compare`].
    pub fn holds(&self, expected: &Value) -> Checked {
        compare("", expected, Some(&self.json)).map_err(|why| self.fault(why))
    }

    /// One of these statuses.
    pub fn expect(self, statuses: &[u16]) -> Checked<Self> {
        if statuses.contains(&self.status()) {
            return Ok(self);
        }
        let words: Vec<_> = statuses.iter().map(u16::to_string).collect();
        Err(self.fault(format!("the status should be {}", words.join(" or "))))
    }

    /// A success of any kind: what is checked is something else.
    pub fn done(self) -> Checked<Self> {
        if (200..300).contains(&self.status()) {
            return Ok(self);
        }
        Err(self.fault("the request should succeed"))
    }

    /// A refusal with this status. A keyword may be left out (RFC 7644 §3.12), but one that is
    /// there must be one of these.
    pub fn refused(&self, status: u16, keywords: &[&str]) -> Checked {
        self.must(
            self.status() == status,
            format!("it should be refused with {status}"),
        )?;
        match self.at("/scimType") {
            Value::Null => Ok(()),
            Value::String(word) if keywords.is_empty() || keywords.contains(&word.as_str()) => {
                Ok(())
            }
            other => Err(self.fault(format!(
                "scimType should be {}, and is {other}",
                keywords.join(" or ")
            ))),
        }
    }

    /// A refusal with this status and this keyword, both asked for by the standard.
    pub fn refused_as(&self, status: u16, keyword: &str) -> Checked {
        self.refused(status, &[keyword])?;
        self.must(
            self.at("/scimType") == keyword,
            format!("scimType should be {keyword}"),
        )
    }
}

/// A text, also where a server writes a number.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().map_or_else(
        || {
            if value.is_null() {
                String::new()
            } else {
                value.to_string()
            }
        },
        str::to_owned,
    )
}
