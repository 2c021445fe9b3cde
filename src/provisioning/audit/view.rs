//! The audit log as it is read: every event, whoever may see it, with what vouches for it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::directory::event::{EventKind, Visibility};
use crate::id::{EventId, OrganizationId};
use crate::provisioning::Error;
use crate::provisioning::audit::digest::covered;
use crate::provisioning::audit::{corrupt, data};
use crate::store::Tx;
use crate::store::rows::EventRow;

/// A line of the audit log.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AuditLine {
    /// The event's number.
    pub seq: i64,
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: EventId,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventKind,
    /// Who may read it in the feed.
    pub visibility: Visibility,
    /// When.
    #[schema(value_type = String, format = "date-time")]
    pub time: Timestamp,
    /// Who did it.
    pub actor: String,
    /// The request or command that caused it.
    pub cause: String,
    /// What there is to tell; a value that was erased is null.
    #[schema(value_type = Object)]
    pub data: Value,
    /// What chains it to the event before it, in base64url; null where it is older than the chain.
    pub mac: Option<String>,
    /// Commitments to its personal values, by their places in `data` (JSON pointers), in base64url: they
    /// stay when the values are erased.
    pub commitments: BTreeMap<String, String>,
    /// The checkpoint that vouches for the log up to here, where there is one: a JWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
}

/// A stretch of the audit log.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct AuditLog {
    /// The lines, in order.
    pub data: Vec<AuditLine>,
    /// Where to go on: the number of the last line.
    pub next: i64,
}

/// The lines after a number.
pub async fn read(
    tx: &mut Tx,
    org: OrganizationId,
    after: i64,
    limit: usize,
) -> Result<AuditLog, Error> {
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx.events_after(org, after, &[], most).await?;
    let next = rows.last().map_or(after, |row| row.seq);
    let kept = tx.checkpoints(org, after, next, most).await?;
    let mut kept: BTreeMap<i64, String> = kept.into_iter().map(|it| (it.seq, it.jws)).collect();
    let lines = rows.into_iter().map(|row| {
        let checkpoint = kept.remove(&row.seq);
        line(row, checkpoint)
    });
    Ok(AuditLog {
        data: lines.collect::<Result<_, Error>>()?,
        next,
    })
}

fn line(row: EventRow, checkpoint: Option<String>) -> Result<AuditLine, Error> {
    let data = data(&row)?;
    let commitments = if row.mac.is_some() {
        let covered = covered(&row, &data).map_err(|_| corrupt("salts"))?;
        let text = |(place, hash): (String, _)| (place, URL_SAFE_NO_PAD.encode::<[u8; 32]>(hash));
        covered.commitments.into_iter().map(text).collect()
    } else {
        BTreeMap::new()
    };
    let EventRow {
        seq,
        id,
        kind,
        visibility,
        time,
        actor,
        cause,
        mac,
        ..
    } = row;
    Ok(AuditLine {
        seq,
        id,
        kind,
        visibility,
        time: time.0,
        actor,
        cause,
        data,
        mac: mac.map(|mac| URL_SAFE_NO_PAD.encode(mac)),
        commitments,
        checkpoint,
    })
}
