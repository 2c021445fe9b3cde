//! Alerts: what somebody should look at now is told by mail. An event that asks for it owes one mail to the
//! operator and one to each of the organization's people in charge, in the very change that it is of. What
//! the mail says is made when it is sent, of how things are then.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::directory::delivery::MailKind;
use crate::directory::event::EventKind;
use crate::directory::ownership::TransferState;
use crate::directory::role::ADMIN_RANK;
use crate::id::{
    BreakGlassId, ConnectionId, OrganizationId, SafeguardId, SessionId, TransferId, UserId,
    WebhookId,
};
use crate::limits;
use crate::provisioning::invitations::known;
use crate::provisioning::settings::catalogue;
use crate::provisioning::{Change, Error};
use crate::store::Tx;
use crate::store::rows::{OutboxRow, UserRow};
use crate::store::types::{Doc, Time};

/// What stands as the receiver of what goes to the operator, whose address is a setting of the server.
const OPERATOR: &str = "operator";

/// What an alert is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Alarm {
    /// The operator opened the owner's way in without a connection.
    BreakGlassOpened {
        /// Which opening.
        break_glass_id: BreakGlassId,
    },
    /// Somebody came in by it.
    BreakGlassUsed {
        /// The session that they have.
        session_id: SessionId,
    },
    /// A certificate of a connection's identity provider ends soon, or has ended.
    CertificateEnding {
        /// The connection.
        connection_id: ConnectionId,
        /// SHA-256 of the certificate.
        fingerprint: String,
        /// The threshold that it has passed, in days before its end.
        days: i64,
    },
    /// A directory names people whom its word alone does not make its own.
    LinkProposed {
        /// The connection.
        connection_id: ConnectionId,
    },
    /// The organization has another owner.
    OwnerChanged {
        /// The new owner.
        user_id: UserId,
    },
    /// The owner cannot act any more.
    OwnerUnavailable {
        /// The owner.
        user_id: UserId,
    },
    /// An admin asks for another owner in place of one who cannot act.
    RecoveryAsked {
        /// The transfer.
        transfer_id: TransferId,
    },
    /// A safeguard tripped.
    SafeguardTripped {
        /// Which.
        safeguard_id: SafeguardId,
    },
    /// A SCIM token, or an OAuth client, of a connection ends soon, or has ended.
    TokenEnding {
        /// The connection.
        connection_id: ConnectionId,
        /// Which token or client.
        token_id: Uuid,
        /// The threshold that it has passed, in days before its end.
        days: i64,
    },
    /// Nothing is posted to a webhook any more.
    WebhookDisabled {
        /// Which.
        webhook_id: WebhookId,
    },
}

/// What a row of the outbox tells, as its `detail`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Told {
    /// What it is about.
    #[serde(flatten)]
    pub alarm: Alarm,
    /// Who of the organization reads it; the operator where nobody of it does.
    #[serde(default)]
    pub reader: Option<UserId>,
}

impl Alarm {
    /// What an event has people told of; an event's data say the rest.
    fn of(kind: EventKind, data: &Value) -> Option<Self> {
        let about = match kind {
            EventKind::OrganizationBreakGlassOpened => "break_glass_opened",
            EventKind::OrganizationBreakGlassUsed => "break_glass_used",
            EventKind::ConnectionCertificateEnding => "certificate_ending",
            EventKind::ConnectionTokenEnding => "token_ending",
            EventKind::OrganizationOwnerChanged => "owner_changed",
            EventKind::OrganizationOwnerUnavailable => "owner_unavailable",
            EventKind::OrganizationTransferBegun
                if data["state"] == TransferState::AwaitingOperator.as_str() =>
            {
                "recovery_asked"
            }
            EventKind::SafeguardTripped => "safeguard_tripped",
            EventKind::UserLinkProposed => "link_proposed",
            EventKind::WebhookDisabled => "webhook_disabled",
            _ => return None,
        };
        let mut told = data.clone();
        told.as_object_mut()?.insert("about".into(), about.into());
        serde_json::from_value(told).ok()
    }
}

impl Alarm {
    /// Whether no policy keeps it from those in charge: a key that can change the policy could do it unheard.
    fn is_loud(&self) -> bool {
        match self {
            Self::BreakGlassOpened { .. } | Self::BreakGlassUsed { .. } => true,
            Self::CertificateEnding { .. }
            | Self::LinkProposed { .. }
            | Self::OwnerChanged { .. }
            | Self::OwnerUnavailable { .. }
            | Self::RecoveryAsked { .. }
            | Self::SafeguardTripped { .. }
            | Self::TokenEnding { .. }
            | Self::WebhookDisabled { .. } => false,
        }
    }
}

