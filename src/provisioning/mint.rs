//! New grants: made in one place, whoever gives them.

use crate::directory::grant::GrantSource;
use crate::id::{Ids, OrganizationId, ProjectId, RoleId, UserId};
use crate::provisioning::{Change, Context, Error};
use crate::store::rows::GrantRow;
use crate::store::types::Time;

/// What a grant is made of beside whose it is and what it gives.
#[derive(Clone)]
pub(super) struct Mint {
    pub(super) org: OrganizationId,
    pub(super) at: Time,
    cause: String,
    actor: String,
    ids: Ids,
}

impl Mint {
    /// What grants of a change would be made of that is only thought of.
    pub(super) fn of(org: OrganizationId, context: &Context, at: Time) -> Self {
        Self {
            org,
            at,
            cause: context.cause.clone(),
            actor: context.source.actor(),
            ids: context.ids.clone(),
        }
    }

    /// A grant that begins now, and ends with what gave it.
    pub(super) fn grant(
        &self,
        user_id: UserId,
        role_id: RoleId,
        (source, source_ref): (GrantSource, String),
    ) -> GrantRow {
        GrantRow {
            org_id: self.org,
            id: self.ids.next(),
            user_id,
            role_id,
            source,
            source_ref,
            granted_at: self.at,
            cause: self.cause.clone(),
            ends_at: None,
            retired_at: None,
            retired_cause: None,
            actor: Some(self.actor.clone()),
            reason: None,
        }
    }
}

impl Change<'_> {
    /// What grants of this change are made of.
    pub(super) fn mint(&self) -> Mint {
        Mint::of(self.org, &self.context, self.time())
    }

    /// Writes a grant with the projects in which it counts; none means the whole organization.
    pub(super) async fn give(
        &mut self,
        row: &GrantRow,
        projects: &[ProjectId],
    ) -> Result<(), Error> {
        let scope: Vec<_> = projects
            .iter()
            .map(|it| (row.org_id, row.id, *it))
            .collect();
        self.tx.insert_grants(std::slice::from_ref(row)).await?;
        Ok(self.tx.insert_grant_projects(&scope).await?)
    }
}
