//! What webhooks are owed of a change.

use std::sync::Arc;

use crate::provisioning::{Change, Error, Source};
use crate::store::memory::Subject;

/// Whether an organization has webhooks at all.
struct HasWebhooks(bool);

/// Owes the webhooks what a change has written. Most organizations have none, and neither a directory nor a sign-in
/// makes any.
pub(in crate::provisioning) async fn owe(change: &mut Change<'_>) -> Result<(), Error> {
    let (org, stamp) = (change.org, change.stamp());
    let makes_none = matches!(change.context.source, Source::Scim(_) | Source::SignIn(_));
    let subject = Subject::Organization(org);
    let known = change.tx.memory().recall::<HasWebhooks>(subject);
    let known = known.filter(|(of, _)| *of == stamp).map(|(_, any)| any.0);
    if makes_none && known == Some(false) {
        return Ok(());
    }
    change.tx.owe_webhooks(org, change.chain.event_seq).await?;
    if makes_none && known.is_none() {
        let any = HasWebhooks(change.tx.has_webhooks(org).await?);
        change.tx.memory().keep(subject, stamp, Arc::new(any));
    }
    Ok(())
}
