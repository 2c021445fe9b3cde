//! Organizations: created with their roles, and with their first owner if one is named.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::email::Address;
use crate::directory::event::EventKind;
use crate::directory::grant::GrantSource;
use crate::directory::role::{ADMIN_RANK, DEFAULT, OWNER_RANK, SEEDED};
use crate::id::{OrganizationId, RoleId, UserId};
use crate::provisioning::settings::{catalogue, name, role, slug};
use crate::provisioning::{Change, Context, Error, Kind, Source, audit, console};
use crate::store::rows::{OrganizationRow, RoleRow, UserRow};
use crate::store::types::{Doc, Time};
use crate::store::{Store, Tx};

/// The organization whose admins are operators once one of its connections signed them in; the command line
/// alone creates it.
pub const RESERVED: &str = "operators";

/// An organization to be.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganization {
    /// Its slug, fixed for life.
    pub slug: String,
    /// Its name for people; the slug where there is none.
    pub name: Option<String>,
    /// The address of its first owner.
    pub owner: Option<String>,
}

/// What may change of an organization: its slug is fixed for life.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationChange {
    /// Its name for people.
    pub name: String,
}

/// An organization.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = OrganizationDetail)]
pub struct Organization {
    /// Its id: `org` in ID tokens.
    #[schema(value_type = String, format = "uuid")]
    pub id: OrganizationId,
    /// Its slug.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// The role of people whom nothing else gives one.
    pub default_role: Option<String>,
    /// Who holds the owner's title.
    pub owner: Option<Owner>,
    /// Since when it is there.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
}

/// An organization's owner.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Owner {
    /// The person.
    #[schema(value_type = String, format = "uuid")]
    pub id: UserId,
    /// Their sign-in address.
    pub email: Option<String>,
}

/// A fresh organization, and what lets its first owner in.
#[derive(Clone, Serialize, ToSchema)]
pub struct CreatedOrganization {
    /// The organization.
    #[serde(flatten)]
    pub organization: Organization,
    /// The link that lets its first owner in at the console, once and for 72 hours; shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_setup_url: Option<String>,
}

impl std::fmt::Debug for CreatedOrganization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.organization.fmt(f)
    }
}

/// Creates an organization, its roles and perhaps its owner.
pub async fn create(
    store: &Store,
    context: Context,
    new: NewOrganization,
    public_url: &str,
) -> Result<CreatedOrganization, Error> {
    let public_url = public_url.to_owned();
    let created = store.write(move |tx| {
        let (context, new, public_url) = (context.clone(), new.clone(), public_url.clone());
        async move { create_in(tx, &context, &new, &public_url).await }.boxed()
    });
    created.await
}

/// The same, within a transaction.
pub async fn create_in(
    tx: &mut Tx,
    context: &Context,
    new: &NewOrganization,
    public_url: &str,
) -> Result<CreatedOrganization, Error> {
    let slug = slug(&new.slug)?;
    if slug == RESERVED && context.source != Source::Command {
        let rule = format!("the slug {RESERVED} is reserved for the command line; choose another");
        return Err(Violation::Invalid(rule).into());
    }
    let name = name(new.name.as_deref().unwrap_or(&slug))?;
    let unreadable = || Violation::Invalid("the owner's address is no e-mail address".into());
    let parse = |text: &String| Address::parse(text).ok_or_else(unreadable);
    let owner = new.owner.as_ref().map(parse).transpose()?;
    let (row, roles) = rows(slug, name, context);
    tx.insert_organization(&row).await?;
    audit::begin(tx, row.id).await?;
    for role in &roles {
        tx.insert_role(role).await?;
    }
    let mut change = Change::begin(tx, row.id, context).await?;
    let data = json!({"organization_id": row.id, "slug": row.slug, "name": row.name});
    change.record(EventKind::OrganizationCreated, data);
    let mut link = None;
    if let (Some(address), Some(role)) = (&owner, roles.iter().find(|role| role.rank == OWNER_RANK))
    {
        let owner = appoint(&mut change, address, role.id).await?;
        link = Some(console::issue_in(&mut change, &owner).await?);
    }
    change.settle().await?;
    Ok(CreatedOrganization {
        organization: described(tx, row).await?,
        owner_setup_url: link.map(|link| link.url(public_url)),
    })
}

/// Gives an organization another name for people.
pub async fn rename(
    change: &mut Change<'_>,
    wanted: &OrganizationChange,
) -> Result<Organization, Error> {
    let row = change.tx.organization(change.org).await?;
    let mut row = row.ok_or(Error::NotFound(Kind::Organization))?;
    let name = name(&wanted.name)?;
    if row.name != name {
        change.tx.rename_organization(change.org, &name).await?;
        let changes = json!([{"attribute": "name", "old": row.name, "new": name}]);
        change.record(EventKind::OrganizationUpdated, json!({"changes": changes}));
        row.name = name;
    }
    described(change.tx, row).await
}

