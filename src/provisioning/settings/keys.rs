//! Keys of the admin API: bearers for programs, of one organization or of the operator.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::directory::event::EventKind;
use crate::directory::scope::Scopes;
use crate::id::{ApiKeyId, OrganizationId};
use crate::provisioning::{Change, Context, Error};
use crate::secret::Bearer;
use crate::store::Store;
use crate::store::rows::ApiKeyRow;
use crate::store::types::Time;

/// What every key begins with.
pub const PREFIX: &str = "sk_";
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

/// Issues a key: of the organization, or of the operator where there is none.
pub async fn issue(
    store: &Store,
    context: Context,
    org: Option<OrganizationId>,
    scopes: Scopes,
) -> Result<IssuedKey, Error> {
    let scopes = scopes.to_string();
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
                    let data = json!({"key_id": row.id, "scopes": row.scopes, "last4": row.last4});
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
