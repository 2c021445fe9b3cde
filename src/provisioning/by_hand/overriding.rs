//! An override: the owner's word against the directory's, for a while and with a reason.

use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::grant::{Grant, GrantSource};
use crate::directory::role::OWNER_RANK;
use crate::id::UserId;
use crate::limits;
use crate::provisioning::by_hand::{ENDED, REPLACED, Subject, reason};
use crate::provisioning::invitations::Inviter;
use crate::provisioning::{Change, Error, Source};
use crate::store::rows::GrantRow;
use crate::store::types::Time;

/// A role that is to count before the directory's groups, for a while.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOverride {
    /// The role's slug.
    pub role: String,
    /// Why; it is kept, and shown wherever the role is explained.
    pub reason: String,
    /// Until when: at most 30 days from now; 7 days from now unless said.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub ends_at: Option<Timestamp>,
}

fn is_override(row: &GrantRow, _: &Grant) -> bool {
    row.source == GrantSource::Override
}

/// Overrides what the directory decides of a person's organization-wide role. By the owner or an operator
/// alone; another override takes the place of the one before.
pub async fn override_role(
    change: &mut Change<'_>,
    named: &str,
    wanted: &NewOverride,
    is_operator: bool,
) -> Result<UserId, Error> {
    permitted(change, is_operator).await?;
    let subject = Subject::find(change, named).await?;
    if subject.user.owner {
        return Err(Violation::LastOwner.into());
    }
    let role = subject.grantable(change, &wanted.role, false).await?;
    let reason = reason(&wanted.reason)?;
    let ends_at = wanted
        .ends_at
        .unwrap_or(change.now + limits::OVERRIDE_USUAL);
    if ends_at <= change.now || ends_at > change.now + limits::OVERRIDE {
        let last = change.now + limits::OVERRIDE;
        let rule = format!("an override ends after now, and by {last} at the latest");
        return Err(Violation::Invalid(rule).into());
    }
    subject.take(change, is_override, REPLACED).await?;
    let of = (GrantSource::Override, "organization".to_owned());
    let row = GrantRow {
        ends_at: Some(Time(ends_at)),
        reason: Some(reason),
        ..subject.fresh(change, role.id, of)
    };
    subject.give(change, row, &[]).await?;
    Ok(subject.user.id)
}

/// Ends a person's override; where there is none, nothing changes.
pub async fn end_override(
    change: &mut Change<'_>,
    named: &str,
    is_operator: bool,
) -> Result<UserId, Error> {
    permitted(change, is_operator).await?;
    let subject = Subject::find(change, named).await?;
    subject.take(change, is_override, ENDED).await?;
    Ok(subject.user.id)
}

/// Whoever answers for it: the operator, and the owner. An organization's own key is nobody who does.
async fn permitted(change: &mut Change<'_>, is_operator: bool) -> Result<(), Error> {
    let answers = match change.context.source {
        Source::User(_) => Inviter::of(change).await?.rank >= OWNER_RANK,
        _ => is_operator,
    };
    self::answers(answers)
}

/// Refuses who does not answer for an override.
pub fn answers(they_do: bool) -> Result<(), Error> {
    if they_do {
        return Ok(());
    }
    Err(Error::Forbidden(
        "only the owner and the operator override the directory",
    ))
}
