//! What may be set of a connection, and by whom. Whom a connection trusts decides who comes in, and as what: once
//! somebody can come in by it, that is the operator's to say, or an admin's who said at the console a short while ago
//! who they are. Until then, while it is in testing and nobody ever came in, an organization's key sets it up, or the
//! holder of a set-up link, of the link's own connection alone; going live takes the operator or an admin.

use std::collections::BTreeSet;

use crate::directory::Violation;
use crate::directory::role::DEFAULT_MAXIMUM;
use crate::directory::scope::Scope;
use crate::id::{ConnectionId, RoleId};
use crate::provisioning::access::Access;
use crate::provisioning::settings::connection_demands::{is_live, put};
use crate::provisioning::settings::connection_state;
use crate::provisioning::settings::connection_view::{Connection, row};
use crate::provisioning::settings::connections::{
    ConnectionSettings, CreatedConnection, create_in, update_in,
};
use crate::provisioning::settings::roles::NO_ROLE;
use crate::provisioning::settings::{catalogue, role};
use crate::provisioning::{Change, Error, Kind, setup};
use crate::store::rows::ConnectionRow;

const NO_DOMAINS: Error = Error::Forbidden(
    "a domain is trusted on the operator's word alone; an organization proves it (POST .../domains)",
);
const NO_URL: Error = Error::Forbidden(
    "metadata are fetched from where the operator says; send them as text in idp_metadata",
);
const NOT_LIVE: Error = Error::Forbidden(
    "a connection leaves testing by the word of the operator, or of an admin at the console, who looks at whom it \
     could sign in",
);
const ONE_CONNECTION: Error =
    Error::Forbidden("a set-up link sets up one connection, and no other");
const STAYS_LIVE: Error =
    Error::Forbidden("nobody comes in by a connection in testing; pause it, or ask the operator");
/// What a domain's source says that the operator listed.
const BY_OPERATOR: &str = "operator";
const INHERITED_DOMAIN: Error = Error::Forbidden(
    "the operator trusts this connection with domains that nobody proved: only the operator says whom it trusts, and \
     when it is live; prove them, and have the operator take them off the connection",
);
const INHERITED_ROLE: Error = Error::Forbidden(
    "this connection gives roles above your own: only the operator, or somebody as high, says whom it trusts, and when \
     it is live",
);
const HIGHER: Error = Error::Forbidden(
    "a connection's default or highest role would rise, which only the operator does",
);

/// Creates a connection and issues its first SCIM token. By an organization's key it is in testing.
pub async fn create_by_key(
    change: &mut Change<'_>,
    access: &Access,
    mut settings: ConnectionSettings,
) -> Result<CreatedConnection, Error> {
    let link = setup::asking(change, access).await?;
    if link.as_ref().is_some_and(|it| it.connection_id.is_some()) {
        return Err(ONE_CONNECTION);
    }
    if access.org.is_some() {
        permitted(change, access, None, &settings).await?;
        settings.testing = Some(true);
        settings.awaits_operator = true;
    }
    let created = create_in(change, &settings).await?;
    if let Some(link) = link {
        setup::made(change, link, created.connection.id).await?;
    }
    Ok(created)
}

/// Changes a connection; what is not named stays as it is. One that goes live for the first time does so with the
/// certificates that were `seen`: whoever says so has looked at whom it trusts.
pub async fn update_by_key(
    change: &mut Change<'_>,
    access: &Access,
    id: ConnectionId,
    (settings, seen): (&ConnectionSettings, Option<&[String]>),
) -> Result<Connection, Error> {
    let before = row(change, id).await?;
    let link = setup::asking(change, access).await?;
    if link.is_some_and(|it| it.connection_id != Some(id)) {
        return Err(ONE_CONNECTION);
    }
    if settings.safeguard.is_some_and(|it| it != before.safeguard) {
        access.require(Scope::SafeguardsWrite)?;
    }
    let is_operator = access.org.is_none();
    let is_moved = moves(&before, settings)?;
    let goes_live = before.testing && settings.testing == Some(false);
    if !is_operator {
        permitted(change, access, Some(&before), settings).await?;
        let is_asked = is_live(change.tx, &before).await? && trusts(&before, settings)?;
        if is_asked {
            access.require_answerable()?;
        }
        if is_asked || goes_live {
            within(change, access, &before).await?;
        }
    }
    let is_asked_anew = before.went_live_at.is_none() || !is_operator;
    if goes_live && is_asked_anew && settings.idp_metadata.is_none() {
        looked_at(change, id, seen).await?;
    }
    let after = update_in(change, id, settings).await?;
    if is_operator || !is_moved {
        return Ok(after);
    }
    // Whoever confirmed it, for the owner or for themself, looked at another provider.
    let (org, now) = (change.org, change.time());
    change.tx.unconfirm_connection(org, id, now).await?;
    if after.owner_confirmed_at.is_none() {
        return Ok(after);
    }
    connection_state::unconfirm_owner(change, id).await
}

