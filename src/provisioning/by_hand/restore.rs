//! A grant that is over is brought back: what people gave once, and the directory or an absence ended.

use crate::directory::Violation;
use crate::directory::grant::GrantSource;
use crate::id::{GrantId, UserId};
use crate::provisioning::by_hand::{REPLACED, Subject};
use crate::provisioning::settings::role_removal::ROLE_REPLACED;
use crate::provisioning::{Change, Error, Kind};
use crate::store::rows::GrantRow;

/// Whether a grant that is over may be brought back: what people gave, and nothing else took the place of.
pub(in crate::provisioning) fn is_restorable(row: &GrantRow) -> bool {
    let given = matches!(
        row.source,
        GrantSource::Csv | GrantSource::Invite | GrantSource::Manual
    );
    given && !matches!(row.retired_cause.as_deref(), Some(REPLACED | ROLE_REPLACED))
}

/// Restores a grant of a person as a new one that says the same. An organization-wide one comes back only
/// where no group of the directory decides.
pub async fn restore(
    change: &mut Change<'_>,
    named: &str,
    grant: GrantId,
) -> Result<UserId, Error> {
    let subject = Subject::find(change, named).await?;
    let history = change.tx.grant_history(change.org, subject.user.id).await?;
    let row = history.into_iter().find(|row| row.id == grant);
    let row = row.ok_or(Error::NotFound(Kind::Grant))?;
    let given = is_restorable(&row);
    if row.retired_at.is_none() {
        return Err(Violation::Invalid("this grant counts already".into()).into());
    }
    if !given {
        let rule = "only what people gave is restored: an invitation's, an import's or an admin's";
        return Err(Violation::Invalid(rule.into()).into());
    }
    let scopes = change.tx.grant_projects(change.org, &[row.id]).await?;
    let projects: Vec<_> = scopes.into_iter().map(|(_, project)| project).collect();
    if subject.world.book.roles.role(row.role_id).is_none() {
        let rule = "the role of this grant was removed; give another by hand";
        return Err(Violation::Invalid(rule.into()).into());
    }
    let slug = subject.slug(row.role_id).to_owned();
    subject
        .grantable(change, &slug, !projects.is_empty())
        .await?;
    if projects.is_empty() {
        if subject.user.owner {
            return Err(Violation::LastOwner.into());
        }
        subject.refuse_decided(change).await?;
    }
    let same = (row.source, row.source_ref.clone());
    let is_same = |it: &GrantRow, _: &_| (it.source, &it.source_ref) == (same.0, &same.1);
    subject.take(change, is_same, REPLACED).await?;
    let fresh = subject.fresh(change, row.role_id, same.clone());
    subject.give(change, fresh, &projects).await?;
    Ok(subject.user.id)
}
