//! The hand-off: a session becomes a code, and stands behind the facts that tokens are made of. Each
//! step asks the store anew whether the session is good, the person may act and the app serves
//! the organization, so that what was ended a moment ago hands nothing out.

use futures_util::FutureExt;
use jiff::Timestamp;

use crate::directory::email::domain_of;
use crate::directory::grant::Entitlement;
use crate::directory::role::Catalogue;
use crate::id::{AppId, CodeId, OrganizationId, RefreshFamilyId, RoleId, SessionId, UserId};
use crate::oidc::claims::{Facts, ProjectRole};
use crate::oidc::code;
use crate::oidc::launch;
use crate::oidc::request::AuthorizeRequest;
use crate::oidc::{self, Code};
use crate::provisioning::directory_roles;
use crate::provisioning::reach::Reach;
use crate::provisioning::resolution::Rules;
use crate::provisioning::sessions::{self, Door, Live};
use crate::provisioning::trust::is_trusted;
use crate::provisioning::{Context, Error};
use crate::secret::Bearer;
use crate::store::rows::{AppRow, CodeRow, ConnectionRow, RefreshFamilyRow, UserRow};
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// What went wrong: the app's or the person's fault in OAuth's words, or ours.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// A change, or the store under it.
    #[error(transparent)]
    Inner(#[from] Error),
    /// The protocol says no.
    #[error(transparent)]
    Refused(#[from] oidc::Error),
}

impl From<crate::store::Error> for Failure {
    fn from(error: crate::store::Error) -> Self {
        Self::Inner(error.into())
    }
}

impl crate::store::Failure for Failure {
    fn is_lost(&self) -> bool {
        matches!(self, Self::Inner(error) if crate::store::Failure::is_lost(error))
    }
}

const LOGIN_REQUIRED: oidc::Error = Code::LoginRequired.because("nobody is signed in here");
const NOT_SERVED: oidc::Error =
    Code::AccessDenied.because("the app does not serve the person's organization");

/// From where somebody comes who signed in: an organization, and the app that their connection
/// names, where a connection brought them and it names one.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// The organization.
    pub org: OrganizationId,
    /// The app.
    pub app: Option<AppId>,
}

impl From<&ConnectionRow> for Origin {
    fn from(connection: &ConnectionRow) -> Self {
        Self {
            org: connection.org_id,
            app: connection.app_id,
        }
    }
}

/// The app to which people go: the one that their connection names, while it serves the organization,
/// else the only one that does.
pub async fn app_of(tx: &mut Tx, from: Origin) -> Result<Option<AppRow>, Error> {
    if let Some(id) = from.app
        && let Some(app) = tx.app_serving(id, from.org).await?
    {
        return Ok(Some(app));
    }
    let mut serving = tx.apps_serving(from.org).await?;
    Ok(if serving.len() == 1 {
        serving.pop()
    } else {
        None
    })
}

/// Where a browser goes after its sign-in: to the app, if there is one that takes it. What the
/// browser relayed counts only where it names a place that the app has registered.
pub async fn destination(
    tx: &mut Tx,
    from: Origin,
    issuer: &str,
    hint: &str,
    relay_state: Option<&str>,
) -> Result<Option<String>, Error> {
    let Some(app) = app_of(tx, from).await? else {
        return Ok(None);
    };
    let Some(uri) = &app.initiate_login_uri else {
        return Ok(None);
    };
    let launch_urls = tx.launch_urls(app.id).await?;
    let target = relay_state.and_then(|state| launch::target(state, &launch_urls));
    Ok(Some(launch::hand_off_url(
        uri,
        issuer,
        hint,
        target.as_deref(),
    )))
}

/// Where a browser goes that begins there: to the app's only registered place, where it has one.
pub async fn begin(
    tx: &mut Tx,
    from: Origin,
    issuer: &str,
    hint: &str,
) -> Result<Option<String>, Error> {
    let Some(app) = app_of(tx, from).await? else {
        return Ok(None);
    };
    let launch_urls = tx.launch_urls(app.id).await?;
    let only = match launch_urls.as_slice() {
        [only] => Some(only.as_str()),
        _ => None,
    };
    let from = Origin {
        app: Some(app.id),
        ..from
    };
    destination(tx, from, issuer, hint, only).await
}

/// Every address of an app to which a browser may be sent on the way into it.
pub async fn addresses(tx: &mut Tx, app: &AppRow) -> Result<Vec<String>, Error> {
    let mut addresses: Vec<_> = app.initiate_login_uri.iter().cloned().collect();
    addresses.extend(tx.redirect_uris(app.id).await?);
    addresses.extend(tx.launch_urls(app.id).await?);
    Ok(addresses)
}

