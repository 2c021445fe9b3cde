//! Our own keys of a connection: made at the first need, sealed in the store, and rolled over by an
//! admin in three steps, none of which locks anybody out.
//!
//! | step | current | next | retired |
//! |---|---|---|---|
//! | at the first need | signs, decrypts | | |
//! | add: the provider learns of the next key | signs, decrypts | published, decrypts | |
//! | switch | the next one | | decrypts |
//! | drop: the provider encrypts for the old key no more | signs, decrypts | | |

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::connection::KeyState;
use crate::directory::event::EventKind;
use crate::id::{ConnectionId, Ids, OrganizationId, SamlKeyId};
use crate::provisioning::settings::connections::find;
use crate::provisioning::{Change, Context, Error, Kind, change};
use crate::saml::certificate::Certificate;
use crate::saml::encryption::DecryptionKey;
use crate::saml::own_key::OwnKey;
use crate::secret::DataKeys;
use crate::store::Store;
use crate::store::rows::SamlKeyRow;
use crate::store::types::Time;

/// A connection, and its organization.
pub type Of = (OrganizationId, ConnectionId);

/// One of our keys, as admins see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ConnectionKey)]
pub struct Shown {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: SamlKeyId,
    /// What it is for.
    pub state: KeyState,
    /// SHA-256 of its certificate, in hexadecimal digits.
    pub fingerprint: String,
    /// When its certificate ends.
    #[schema(value_type = String, format = "date-time")]
    pub not_after: Timestamp,
    /// Since when it is there.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
}

impl Shown {
    fn of(row: &SamlKeyRow) -> Result<Self, Error> {
        let certificate = Certificate::from_der(&row.certificate);
        let certificate = certificate.map_err(|_| corrupt("certificate"))?;
        Ok(Self {
            id: row.id,
            state: row.state,
            fingerprint: certificate.fingerprint(),
            not_after: certificate.not_after(),
            created_at: row.created_at.0,
        })
    }
}

fn corrupt(column: &'static str) -> Error {
    let table = "saml_keys";
    crate::store::Error::Corrupt { table, column }.into()
}

fn failed(error: &openssl::error::ErrorStack) -> Error {
    let text = format!("a key of a connection could not be made: {error}");
    crate::store::Error::Engine(text).into()
}

fn place(org: OrganizationId, id: SamlKeyId) -> String {
    format!("saml_keys|sealed|{org}|{id}")
}

/// A key as it can be used.
fn unsealed(row: &SamlKeyRow, secrets: &DataKeys) -> Result<OwnKey, Error> {
    let pkcs8 = secrets.open(&place(row.org_id, row.id), &row.sealed);
    let pkcs8 = pkcs8.map_err(|_| corrupt("sealed"))?;
    OwnKey::from_der(&pkcs8, &row.certificate).map_err(|_| corrupt("sealed"))
}

/// A key as it decrypts.
pub fn decryption(row: &SamlKeyRow, secrets: &DataKeys) -> Result<DecryptionKey, Error> {
    let pkcs8 = secrets.open(&place(row.org_id, row.id), &row.sealed);
    let pkcs8 = pkcs8.map_err(|_| corrupt("sealed"))?;
    DecryptionKey::from_pkcs8_der(&pkcs8).map_err(|_| corrupt("sealed"))
}

/// The keys of a connection, as they are kept; there is always a current one, which is made where
/// it was missing.
pub async fn of(
    store: &Store,
    ids: &Ids,
    secrets: &DataKeys,
    (org, connection): Of,
) -> Result<Vec<SamlKeyRow>, Error> {
    let found = store.read(move |tx| {
        async move { Ok::<_, Error>(tx.saml_keys(org, connection).await?) }.boxed()
    });
    let found = found.await?;
    if found.iter().any(|row| row.state == KeyState::Current) {
        return Ok(found);
    }
    let row = fresh(ids, secrets, (org, connection), KeyState::Current).await?;
    let written = store.write_of(Some(org), move |tx| {
        let row = row.clone();
        async move {
            let held = tx.lock_organization(org).await?;
            held.ok_or(Error::NotFound(Kind::Organization))?;
            // Of two that come at once, the second finds what the first made.
            tx.insert_saml_key(&row).await?;
            Ok::<_, Error>(tx.saml_keys(org, connection).await?)
        }
        .boxed()
    });
    written.await
}

/// The key that signs.
pub async fn signing(
    store: &Store,
    ids: &Ids,
    secrets: &DataKeys,
    of_connection: Of,
) -> Result<OwnKey, Error> {
    let rows = of(store, ids, secrets, of_connection).await?;
    let current = rows.iter().find(|row| row.state == KeyState::Current);
    unsealed(current.ok_or_else(|| corrupt("state"))?, secrets)
}

