//! A person's role by hand: organization-wide, or in projects.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::grant::{Grant, GrantSource};
use crate::id::{ProjectId, RoleId, UserId};
use crate::provisioning::by_hand::{ENDED, REPLACED, Subject};
use crate::provisioning::settings;
use crate::provisioning::{Change, Error};
use crate::store::rows::GrantRow;

/// The reference of the one organization-wide grant by hand.
pub(in crate::provisioning) const WIDE: &str = "organization";

/// A role to give by hand, or to take back.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoleOfUser)]
pub struct NewRole {
    /// The role's slug; null takes back what was given by hand.
    #[serde(deserialize_with = "Option::deserialize")]
    pub role: Option<String>,
    /// The slugs of the projects it is for; none means the whole organization.
    #[serde(default)]
    pub projects: Vec<String>,
}

/// Gives a person a role by hand in place of the one they had by hand, or takes it back. What another
/// channel gave stays beside it, and decides where its layer comes first.
///
/// The owner's role moves only by a transfer; a role that a group of the directory decides is changed
/// there, or overridden. Somebody suspended has it once they are back. Doing it again changes nothing.
pub async fn set_role(
    change: &mut Change<'_>,
    named: &str,
    wanted: &NewRole,
) -> Result<UserId, Error> {
    let subject = Subject::find(change, named).await?;
    let projects = settings::projects(change.tx, change.org, &wanted.projects).await?;
    let projects: Vec<_> = projects.into_iter().map(|project| project.id).collect();
    if projects.is_empty() {
        set_wide(change, &subject, wanted.role.as_deref()).await?;
    } else {
        for project in projects {
            set_scoped(change, &subject, wanted.role.as_deref(), project).await?;
        }
    }
    Ok(subject.user.id)
}

fn is_wide(row: &GrantRow, grant: &Grant) -> bool {
    row.source == GrantSource::Manual && grant.projects.is_empty()
}

async fn set_wide(
    change: &mut Change<'_>,
    subject: &Subject,
    slug: Option<&str>,
) -> Result<(), Error> {
    if subject.user.owner {
        return Err(Violation::LastOwner.into());
    }
    let Some(slug) = slug else {
        subject.take(change, is_wide, ENDED).await?;
        return Ok(());
    };
    let role = subject.grantable(change, slug, false).await?;
    subject.refuse_decided(change).await?;
    let mut held = subject
        .live
        .iter()
        .filter(|(row, grant)| is_wide(row, grant));
    if let (Some((row, _)), None) = (held.next(), held.next())
        && row.role_id == role.id
    {
        return Ok(());
    }
    subject.take(change, is_wide, REPLACED).await?;
    let row = subject.fresh(change, role.id, (GrantSource::Manual, WIDE.to_owned()));
    subject.give(change, row, &[]).await.map(drop)
}

async fn set_scoped(
    change: &mut Change<'_>,
    subject: &Subject,
    slug: Option<&str>,
    project: ProjectId,
) -> Result<(), Error> {
    let reference = format!("project:{project}");
    let is_it = |row: &GrantRow, grant: &Grant| {
        row.source == GrantSource::Manual && grant.projects.contains(&project)
    };
    let (mut wider, mut only) = (Vec::new(), Vec::new());
    for (row, grant) in subject.live.iter().filter(|(row, grant)| is_it(row, grant)) {
        let rest: Vec<_> = grant
            .projects
            .iter()
            .copied()
            .filter(|it| *it != project)
            .collect();
        if rest.is_empty() {
            only.push(row.role_id);
        } else {
            wider.push((row.role_id, row.source_ref.clone(), rest));
        }
    }
    let Some(slug) = slug else {
        subject.take(change, is_it, ENDED).await?;
        return give_rest(change, subject, wider).await;
    };
    let role = subject.grantable(change, slug, true).await?;
    if wider.is_empty() && only == [role.id] {
        return Ok(());
    }
    subject.take(change, is_it, REPLACED).await?;
    give_rest(change, subject, wider).await?;
    let row = subject.fresh(change, role.id, (GrantSource::Manual, reference));
    subject.give(change, row, &[project]).await.map(drop)
}

/// Gives again, in the projects that are left, what was one grant for several.
async fn give_rest(
    change: &mut Change<'_>,
    subject: &Subject,
    wider: Vec<(RoleId, String, Vec<ProjectId>)>,
) -> Result<(), Error> {
    for (role, reference, projects) in wider {
        let row = subject.fresh(change, role, (GrantSource::Manual, reference));
        subject.give(change, row, &projects).await?;
    }
    Ok(())
}