/// Issues a code (RFC 6749 §4.1.2) for a session that is good at this moment.
pub async fn issue(
    store: &Store,
    context: &Context,
    app: &AppRow,
    session: (OrganizationId, SessionId),
    redirect_uri: &str,
    request: &AuthorizeRequest,
) -> Result<Bearer, Failure> {
    let secret = Bearer::new("", context.ids.entropy());
    let now = context.ids.clock().now();
    let row = CodeRow {
        org_id: session.0,
        id: context.ids.next::<CodeId>(),
        hash: secret.hash().to_vec(),
        session_id: session.1,
        app_id: app.id,
        redirect_uri: redirect_uri.to_owned(),
        challenge: request.challenge.to_string(),
        nonce: request.nonce.clone(),
        scope: request.scope.to_string(),
        created_at: Time(now),
        expires_at: Time(later(now, code::LIFETIME_SECONDS)),
        used_at: None,
    };
    let issued = store.write(move |tx| {
        let row = row.clone();
        async move {
            let live = sessions::live_by_id(tx, row.org_id, row.session_id, now).await?;
            live.ok_or(LOGIN_REQUIRED)?;
            if !tx.app_serves(row.app_id, row.org_id).await? {
                return Err(Failure::Refused(NOT_SERVED));
            }
            Ok::<_, Failure>(tx.insert_code(&row).await?)
        }
        .boxed()
    });
    issued.await?;
    Ok(secret)
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(jiff::SignedDuration::from_secs(seconds))
        .unwrap_or(at)
}

/// The facts behind an access token, as they are now: it is worth something only while its
/// session is good, its app serves the organization, and the app has not had it revoked.
pub async fn facts_now(
    store: &Store,
    token: oidc::claims::AccessToken,
    now: Timestamp,
) -> Result<Facts, Failure> {
    let found = store.read_of(crate::store::Reach::Few, move |tx| {
        let token = token.clone();
        async move {
            let gone =
                Code::InvalidToken.because("the access token is malformed, expired or revoked");
            let (org, session) = (OrganizationId::from(token.org), SessionId::from(token.sid));
            let live = sessions::live_by_id(tx, org, session, now)
                .await?
                .ok_or(gone)?;
            if let Some(id) = token.family {
                let family = tx.refresh_family(org, RefreshFamilyId::from(id)).await?;
                let is_its = |family: &RefreshFamilyRow| family.ended_at.is_none();
                family.filter(is_its).ok_or(gone)?;
            }
            let app = tx.app_by_client_id(&token.client_id).await?.ok_or(gone)?;
            let served = tx.app_serves(app.id, org).await?;
            if live.user.id != UserId::from(token.sub) || !served {
                return Err(Failure::Refused(gone));
            }
            Ok(facts(tx, &live).await?)
        }
        .boxed()
    });
    found.await
}

/// Who a good session is, as what, and how high it reaches.
pub async fn facts(tx: &mut Tx, live: &Live) -> Result<Facts, Error> {
    let (org, user, session) = (live.session.org_id, &live.user, &live.session);
    let rules = Rules::at(tx, org, live.stamp).await?;
    let roles = &rules.book.roles;
    let reach = reach(live, rules.book.default_role, roles);
    let slug = |id| {
        roles
            .role(reach.cap(id, roles))
            .map(|role| role.slug.clone())
    };
    let rows = if live.has_projects {
        tx.user_projects(org, &[user.id]).await?
    } else {
        Vec::new()
    };
    let of_projects = rows
        .iter()
        .map(|row| (row.project_id, row.role_id))
        .collect();
    let entitlement = Entitlement {
        role: user.role_id,
        projects: of_projects,
    };
    let mut projects = Vec::new();
    for project in rules.projects.iter().filter(|it| it.archived_at.is_none()) {
        let role = entitlement
            .projects
            .get(&project.id)
            .and_then(|role| slug(*role));
        projects.extend(role.map(|role| ProjectRole {
            slug: project.slug.clone(),
            role,
        }));
    }
    Ok(Facts {
        user_id: user.id.uuid(),
        email: user.email.clone(),
        email_verified: is_verified(tx, &live.door, user).await?,
        name: user.display_name.clone(),
        organization_id: org.uuid(),
        organization_slug: rules.slug.clone(),
        role: entitlement.role.and_then(slug),
        projects,
        roles_version: user.roles_version,
        directory_roles: directory_roles::of(tx, &live.door, user).await?,
        session_id: session.id.uuid(),
        auth_time: session.authenticated_at.0,
        acr: session.context_class.clone(),
    })
}

/// How high a good session reaches.
pub(super) fn reach(live: &Live, default: RoleId, roles: &Catalogue) -> Reach {
    match &live.door {
        Door::BreakGlass => Reach::of_break_glass(default),
        Door::Connection(connection) => Reach::of(&live.user, connection, live.link.as_ref()),
        Door::Mailbox => Reach::of_mailbox(default, roles),
    }
}

/// Whether the address is vouched for: the session was made from that mailbox, or by a code that was mailed there, or the address lies
/// in a domain that its connection speaks for. A directory's word alone is not enough: an app that joins accounts by address
/// could be fooled from another organization. An address that is shared is nobody's.
async fn is_verified(tx: &mut Tx, door: &Door, user: &UserRow) -> Result<bool, Error> {
    let Some(norm) = &user.email_norm else {
        return Ok(false);
    };
    let Door::Connection(connection) = door else {
        // A change of the address ends the session that the mailbox made.
        return Ok(true);
    };
    is_trusted(tx, connection.org_id, connection.id, domain_of(norm)).await
}