async fn fresh(
    ids: &Ids,
    secrets: &DataKeys,
    (org, connection): Of,
    state: KeyState,
) -> Result<SamlKeyRow, Error> {
    let now = ids.clock().now();
    let name = format!("Usher {connection}");
    let made = tokio::task::spawn_blocking(move || {
        let key = OwnKey::generate(&name, now)?;
        let pkcs8 = key.pkcs8()?;
        Ok::<_, openssl::error::ErrorStack>((key, pkcs8))
    });
    let made = made.await.map_err(|_| {
        let text = "making a key of a connection failed".to_owned();
        Error::from(crate::store::Error::Engine(text))
    })?;
    let (key, pkcs8) = made.map_err(|error| failed(&error))?;
    let id = ids.next();
    let sealed = secrets
        .seal(&place(org, id), &pkcs8, ids.entropy())
        .map_err(|_| corrupt("sealed"))?;
    Ok(SamlKeyRow {
        org_id: org,
        id,
        connection_id: connection,
        state,
        certificate: key.certificate().to_vec(),
        sealed,
        created_at: Time(now),
    })
}

/// A step of a rollover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A next key is made and published.
    Add,
    /// The next key signs, and the current one only decrypts.
    Switch,
    /// The retired key, or a next one that is not wanted, is forgotten.
    Drop,
}

/// The keys of a connection.
pub async fn list(
    store: &Store,
    ids: &Ids,
    secrets: &DataKeys,
    id: ConnectionId,
) -> Result<Vec<Shown>, Error> {
    let org = find(store, id).await?.org_id;
    let rows = of(store, ids, secrets, (org, id)).await?;
    rows.iter().map(Shown::of).collect()
}

/// Takes a step of a rollover; answers the keys that there are then.
pub async fn step(
    store: &Store,
    context: Context,
    secrets: &DataKeys,
    id: ConnectionId,
    step: Step,
) -> Result<Vec<Shown>, Error> {
    let org = find(store, id).await?.org_id;
    of(store, &context.ids, secrets, (org, id)).await?;
    let next = match step {
        Step::Add => Some(fresh(&context.ids, secrets, (org, id), KeyState::Next).await?),
        Step::Switch | Step::Drop => None,
    };
    change(store, org, context, move |change| {
        let next = next.clone();
        async move {
            let rows = change.tx.saml_keys(org, id).await?;
            let before: Vec<_> = rows.iter().map(Shown::of).collect::<Result<_, _>>()?;
            let of_state = |state| rows.iter().find(|row| row.state == state);
            let states = (of_state(KeyState::Next), of_state(KeyState::Retired));
            match (step, next, states) {
                (Step::Add, Some(row), (None, None)) => change.tx.insert_saml_key(&row).await?,
                (Step::Add, ..) => {
                    return Err(rule("a rollover is under way; switch or drop first"));
                }
                (Step::Switch, _, (Some(next), None)) => {
                    let current = of_state(KeyState::Current);
                    let current = current.ok_or_else(|| corrupt("state"))?;
                    switch(change, current, next).await?;
                }
                (Step::Switch, ..) => return Err(rule("there is no next key; add one first")),
                (Step::Drop, _, (Some(key), _) | (None, Some(key))) => {
                    change.tx.delete_saml_key(org, key.id).await?;
                }
                (Step::Drop, ..) => {
                    return Err(rule("there is no key to drop but the current one"));
                }
            }
            let after = change.tx.saml_keys(org, id).await?;
            let after: Vec<_> = after.iter().map(Shown::of).collect::<Result<_, _>>()?;
            tell(change, id, &before, &after);
            Ok(after)
        }
        .boxed()
    })
    .await
}

fn rule(text: &str) -> Error {
    Violation::Invalid(text.to_owned()).into()
}

async fn switch(
    change: &mut Change<'_>,
    current: &SamlKeyRow,
    next: &SamlKeyRow,
) -> Result<(), Error> {
    let org = change.org;
    let retired = KeyState::Retired;
    change
        .tx
        .set_saml_key_state(org, current.id, retired)
        .await?;
    let state = KeyState::Current;
    Ok(change.tx.set_saml_key_state(org, next.id, state).await?)
}

fn tell(change: &mut Change<'_>, id: ConnectionId, before: &[Shown], after: &[Shown]) {
    let short = |keys: &[Shown]| -> serde_json::Value {
        keys.iter()
            .map(|key| json!({"state": key.state, "fingerprint": key.fingerprint}))
            .collect()
    };
    let keys = json!({"attribute": "keys", "old": short(before), "new": short(after)});
    let data = json!({"connection_id": id, "changes": [keys]});
    change.record(EventKind::ConnectionUpdated, data);
}