/// Owes the mails that the events of a change ask for.
pub(super) async fn owe(change: &mut Change<'_>) -> Result<(), Error> {
    let events = change.events.iter();
    let alarms: Vec<_> = events
        .filter_map(|event| Alarm::of(event.kind, &event.data))
        .collect();
    if alarms.is_empty() {
        return Ok(());
    }
    let since = Time(change.now - limits::ALERT_GAP);
    for alarm in alarms {
        let readers = readers(change.tx, change.org, &alarm).await?;
        let detail = |reader| {
            let told = Told {
                alarm: alarm.clone(),
                reader,
            };
            Doc(json!(told).to_string())
        };
        put(change, OPERATOR, detail(None), since).await?;
        for reader in &readers {
            let address = reader.email.as_deref().unwrap_or_default();
            put(change, address, detail(Some(reader.id)), since).await?;
        }
    }
    Ok(())
}

/// Who of an organization is told: its owner and admins who may act, where its policy does not say that
/// they do not want it, and in any case of what somebody would want them not to hear.
async fn readers(tx: &mut Tx, org: OrganizationId, alarm: &Alarm) -> Result<Vec<UserRow>, Error> {
    if !alarm.is_loud() && !known::policy(tx, org).await?.alerts {
        return Ok(Vec::new());
    }
    let roles = catalogue(tx, org).await?;
    let privileged = roles.iter().filter(|role| role.rank >= ADMIN_RANK);
    let privileged: Vec<_> = privileged.map(|role| role.id).collect();
    let in_charge = tx.people_in_charge(org, &privileged, limits::ALERT_READERS);
    Ok(in_charge.await?)
}

/// Whether whom an alert was owed to is still to get it: in charge, and at that address.
pub(super) async fn still_reads(tx: &mut Tx, row: &OutboxRow, told: &Told) -> Result<bool, Error> {
    let Some(reader) = told.reader else {
        return Ok(true);
    };
    let readers = readers(tx, row.org_id, &told.alarm).await?;
    let is_it = |it: &UserRow| it.id == reader && it.email.as_deref() == Some(&*row.recipient);
    Ok(readers.iter().any(is_it))
}

/// Owes one mail, unless the receiver was told just this since then. One that was not sent, since all was
/// well again by the time, told nobody.
async fn put(
    change: &mut Change<'_>,
    recipient: &str,
    detail: Doc,
    since: Time,
) -> Result<(), Error> {
    let told = change
        .tx
        .is_alerted(change.org, recipient, &detail, since)
        .await?;
    if told {
        return Ok(());
    }
    let row = OutboxRow {
        detail,
        ..change.owed(MailKind::Alert, recipient)
    };
    Ok(change.tx.insert_delivery(&row).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_says_what_an_alert_is_about() {
        let id = Uuid::from_u128(1);
        for (kind, data, expected) in [
            (
                EventKind::SafeguardTripped,
                json!({"safeguard_id": id, "people": 11}),
                Some(Alarm::SafeguardTripped {
                    safeguard_id: id.into(),
                }),
            ),
            (
                EventKind::WebhookDisabled,
                json!({"webhook_id": id, "name": "app", "failing_since": null}),
                Some(Alarm::WebhookDisabled {
                    webhook_id: id.into(),
                }),
            ),
            (
                EventKind::ConnectionTokenEnding,
                json!({"connection_id": id, "token_id": id, "days": 7}),
                Some(Alarm::TokenEnding {
                    connection_id: id.into(),
                    token_id: id,
                    days: 7,
                }),
            ),
            (
                EventKind::SafeguardApproved,
                json!({"safeguard_id": id}),
                None,
            ),
        ] {
            let found = Alarm::of(kind, &data);
            assert_eq!(found, expected, "{kind}");
            let Some(alarm) = found else { continue };
            let reader = Some(UserId::from(id));
            let text = json!(Told {
                alarm: alarm.clone(),
                reader
            })
            .to_string();
            let told: Told = serde_json::from_str(&text).unwrap();
            assert_eq!((told.alarm, told.reader), (alarm, reader));
        }
    }
}
