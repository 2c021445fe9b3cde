//! Posts to webhooks: what an organization's share webhook is told.

use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, Method};

use crate::limits;
use crate::outbound::{Answer, Fault, Reach};
use crate::provisioning::Error;
use crate::provisioning::outbox::{self, Outcome, Post};
use crate::store::rows::OutboxRow;
use crate::worker::Office;

impl Office {
    /// Tries to post something; `None` where it is not ours to send any more.
    pub(super) async fn call(
        &self,
        row: &OutboxRow,
        post: &Post,
        begun: &mut bool,
    ) -> Result<Option<Outcome>, Error> {
        let line = match self.client.open(&post.url, Reach::Organization).await {
            Ok(line) => line,
            Err(fault) => return Ok(Some(fault.into())),
        };
        if !outbox::sending(&self.store, &self.ids, row).await? {
            return Ok(None);
        }
        *begun = true;
        let json = HeaderValue::from_static("application/json");
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, json)]);
        let (body, limit) = (post.body.clone(), limits::WEBHOOK_ANSWER);
        let answer = line.send(Method::POST, headers, body, limit).await;
        Ok(Some(answer.map_or_else(Outcome::from, |it| outcome(&it))))
    }
}

impl From<Fault> for Outcome {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Refused(_) => Self::Refused(fault.to_string()),
            Fault::Unreached(said) => Self::Deferred(said),
            Fault::Lost(said) => Self::Unknown(said),
        }
    }
}

/// What a status means for the post: a redirect is not followed, so that it is a no, too.
pub(super) fn outcome(answer: &Answer) -> Outcome {
    let said = format!(
        "{} {}",
        answer.status,
        String::from_utf8_lossy(&answer.body)
    );
    match answer.status {
        200..300 => Outcome::Sent(said, None),
        408 | 425 | 429 | 500..600 => Outcome::Deferred(said),
        _ => Outcome::Refused(said),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;

    use super::*;

    #[test]
    fn a_status_says_whether_to_come_again() {
        for (status, taken, again) in [
            (200, true, false),
            (204, true, false),
            (302, false, false),
            (400, false, false),
            (404, false, false),
            (408, false, true),
            (410, false, false),
            (429, false, true),
            (500, false, true),
            (503, false, true),
        ] {
            let body = Bytes::from_static(b"no_text");
            let outcome = outcome(&Answer {
                status,
                headers: HeaderMap::new(),
                body,
            });
            assert_eq!(matches!(outcome, Outcome::Sent(..)), taken, "{status}");
            assert_eq!(matches!(outcome, Outcome::Deferred(_)), again, "{status}");
        }
    }
}