fn rows(slug: String, name: String, context: &Context) -> (OrganizationRow, Vec<RoleRow>) {
    let org_id: OrganizationId = context.ids.next();
    let created_at = Time(context.ids.clock().now());
    let mut default_role_id: RoleId = context.ids.next();
    let roles = SEEDED.map(|(slug, name, rank)| {
        let id = context.ids.next();
        if slug == DEFAULT {
            default_role_id = id;
        }
        let (slug, name) = (slug.to_owned(), name.to_owned());
        RoleRow {
            org_id,
            id,
            slug,
            name,
            rank,
            created_at,
            removed_at: None,
        }
    });
    let row = OrganizationRow {
        id: org_id,
        slug,
        name,
        default_role_id,
        event_seq: 0,
        created_at,
        policy: Doc("{}".to_owned()),
        policy_rev: 0,
    };
    (row, roles.into())
}

/// Makes the first owner: the person, the title and the grant; no way to sign in yet.
async fn appoint(
    change: &mut Change<'_>,
    address: &Address,
    role: RoleId,
) -> Result<UserRow, Error> {
    let id: UserId = change.id();
    let at = change.time();
    let user = UserRow {
        email: Some(address.typed().to_owned()),
        email_norm: Some(address.norm().to_owned()),
        owner: true,
        ..UserRow::fresh(change.org, id, at)
    };
    change.tx.insert_user(&user).await?;
    let of = (GrantSource::Bootstrap, "bootstrap".to_owned());
    let grant = change.mint().grant(id, role, of);
    change.give(&grant, &[]).await?;
    let data = json!({"user_id": id, "email": address.typed(), "source": "bootstrap"});
    change.record_of(id, EventKind::UserCreated, data);
    Ok(user)
}

/// Gives people whom nothing else gives a role this one, from now on.
pub(super) async fn set_default_role(change: &mut Change<'_>, slug: &str) -> Result<(), Error> {
    let roles = catalogue(change.tx, change.org).await?;
    let role = role(&roles, slug)?;
    if role.rank >= OWNER_RANK {
        return Err(Violation::OwnerNotGrantable.into());
    }
    if role.rank >= ADMIN_RANK {
        let rule = "nobody becomes an admin by default: choose a lower role";
        return Err(Violation::Invalid(rule.to_owned()).into());
    }
    let organization = change.tx.organization(change.org).await?;
    let organization = organization.ok_or(Error::NotFound(Kind::Organization))?;
    if organization.default_role_id == role.id {
        return Ok(());
    }
    change.tx.set_default_role(change.org, role.id).await?;
    let former = organization.default_role_id;
    for user in change.tx.people_with_role(change.org, former).await? {
        change.touch(user);
    }
    let old = roles
        .role(organization.default_role_id)
        .map(|role| &role.slug);
    let changes = json!([{"attribute": "default_role", "old": old, "new": role.slug}]);
    change.record(EventKind::OrganizationUpdated, json!({"changes": changes}));
    Ok(())
}

/// An organization as it is shown.
pub async fn described(tx: &mut Tx, row: OrganizationRow) -> Result<Organization, Error> {
    let roles = tx.roles(row.id).await?;
    let owner = tx.owner_of(row.id).await?;
    Ok(Organization {
        id: row.id,
        default_role: roles
            .into_iter()
            .find(|role| role.id == row.default_role_id)
            .map(|role| role.slug),
        slug: row.slug,
        name: row.name,
        owner: owner.map(|owner| Owner {
            id: owner.id,
            email: owner.email,
        }),
        created_at: row.created_at.0,
    })
}

/// The row of an organization, by its slug.
pub async fn find(store: &Store, slug: &str) -> Result<OrganizationRow, Error> {
    let slug = slug.to_owned();
    let found = store.read(move |tx| {
        let slug = slug.clone();
        async move { Ok::<_, Error>(tx.organization_by_slug(&slug).await?) }.boxed()
    });
    found.await?.ok_or(Error::NotFound(Kind::Organization))
}

/// An organization, by its slug.
pub async fn show(store: &Store, slug: &str) -> Result<Organization, Error> {
    let row = find(store, slug).await?;
    store
        .read(move |tx| {
            let row = row.clone();
            async move { described(tx, row).await }.boxed()
        })
        .await
}

/// Every organization, by slug.
pub async fn list(store: &Store) -> Result<Vec<Organization>, Error> {
    let all = store.read(|tx| {
        async move {
            let mut all = Vec::new();
            for row in tx.organizations().await? {
                all.push(described(tx, row).await?);
            }
            Ok::<_, Error>(all)
        }
        .boxed()
    });
    all.await
}
