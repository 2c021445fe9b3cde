//! Just-in-time provisioning: somebody whom nobody knows yet, drafted where the connection's
//! policy lets a first sign-in create a person. Nothing here writes.

use crate::directory::connection::{ConnectionState, Jit};
use crate::directory::email::Address;
use crate::limits;
use crate::provisioning::invitations::interplay;
use crate::provisioning::sign_in::subject::Subject;
use crate::provisioning::sign_in::write::full_name;
use crate::provisioning::trust::is_trusted;
use crate::provisioning::{Change, Error, Refusal};
use crate::saml::profile::Profile;
use crate::store::rows::{ConnectionRow, InvitationRow, UserRow};
use crate::store::types::Time;

/// The person as they will be, and the invitation that they come by, or why nobody is created.
/// Who was invited comes in whatever the connection's policy, and from any domain.
pub(super) async fn draft(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    subject: &Subject,
    profile: &Profile,
) -> Result<(UserRow, Option<InvitationRow>), Error> {
    no_tombstone(change, connection, subject).await?;
    if let Some(address) = &subject.address
        && let Some(invitation) = interplay::live(change, connection, address.norm()).await?
    {
        let user = person(change, address, profile, None);
        return Ok((user, Some(invitation)));
    }
    let policy = connection.jit.effective(connection.scim_since.is_some());
    if policy == Jit::Off {
        return Err(Error::SignIn(Refusal::JitOff));
    }
    let Some(address) = &subject.address else {
        return Err(Error::SignIn(Refusal::AddressMissing));
    };
    if !is_trusted(change.tx, change.org, connection.id, address.domain()).await? {
        return Err(Error::SignIn(Refusal::DomainNotTrusted));
    }
    let provisional = (policy == Jit::Provisional).then(|| change.time());
    Ok((person(change, address, profile, provisional), None))
}

fn person(
    change: &Change<'_>,
    address: &Address,
    profile: &Profile,
    provisional_since: Option<Time>,
) -> UserRow {
    UserRow {
        email: Some(address.typed().to_owned()),
        email_norm: Some(address.norm().to_owned()),
        display_name: full_name(profile),
        given_name: profile.given_name.clone(),
        family_name: profile.family_name.clone(),
        provisional_since,
        ..UserRow::fresh(change.org, change.id(), change.time())
    }
}

/// Somebody whom a directory of the organization deleted lately does not come back by signing in.
async fn no_tombstone(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    subject: &Subject,
) -> Result<(), Error> {
    let now = change.now;
    let recent = |found: &[UserRow]| {
        let since = |at: Time| now.duration_since(at.0) <= limits::TOMBSTONE;
        found.iter().any(|row| row.deleted_at.is_some_and(since))
    };
    let mut buried = false;
    if let Some(external_id) = &subject.external_id {
        let found = change
            .tx
            .tombstones(change.org, connection.id, external_id)
            .await?;
        buried |= recent(&found);
    }
    let names: Vec<_> = [subject.name.clone(), subject.address_name()]
        .into_iter()
        .flatten()
        .collect();
    for other in change.tx.connections(change.org).await? {
        if other.state != ConnectionState::Active {
            continue;
        }
        for name in &names {
            let found = change
                .tx
                .tombstones_of(change.org, other.id, name, subject.norm())
                .await?;
            buried |= recent(&found);
        }
    }
    if buried {
        Err(Error::SignIn(Refusal::Deprovisioned))
    } else {
        Ok(())
    }
}
