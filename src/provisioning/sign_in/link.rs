//! Whose subject is it? First the link that was made before; then the connection's own SCIM
//! resource, since the provider that made the record is the one that signs; then, in a trusted
//! domain and below the ceilings, the person with the asserted address. Nothing here writes.

use std::collections::BTreeMap;

use crate::id::ScimUserId;
use crate::limits;
use crate::provisioning::correlate::is_privileged;
use crate::provisioning::sign_in::subject::Subject;
use crate::provisioning::trust::is_trusted;
use crate::provisioning::{Change, Error, Refusal};
use crate::store::rows::{ConnectionRow, IdentityRow, ScimUserRow, There, UserRow};
use crate::store::types::Time;

/// Whose the subject is.
pub(super) enum Found {
    /// Somebody whose link this is, and what else there is of them.
    Linked(UserRow, IdentityRow, There),
    /// Somebody to whom the subject is to be linked; a link to a person who is gone may be there.
    Meant(UserRow, Option<IdentityRow>),
    /// Nobody yet; a link to a person who is long gone may be there.
    Nobody(Option<IdentityRow>),
}

/// Finds whose the subject is, or refuses where it cannot be said.
pub(super) async fn find(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    subject: &Subject,
) -> Result<Found, Error> {
    let known = change
        .tx
        .subject_behind(change.org, connection.id, &subject.key)
        .await?;
    let (mut lately, mut link) = (false, None);
    if let Some(known) = known {
        let (user, there) = (known.user, known.there);
        if user.deleted_at.is_none() && user.erased_at.is_none() {
            same_address(connection, subject, &known.link, &user)?;
            return Ok(Found::Linked(user, known.link, there));
        }
        lately = user
            .deleted_at
            .is_some_and(|at| change.now.duration_since(at.0) <= limits::TOMBSTONE);
        link = Some(known.link);
    }
    if let Some(user) = of_directory(change, connection, subject).await? {
        return Ok(Found::Meant(user, link));
    }
    if lately {
        return Err(Error::SignIn(Refusal::Deprovisioned));
    }
    Ok(match of_domain(change, connection, subject).await? {
        Some(user) => Found::Meant(user, link),
        None => Found::Nobody(link),
    })
}

/// A subject known by an address is not moved to another address by the assertion alone: the
/// connection's directory has to have said so.
fn same_address(
    connection: &ConnectionRow,
    subject: &Subject,
    link: &IdentityRow,
    user: &UserRow,
) -> Result<(), Error> {
    let (Some(known), Some(said)) = (link.email_norm.as_deref(), subject.norm()) else {
        return Ok(());
    };
    let confirmed =
        user.managed_by == Some(connection.id) && user.email_norm.as_deref() == Some(said);
    if !subject.is_by_address() || known == said || confirmed {
        Ok(())
    } else {
        Err(Error::SignIn(Refusal::AddressChanged))
    }
}

/// By what a resource of the directory is meant, the strongest first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    ExternalId,
    NameId,
    Address,
}

/// The person of the connection's one SCIM User that has the asserted externalId, or whose
/// userName is the NameID or the asserted address.
async fn of_directory(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    subject: &Subject,
) -> Result<Option<UserRow>, Error> {
    let (org, id) = (change.org, connection.id);
    let mut meant: BTreeMap<ScimUserId, (ScimUserRow, Vec<By>)> = BTreeMap::new();
    let mut note = |by: By, row: ScimUserRow| {
        let (_, ways) = meant.entry(row.id).or_insert((row, Vec::new()));
        ways.push(by);
    };
    if let Some(external_id) = &subject.external_id {
        let rows = change.tx.scim_users_by_external_id(org, id, external_id);
        for row in rows.await? {
            note(By::ExternalId, row);
        }
    }
    let names = [
        (By::NameId, subject.name.clone()),
        (By::Address, subject.address_name()),
    ];
    let mut last: Option<(String, Option<ScimUserRow>)> = None;
    for (by, name) in names {
        let Some(name) = name else { continue };
        // The NameID is the address more often than not.
        let row = match &last {
            Some((same, row)) if *same == name => row.clone(),
            _ => change.tx.scim_user_by_name(org, id, &name).await?,
        };
        if let Some(row) = &row {
            note(by, row.clone());
        }
        last = Some((name, row));
    }
    let mut meant = meant.into_values();
    let Some((row, ways)) = meant.next() else {
        return Ok(None);
    };
    if meant.next().is_some() {
        return Err(Error::SignIn(Refusal::Ambiguous));
    }
    let person = match row.user_id {
        Some(person) => change.tx.user(org, person).await?,
        None => None,
    };
    // A resource without a person waits for a yes: it is a privileged person's, or nobody's.
    let person = person.ok_or(Error::SignIn(Refusal::AboveCeiling))?;
    let mut refusal = None;
    for by in ways {
        match may_move(change, connection, subject, &person, by).await {
            Err(Error::SignIn(why)) => refusal = refusal.or(Some(why)),
            Err(error) => return Err(error),
            Ok(()) => return Ok(Some(person)),
        }
    }
    Err(Error::SignIn(refusal.unwrap_or(Refusal::Ambiguous)))
}

