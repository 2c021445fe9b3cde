//! The mails that invitations owe: rows of the outbox, which a worker sends once the change is
//! committed.

use crate::directory::delivery::{Delivery, MailKind};
use crate::provisioning::{Change, Error};
use crate::store::rows::{InvitationRow, MailCodeRow, OutboxRow};
use crate::store::types::Doc;

/// Puts a mail into the outbox.
pub(super) async fn owe(
    change: &mut Change<'_>,
    row: &InvitationRow,
    kind: MailKind,
    recipient: &str,
    detail: serde_json::Value,
) -> Result<(), Error> {
    let delivery = owed(change, row, kind, recipient);
    let delivery = OutboxRow {
        detail: Doc(detail.to_string()),
        ..delivery
    };
    Ok(change.tx.insert_delivery(&delivery).await?)
}

/// Puts the mail of a code into the outbox: it goes to the address that the code proves.
pub(super) async fn owe_code(
    change: &mut Change<'_>,
    row: &InvitationRow,
    code: &MailCodeRow,
) -> Result<(), Error> {
    let delivery = owed(change, row, MailKind::Code, &code.email);
    let delivery = OutboxRow {
        code_id: Some(code.id),
        ..delivery
    };
    Ok(change.tx.insert_delivery(&delivery).await?)
}

fn owed(
    change: &mut Change<'_>,
    row: &InvitationRow,
    kind: MailKind,
    recipient: &str,
) -> OutboxRow {
    OutboxRow {
        org_id: change.org,
        id: change.id(),
        kind,
        recipient: recipient.to_owned(),
        invitation_id: Some(row.id),
        code_id: None,
        detail: Doc("{}".to_owned()),
        state: Delivery::Queued,
        uncertain: false,
        attempts: 0,
        due_at: change.time(),
        lease: None,
        leased_until: None,
        last_reply: None,
        created_at: change.time(),
        finished_at: None,
    }
}
