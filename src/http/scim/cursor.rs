//! Cursors of lists (RFC 9865): a place in an order, sealed. A cursor holds no state here and gives
//! no right: whoever brings it is let in first, and it opens in the connection it was made for
//! alone. It holds the last resource's sort key, so that what came or went meanwhile moves nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::http::Gateway;
use crate::http::scim::places::Places;
use crate::id::Ids;
use crate::limits;
use crate::provisioning::scim_client::ScimClient;
use crate::scim;
use crate::secret::Key;
use crate::store::search::After;
use crate::store::types::AnyId;

/// What cursors are made with.
#[derive(Clone)]
pub(super) struct Cursors {
    key: Key,
    ids: Ids,
    places: Places,
}

impl Cursors {
    /// Those of a gateway.
    pub(super) fn of(gateway: &Gateway) -> Self {
        Self {
            key: gateway.links.cursors.clone(),
            ids: gateway.ids.clone(),
            places: gateway.places.clone(),
        }
    }

    /// Notes that the page of this question which begins with a resource counted from one begins behind this one.
    pub(super) fn note(&self, client: &ScimClient, question: &str, start: u64, behind: AnyId) {
        let asked = (client.connection.id, hash(question), start);
        self.places.note(asked, behind, self.ids.clock().now());
    }

    /// Behind which resource such a page begins, where that was noted a moment ago.
    pub(super) fn noted(&self, client: &ScimClient, question: &str, start: u64) -> Option<AnyId> {
        let asked = (client.connection.id, hash(question), start);
        self.places.find(&asked, self.ids.clock().now())
    }

    /// A cursor for the place, good for the same question.
    pub(super) fn seal(&self, client: &ScimClient, question: &str, after: &After) -> String {
        let until = self.ids.clock().now() + limits::CURSOR_LIFE;
        let key = after.key.as_ref();
        let plain = [
            &until.as_second().to_be_bytes()[..],
            &hash(question),
            after.id.uuid().as_bytes(),
            &[u8::from(key.is_some())],
            key.map(String::as_bytes).unwrap_or_default(),
        ]
        .concat();
        let sealed = self.key.seal(&place(client), &plain, self.ids.entropy());
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The place that a cursor means; 400 `invalidCursor` where it is another's, altered, or of
    /// another question, 400 `expiredCursor` where it is too old.
    pub(super) fn open(
        &self,
        client: &ScimClient,
        question: &str,
        cursor: &str,
    ) -> Result<After, scim::Error> {
        let invalid = || scim::Error::invalid_cursor("the cursor does not belong to this query");
        let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| invalid())?;
        let plain = self.key.open(&place(client), &sealed);
        let (until, asked, after) = plain.and_then(|it| read(&it)).ok_or_else(invalid)?;
        if asked != hash(question) {
            return Err(invalid());
        }
        if until <= self.ids.clock().now() {
            return Err(scim::Error::expired_cursor(
                "the cursor is too old; begin with an empty one",
            ));
        }
        Ok(after)
    }
}

fn read(plain: &[u8]) -> Option<(Timestamp, [u8; 32], After)> {
    let (until, rest) = plain.split_first_chunk::<8>()?;
    let (question, rest) = rest.split_first_chunk::<32>()?;
    let (id, rest) = rest.split_first_chunk::<16>()?;
    let (has_key, key) = rest.split_first()?;
    let key = String::from_utf8(key.to_vec()).ok()?;
    let after = After {
        key: (*has_key == 1).then_some(key),
        id: Uuid::from_bytes(*id).into(),
    };
    let until = Timestamp::from_second(i64::from_be_bytes(*until)).ok()?;
    Some((until, *question, after))
}

fn hash(question: &str) -> [u8; 32] {
    Sha256::digest(question.as_bytes()).into()
}

fn place(client: &ScimClient) -> String {
    format!("cursor|scim|{}|{}", client.org, client.connection.id)
}