/// Whether what names the person here is old enough, and theirs alone, to bring a new subject.
async fn may_move(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    subject: &Subject,
    person: &UserRow,
    by: By,
) -> Result<(), Error> {
    if by == By::ExternalId {
        return settled(change, person, person.external_id_changed_at).await;
    }
    settled(change, person, person.email_changed_at).await?;
    if by == By::Address {
        no_other_subject(change, connection, subject, person).await?;
    }
    Ok(())
}

/// The person with the asserted address, if the connection may speak for its domain: somebody
/// unmanaged or of this connection, and nobody privileged.
async fn of_domain(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    subject: &Subject,
) -> Result<Option<UserRow>, Error> {
    let Some(address) = &subject.address else {
        return Ok(None);
    };
    if !is_trusted(change.tx, change.org, connection.id, address.domain()).await? {
        return Ok(None);
    }
    let Some(person) = change.tx.user_by_email(change.org, address.norm()).await? else {
        return Ok(None);
    };
    let links = change.tx.scim_links_of(change.org, &[person.id]).await?;
    let here = links.iter().any(|(_, id, _)| *id == connection.id);
    let managed_elsewhere = person.managed_by.is_some_and(|id| id != connection.id);
    if managed_elsewhere || (!links.is_empty() && !here) {
        return Err(Error::SignIn(Refusal::AnotherConnection));
    }
    settled(change, &person, person.email_changed_at).await?;
    no_other_subject(change, connection, subject, &person).await?;
    if person.owner {
        // The operator's confirmation of the connection is the yes to the owner's link.
        if connection.owner_confirmed_at.is_none() {
            return Err(Error::SignIn(Refusal::OwnerNotConfirmed));
        }
    } else if is_privileged(change, &person).await? {
        return Err(Error::SignIn(Refusal::AboveCeiling));
    }
    Ok(Some(person))
}

/// A new subject is not linked by an address, a userName or an externalId that a directory changed
/// a short while ago, and never to somebody privileged for whom it changed it.
async fn settled(
    change: &mut Change<'_>,
    person: &UserRow,
    changed: Option<Time>,
) -> Result<(), Error> {
    let Some(changed) = changed else {
        return Ok(());
    };
    if is_privileged(change, person).await? {
        return Err(Error::SignIn(Refusal::AboveCeiling));
    }
    if change.now.duration_since(changed.0) < limits::FRESH_ADDRESS {
        return Err(Error::SignIn(Refusal::FreshAddress));
    }
    Ok(())
}

/// Somebody who has a subject of the same kind here has it for good: a second one that merely
/// says the same address is somebody else.
async fn no_other_subject(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    subject: &Subject,
    person: &UserRow,
) -> Result<(), Error> {
    let links = change.tx.identities_of(change.org, person.id).await?;
    let mut here = links
        .iter()
        .filter(|link| link.connection_id == connection.id);
    if here.any(|link| subject.is_of_kind(&link.subject_key)) {
        return Err(Error::SignIn(Refusal::AddressChanged));
    }
    Ok(())
}
