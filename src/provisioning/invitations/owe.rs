//! The mails that invitations owe: rows of the outbox, which a worker sends once the change is
//! committed.

use crate::directory::delivery::MailKind;
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
        invitation_id: Some(row.id),
        ..change.owed(kind, recipient)
    }
}
