//! Keys of the admin API: bearers for programs, of one organization or of the operator.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::id::{ApiKeyId, OrganizationId};
use crate::provisioning::{Change, Context, Error};
use crate::secret::Bearer;
use crate::store::Store;
use crate::store::rows::ApiKeyRow;
use crate::store::types::Time;

/// What every key begins with.
pub const PREFIX: &str = "sk_";
/// The scope of a key that may do everything.
pub const EVERYTHING: &str = "*";
/// What a scope may be about; each is written `noun:read` or `noun:write`.
pub const NOUNS: [&str; 10] = [
    "apps",
    "connections",
    "events",
    "keys",
    "mappings",
    "organizations",
    "projects",
    "roles",
    "tokens",
    "users",
];

/// A fresh key, with the secret that is shown this once.
#[derive(Clone, Debug, Serialize)]
pub struct IssuedKey {
    /// Its id.
    pub id: ApiKeyId,
    /// The secret.
    pub key: String,
    /// Its organization; none for a key of the operator.
    pub organization_id: Option<OrganizationId>,
    /// What it may do.
    pub scopes: String,
    /// Its last four characters.
    pub last4: String,
    /// Since when.
    pub created_at: Timestamp,
}

/// The scopes as the row holds them; everything where none is named.
fn scopes(words: &[String]) -> Result<String, Error> {
    let known = |word: &str| {
        word == EVERYTHING
            || word.split_once(':').is_some_and(|(noun, verb)| {
                NOUNS.contains(&noun) && ["read", "write"].contains(&verb)
            })
    };
    if let Some(unknown) = words.iter().find(|word| !known(word)) {
        let nouns = NOUNS.join(", ");
        let rule = format!("{unknown} is no scope; it is * or NOUN:read or NOUN:write of {nouns}");
        return Err(Violation::Invalid(rule).into());
    }
    if words.is_empty() || words.iter().any(|word| word == EVERYTHING) {
        return Ok(EVERYTHING.to_owned());
    }
    let mut words = words.to_vec();
    words.sort();
    words.dedup();
    Ok(words.join(" "))
}

/// Issues a key: of the organization, or of the operator where there is none.
pub async fn issue(
    store: &Store,
    context: Context,
    org: Option<OrganizationId>,
    words: &[String],
) -> Result<IssuedKey, Error> {
    let scopes = scopes(words)?;
    let issued = store.write(move |tx| {
        let (context, scopes) = (context.clone(), scopes.clone());
        async move {
            let bearer = Bearer::new(PREFIX, context.ids.entropy());
            let row = ApiKeyRow {
                id: context.ids.next(),
                hash: bearer.hash().to_vec(),
                org_id: org,
                scopes,
                prefix: PREFIX.to_owned(),
                last4: bearer.last_four(),
                created_at: Time(context.ids.clock().now()),
                expires_at: None,
                revoked_at: None,
                last_used_at: None,
            };
            match org {
                None => tx.insert_api_key(&row).await?,
                Some(org) => {
                    let mut change = Change::begin(tx, org, &context).await?;
                    change.tx.insert_api_key(&row).await?;
                    let data =
                        json!({"key_id": row.id, "scopes": row.scopes, "last4": row.last4});
                    change.record(EventKind::KeyIssued, data);
                    change.settle().await?;
                }
            }
            Ok::<_, Error>(IssuedKey {
                id: row.id,
                key: bearer.reveal().to_owned(),
                organization_id: org,
                scopes: row.scopes,
                last4: row.last4,
                created_at: row.created_at.0,
            })
        }
        .boxed()
    });
    issued.await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_known_words() {
        for (words, expected) in [
            (&[][..], Some("*")),
            (&["*", "users:read"], Some("*")),
            (&["users:read", "events:read", "users:read"], Some("events:read users:read")),
            (&["users"], None),
            (&["users:delete"], None),
            (&["planets:read"], None),
        ] {
            let words: Vec<String> = words.iter().map(|word| String::from(*word)).collect();
            assert_eq!(scopes(&words).ok().as_deref(), expected, "{words:?}");
        }
    }
}
