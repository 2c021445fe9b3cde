//! The request log, as admins read it.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::id::{ConnectionId, OrganizationId, ScimRequestId};
use crate::provisioning::request_log::replayable;
use crate::provisioning::{Error, Kind};
use crate::store::rows::{ScimRequestRow, WantedRequests};
use crate::store::types::{AnyId, Time};
use crate::store::{self, Tx};

/// Why a body was not kept: whoever sent it had no good token.
pub const STRANGER: &str = "no_good_token";
/// Why a body was not kept: it is about more people than the log can find again.
pub const CROWDED: &str = "too_many_people";
/// Why a body was not kept: it is larger than the log takes.
pub const TOO_LARGE: &str = "too_large";
/// Why a body was not kept: nobody can tell what is in it.
pub const NOT_JSON: &str = "not_json";

/// What a request brought about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Effects {
    /// Stretches of event numbers, each from the first to the last; at most 1,000.
    #[schema(value_type = Vec<Vec<i64>>)]
    pub events: Vec<(i64, i64)>,
    /// SCIM ids of the resources that were changed, at most 1,000.
    pub resources: Vec<String>,
    /// Ids of the people who were changed, at most 1,000.
    pub users: Vec<String>,
}

/// A request of a SCIM client, without what may not be kept.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ScimRequest {
    /// The request's id, which its answer told as X-Request-Id.
    #[schema(value_type = String, format = "uuid")]
    pub id: ScimRequestId,
    /// The connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// When it came.
    #[schema(value_type = String, format = "date-time")]
    pub time: Timestamp,
    /// The token that was good, or the OAuth client whose access token it was.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub token_id: Option<Uuid>,
    /// How its bearer looks: what it starts and ends with. A bad one is said to be bad.
    pub token: Option<String>,
    /// Whom it came from: the address that a trusted proxy named, or the peer's.
    pub client: Option<String>,
    /// The method.
    pub method: String,
    /// The path below the connection. What stands in the place of an id and is none is left out.
    pub path: String,
    /// The query; what a filter compares with is left out.
    pub query: Option<String>,
    /// The status of the answer.
    pub status: i64,
    /// The scimType of a refusal.
    pub scim_type: Option<String>,
    /// What a refusal said, or the first one within a bulk request.
    pub detail: Option<String>,
    /// What was left out of the request when it was carried out, as Usher-Ignored told it.
    pub ignored: Option<String>,
    /// How long it took, in microseconds.
    pub duration_micros: i64,
    /// What it brought about.
    pub effects: Effects,
}

/// A request of a SCIM client, with what is kept of its body.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ScimRequestDetail {
    /// The request.
    #[serde(flatten)]
    pub request: ScimRequest,
    /// Its headers that bear on the answer.
    #[schema(value_type = Object)]
    pub headers: Value,
    /// Its body, without what may not be kept.
    #[schema(value_type = Option<Object>)]
    pub body: Option<Value>,
    /// How many octets the body had.
    pub body_bytes: i64,
    /// Why the body is not kept: no_good_token, not_json, too_large, or too_many_people where it
    /// is about more than 1,000.
    pub body_omitted: Option<String>,
    /// What was left out of path, query and body, by name.
    pub left_out: Vec<String>,
    /// Why it cannot be played again, if so.
    pub not_replayable: Option<String>,
}

/// How many requests of a connection there were in an hour, kept or not.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct RequestCount {
    /// The connection.
    #[schema(value_type = String, format = "uuid")]
    pub connection_id: ConnectionId,
    /// The beginning of the hour.
    #[schema(value_type = String, format = "date-time")]
    pub hour: Timestamp,
    /// Reads that succeeded; one of a hundred is kept.
    pub reads: i64,
    /// Writes that succeeded.
    pub writes: i64,
    /// Requests with a good token that were refused.
    pub refused: i64,
    /// Requests without a good token.
    pub without_good_token: i64,
    /// Requests that should have been kept, and were not: too many came at once.
    pub lost: i64,
}

fn read<T: DeserializeOwned>(text: &str, column: &'static str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|_| {
        let table = "scim_requests";
        Error::Store(store::Error::Corrupt { table, column })
    })
}

fn view(row: ScimRequestRow) -> Result<ScimRequest, Error> {
    let token = match (row.token_id, row.token) {
        (None, Some(token)) => Some(format!("bad token {token}")),
        (None, None) => Some("no token".to_owned()),
        (Some(_), token) => token,
    };
    Ok(ScimRequest {
        effects: read(&row.effects, "effects")?,
        id: row.id,
        connection_id: row.connection_id,
        time: row.time.0,
        token_id: row.token_id.map(AnyId::uuid),
        token,
        client: row.client,
        method: row.method,
        path: row.path,
        query: row.query,
        status: row.status,
        scim_type: row.scim_type,
        detail: row.detail,
        ignored: row.ignored,
        duration_micros: row.micros,
    })
}

/// Those that are looked for.
pub async fn list(
    tx: &mut Tx,
    org: OrganizationId,
    wanted: &WantedRequests,
    limit: usize,
) -> Result<Vec<ScimRequest>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx.scim_request_page(org, wanted, limit).await?;
    rows.into_iter().map(view).collect()
}

/// One request, with what is kept of its body.
pub async fn show(
    tx: &mut Tx,
    org: OrganizationId,
    id: ScimRequestId,
) -> Result<ScimRequestDetail, Error> {
    let found = tx.scim_request(org, id).await?;
    let (row, body) = found.ok_or(Error::NotFound(Kind::ScimRequest))?;
    let reason = replayable::obstacle(&row, body.is_some())?;
    Ok(ScimRequestDetail {
        headers: read(&row.headers, "headers")?,
        body: body.map(|it| read(&it, "body")).transpose()?,
        body_bytes: row.body_bytes,
        body_omitted: row.omitted.clone(),
        left_out: read(&row.dropped, "dropped")?,
        not_replayable: reason,
        request: view(row)?,
    })
}

/// One request of whichever organization, for whoever operates them all.
pub async fn show_any(tx: &mut Tx, id: ScimRequestId) -> Result<ScimRequestDetail, Error> {
    show_in(tx, id).await.map(|(_, shown)| shown)
}

/// The same, and whose it is.
pub async fn show_in(
    tx: &mut Tx,
    id: ScimRequestId,
) -> Result<(OrganizationId, ScimRequestDetail), Error> {
    for org in tx.organizations().await? {
        if tx.scim_request(org.id, id).await?.is_some() {
            return Ok((org.id, show(tx, org.id, id).await?));
        }
    }
    Err(Error::NotFound(Kind::ScimRequest))
}

/// What was counted since then, the latest hour first.
pub async fn counts(
    tx: &mut Tx,
    org: OrganizationId,
    connection: Option<ConnectionId>,
    since: Timestamp,
) -> Result<Vec<RequestCount>, Error> {
    let rows = tx.scim_request_counts(org, connection, Time(since)).await?;
    let view = rows.into_iter().map(|row| RequestCount {
        connection_id: row.connection_id,
        hour: row.hour.0,
        reads: row.reads,
        writes: row.writes,
        refused: row.refused,
        without_good_token: row.strangers,
        lost: row.lost,
    });
    Ok(view.collect())
}