/// Refuses whoever would inherit what the operator gave a connection: roles above their own, and domains that nobody
/// proved.
async fn within(
    change: &mut Change<'_>,
    access: &Access,
    row: &ConnectionRow,
) -> Result<(), Error> {
    let roles = catalogue(change.tx, change.org).await?;
    if roles.rank(row.max_role_id) > access.rank {
        return Err(INHERITED_ROLE);
    }
    let domains = change.tx.domains(change.org, row.id).await?;
    if domains.iter().any(|it| it.source == BY_OPERATOR) {
        return Err(INHERITED_DOMAIN);
    }
    Ok(())
}

/// Whether the settings say who the identity provider is, or where the connection reads the person.
fn moves(before: &ConnectionRow, settings: &ConnectionSettings) -> Result<bool, Error> {
    let mut after = before.clone();
    put(&mut after, &settings.demands)?;
    Ok(after.demands != before.demands
        || settings.idp_metadata.is_some()
        || settings.idp_entity_id.is_some()
        || settings.idp_metadata_source.is_some()
        || settings.profile.is_some_and(|it| it != before.profile))
}

/// Refuses whoever takes a connection live without having looked at the certificates that it trusts now.
async fn looked_at(
    change: &mut Change<'_>,
    id: ConnectionId,
    seen: Option<&[String]>,
) -> Result<(), Error> {
    let trusted = change.tx.certificates(change.org, id).await?;
    let trusted: BTreeSet<_> = trusted.into_iter().map(|it| it.fingerprint).collect();
    let Some(seen) = seen else {
        if trusted.is_empty() {
            return Ok(());
        }
        let rule = "to go live for the first time, name in seen_certificates the fingerprints that you looked \
                    at: `certificates` of the connection has those that it trusts";
        return Err(Violation::Invalid(rule.to_owned()).into());
    };
    if seen.iter().cloned().collect::<BTreeSet<_>>() == trusted {
        return Ok(());
    }
    Err(Error::Stale)
}

/// Refuses what nobody of an organization sets, live or not.
async fn permitted(
    change: &mut Change<'_>,
    access: &Access,
    before: Option<&ConnectionRow>,
    settings: &ConnectionSettings,
) -> Result<(), Error> {
    if !settings.trusted_domains.is_empty() {
        return Err(NO_DOMAINS);
    }
    if settings.idp_metadata_source.is_some() {
        return Err(NO_URL);
    }
    let goes_live = settings.testing == Some(false) && before.is_none_or(|row| row.testing);
    if goes_live && access.require_answerable().is_err() {
        return Err(NOT_LIVE);
    }
    if settings.testing == Some(true) && before.is_some_and(|row| !row.testing) {
        return Err(STAYS_LIVE);
    }
    let roles = catalogue(change.tx, change.org).await?;
    let organization = change.tx.organization(change.org).await?;
    let organization = organization.ok_or(Error::NotFound(Kind::Organization))?;
    let rank = |id: RoleId| roles.rank(id);
    let highest = before.map(|row| row.max_role_id);
    let highest = match highest {
        Some(id) => rank(id),
        None => role(&roles, DEFAULT_MAXIMUM)?.rank,
    };
    let usual = before.and_then(|row| row.default_role_id);
    let usual = rank(usual.unwrap_or(organization.default_role_id));
    let general = rank(organization.default_role_id);
    let named = |wanted: &Option<String>| match wanted.as_deref() {
        Some(NO_ROLE) => Some(general),
        Some(slug) => roles.by_slug(slug).map(|role| role.rank),
        None => None,
    };
    let is_higher = |wanted: &Option<String>, limit| named(wanted).is_some_and(|it| it > limit);
    if is_higher(&settings.max_role, highest) || is_higher(&settings.default_role, usual) {
        return Err(HIGHER);
    }
    Ok(())
}

/// Whether the settings say whom the connection trusts, what it reads of them, or what becomes of them.
fn trusts(before: &ConnectionRow, settings: &ConnectionSettings) -> Result<bool, Error> {
    let mut after = before.clone();
    put(&mut after, &settings.demands)?;
    let ConnectionSettings {
        // What bears on names, on SCIM requests alone, or on how careful the connection is.
        name: _,
        strictness: _,
        safeguard: _,
        tolerate_unknown_members: _,
        single_logout: _,
        testing: _,
        trusted_domains: _,
        awaits_operator: _,
        demands: _,
        idp_metadata,
        idp_entity_id,
        idp_metadata_source,
        metadata_refresh,
        profile,
        jit,
        mode,
        app,
        default_role,
        max_role,
        idp_initiated,
        sign_requests,
        allow_cbc,
    } = settings;
    Ok(after.demands != before.demands
        || idp_metadata.is_some()
        || idp_entity_id.is_some()
        || idp_metadata_source.is_some()
        || metadata_refresh.is_some()
        || profile.is_some_and(|it| it != before.profile)
        || jit.is_some_and(|it| it != before.jit)
        || mode.is_some_and(|it| it != before.mode)
        || app.is_some()
        || default_role.is_some()
        || max_role.is_some()
        || idp_initiated.is_some_and(|it| it != before.idp_initiated)
        || sign_requests.is_some()
        || allow_cbc.is_some())
}
