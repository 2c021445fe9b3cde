//! What a change owes somebody outside: a fresh row, which a worker takes once the change is committed.

use crate::directory::delivery::{Delivery, MailKind};
use crate::provisioning::Change;
use crate::store::rows::OutboxRow;
use crate::store::types::Doc;

impl Change<'_> {
    /// A row of the outbox that is due now, about nothing yet.
    pub(in crate::provisioning) fn owed(&self, kind: MailKind, recipient: &str) -> OutboxRow {
        OutboxRow {
            org_id: self.org,
            id: self.id(),
            kind,
            recipient: recipient.to_owned(),
            invitation_id: None,
            code_id: None,
            detail: Doc("{}".to_owned()),
            state: Delivery::Queued,
            uncertain: false,
            attempts: 0,
            due_at: self.time(),
            lease: None,
            leased_until: None,
            last_reply: None,
            created_at: self.time(),
            finished_at: None,
        }
    }
}
