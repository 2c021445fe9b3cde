//! A role is removed: refused while something uses it, or with another role put in its place wherever it is
//! used. What it gave in the past keeps its name.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::grant::GrantSource;
use crate::directory::role::{ADMIN_RANK, Catalogue, DEFAULT_MAXIMUM, OWNER_RANK, Role};
use crate::directory::scope::Scope;
use crate::id::{GrantId, OrganizationId, ProjectId};
use crate::provisioning::invitations::Inviter;
use crate::provisioning::settings::role_uses::Uses;
use crate::provisioning::settings::{
    catalogue, connection_roles, connection_view, mapping_checks, mappings, organizations, role,
};
use crate::provisioning::{Change, Error, Kind, Source};
use crate::store::Tx;
use crate::store::rows::{GrantRow, InvitationRow, MappingRow};

/// Why a grant is retired whose role is removed: another took its place.
pub(in crate::provisioning) const ROLE_REPLACED: &str = "role_replaced";

/// A role to remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleRemoval {
    /// Its slug.
    pub role: String,
    /// The slug of the role that takes its place; needed where something uses it.
    #[serde(default)]
    pub replace_with: Option<String>,
}

/// Whether there is a role of this slug.
pub async fn find(tx: &mut Tx, org: OrganizationId, slug: &str) -> Result<(), Error> {
    let roles = catalogue(tx, org).await?;
    let found = roles.by_slug(slug).map(drop);
    found.ok_or(Error::NotFound(Kind::Role))
}

/// Removes a role within a change. Only where it is `meant` must whoever asks be allowed all that it does.
///
/// `owner` and the roles from [`ADMIN_RANK`] on that are seeded stay. A role that something uses goes only
/// with another in its place: rules, defaults, ceilings, live grants and open invitations name that one from
/// then on, if each of them may.
pub(super) async fn remove_in(
    change: &mut Change<'_>,
    wanted: &RoleRemoval,
    meant: bool,
) -> Result<(), Error> {
    let roles = catalogue(change.tx, change.org).await?;
    let gone = role(&roles, &wanted.role)?.clone();
    if is_needed(&gone) {
        return Err(Violation::RoleReserved(gone.slug).into());
    }
    let uses = Uses::of(change, &gone).await?;
    let next = match &wanted.replace_with {
        Some(slug) => Some(role(&roles, slug)?.clone()),
        None => None,
    };
    match &next {
        Some(next) => {
            possible(&gone, next)?;
            if meant {
                answers(change, &uses, (&gone, next)).await?;
            }
            let replacement = Replacement {
                roles: &roles,
                gone: &gone,
                next,
            };
            replacement.run(change, uses).await?;
        }
        None if uses.is_nothing() => {}
        None => return Err(uses.refusal(&gone).into()),
    }
    let (org, now) = (change.org, change.time());
    for user in change.tx.people_with_role(org, gone.id).await? {
        change.touch(user);
    }
    change.tx.remove_role(org, gone.id, now).await?;
    let data = json!({
        "role_id": gone.id,
        "slug": gone.slug,
        "name": gone.name,
        "rank": gone.rank,
        "replaced_by": next.map(|next| next.slug),
    });
    change.record(EventKind::RoleRemoved, data);
    Ok(())
}

/// Whether the product cannot do without a role: the owner's title has one, and connections begin with the
/// other as their ceiling.
fn is_needed(role: &Role) -> bool {
    role.rank >= OWNER_RANK || role.slug == DEFAULT_MAXIMUM
}

fn possible(gone: &Role, next: &Role) -> Result<(), Violation> {
    if next.rank >= OWNER_RANK {
        return Err(Violation::OwnerNotGrantable);
    }
    if next.id == gone.id {
        let rule = "a role is replaced by another one";
        return Err(Violation::Invalid(rule.to_owned()));
    }
    Ok(())
}

/// Whether whoever asks could do each part of it otherwise: what people gave by `users:write`, invitations by
/// `invitations:write`; an override is the owner's and the operator's, and what a connection may give at most
/// is raised by the operator alone.
async fn answers(
    change: &mut Change<'_>,
    uses: &Uses,
    (gone, next): (&Role, &Role),
) -> Result<(), Error> {
    let mut is_owner = false;
    change.may_give(gone.rank.max(next.rank))?;
    if matches!(change.context.source, Source::User(_)) {
        let giver = Inviter::of(change).await?;
        is_owner = giver.rank >= OWNER_RANK;
        if gone.rank.max(next.rank) > giver.rank {
            return Err(Error::Forbidden("nobody gives a role above their own"));
        }
    }
    if uses.grants.iter().any(|row| !row.source.is_by_rule()) {
        change.require(Scope::UsersWrite)?;
    }
    if !uses.invitations.is_empty() {
        change.require(Scope::InvitationsWrite)?;
    }
    let overrides = |row: &GrantRow| row.source == GrantSource::Override;
    if uses.grants.iter().any(overrides) && !is_owner && !change.is_operators() {
        return Err(Error::Forbidden(
            "an override has the role: only the owner and the operator change one",
        ));
    }
    if next.rank > gone.rank && !uses.connections.is_empty() && !change.is_operators() {
        return Err(Error::Forbidden(
            "a connection's default or highest role would rise, which only the operator does",
        ));
    }
    Ok(())
}

/// Another role takes the place of one.
struct Replacement<'a> {
    roles: &'a Catalogue,
    gone: &'a Role,
    next: &'a Role,
}

impl Replacement<'_> {
    async fn run(&self, change: &mut Change<'_>, uses: Uses) -> Result<(), Error> {
        if uses.is_default {
            organizations::set_default_role(change, &self.next.slug).await?;
        }
        for row in uses.connections {
            let of = (row, self.gone.id, self.next);
            connection_roles::replace_role(change, self.roles, of).await?;
        }
        for row in uses.rules {
            self.rule(change, row).await?;
        }
        self.grants(change, &uses.grants).await?;
        for row in uses.invitations {
            self.invitation(change, row).await?;
        }
        Ok(())
    }

    fn changes(&self) -> Value {
        json!([{"attribute": "role", "old": self.gone.slug, "new": self.next.slug}])
    }

    async fn rule(&self, change: &mut Change<'_>, mut row: MappingRow) -> Result<(), Error> {
        let connection = connection_view::row(change, row.connection_id).await?;
        let all = change.tx.projects(change.org).await?;
        let scopes = change.tx.mapping_projects(change.org).await?;
        let its: Vec<_> = all
            .into_iter()
            .filter(|project| scopes.contains(&(row.id, project.id)))
            .collect();
        mapping_checks::permitted(self.roles, self.next, &connection, &its)?;
        row.role_id = self.next.id;
        row.rev = mapping_checks::next_revision(change).await?;
        let ids: Vec<_> = its.iter().map(|project| project.id).collect();
        change.tx.update_mapping(&row, &ids).await?;
        for user in mappings::people_of(change, &row).await? {
            change.touch(user);
        }
        let slugs = its.into_iter().map(|project| project.slug).collect();
        let mut data = mappings::told(&mappings::view(&row, self.roles, slugs));
        if let Some(data) = data.as_object_mut() {
            data.insert("changes".into(), self.changes());
        }
        change.record(EventKind::MappingUpdated, data);
        Ok(())
    }

    /// Every live grant ends, and one of the other role begins that says the same.
    async fn grants(&self, change: &mut Change<'_>, rows: &[GrantRow]) -> Result<(), Error> {
        let (org, now) = (change.org, change.time());
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let scopes = change.tx.grant_projects(org, &ids).await?;
        if self.next.rank >= ADMIN_RANK && !scopes.is_empty() {
            return Err(Violation::ScopeNotAllowed.into());
        }
        change
            .tx
            .retire_grants(org, &ids, now, ROLE_REPLACED)
            .await?;
        let mint = change.mint();
        let fresh: Vec<_> = rows
            .iter()
            .map(|row| GrantRow {
                ends_at: row.ends_at,
                reason: row.reason.clone(),
                ..mint.grant(
                    row.user_id,
                    self.next.id,
                    (row.source, row.source_ref.clone()),
                )
            })
            .collect();
        let of = |id: GrantId| scopes.iter().filter(move |it| it.0 == id).map(|it| it.1);
        let mut lines = Vec::new();
        for (old, new) in rows.iter().zip(&fresh) {
            lines.extend(of(old.id).map(|project| (org, new.id, project)));
        }
        change.tx.insert_grants(&fresh).await?;
        change.tx.insert_grant_projects(&lines).await?;
        for (old, new) in rows.iter().zip(&fresh) {
            change.touch(old.user_id);
            if !old.source.is_by_rule() {
                let projects: Vec<_> = of(old.id).collect();
                self.tell(change, (old, new), &projects);
            }
        }
        Ok(())
    }

    fn tell(&self, change: &mut Change<'_>, of: (&GrantRow, &GrantRow), projects: &[ProjectId]) {
        let told = |row: &GrantRow, role: &Role| {
            json!({
                "user_id": row.user_id,
                "grant_id": row.id,
                "source": row.source,
                "role": role.slug,
                "project_ids": projects,
                "ends_at": row.ends_at.map(|at| at.0),
                "grant_reason": row.reason,
                "because": ROLE_REPLACED,
            })
        };
        change.record(EventKind::GrantEnded, told(of.0, self.gone));
        change.record(EventKind::GrantGiven, told(of.1, self.next));
    }

    /// Whoever invited still answers for it: where the role is above theirs now, it needs attention when it
    /// is accepted.
    async fn invitation(
        &self,
        change: &mut Change<'_>,
        mut row: InvitationRow,
    ) -> Result<(), Error> {
        let scope = change.tx.invitation_projects(change.org, &[row.id]).await?;
        if self.next.rank >= ADMIN_RANK && !scope.is_empty() {
            return Err(Violation::ScopeNotAllowed.into());
        }
        row.role_id = self.next.id;
        row.updated_at = change.time();
        change.tx.update_invitation(&row).await?;
        let data = json!({
            "invitation_id": row.id,
            "email": row.email,
            "changes": self.changes(),
        });
        change.record(EventKind::InvitationUpdated, data);
        Ok(())
    }
}
