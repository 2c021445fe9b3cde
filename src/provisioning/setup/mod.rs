//! Links by which a customer's IT admin, who has no account, sets up one connection: its domains, what each side
//! knows of the other, its SCIM token, its groups. What a link may do is what an organization's key may do to a
//! connection that is in testing, of that one connection alone; once it is live the link changes nothing. It goes
//! live by the word of an admin or the operator, who looks at whom it trusts; until then nobody signs in by it, and
//! its directory only reads.

mod contact;
mod link;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::directory::email::masked;
use crate::directory::event::EventKind;
use crate::directory::role::ADMIN_RANK;
use crate::directory::scope::Scopes;
use crate::directory::setup::LinkState;
use crate::id::ConnectionId;
use crate::provisioning::access::{Access, Holder, issuer_rank};
use crate::provisioning::settings::catalogue;
use crate::provisioning::settings::connection_demands::is_live;
use crate::provisioning::settings::plan::Proposal;
use crate::provisioning::{Change, Context, Error, Kind, Source, change};
use crate::secret::{self, Hash};
use crate::store::rows::SetupLinkRow;
use crate::store::types::Time;
use crate::store::{Store, Tx};

pub(in crate::provisioning) use contact::is_wanted;
pub use contact::{say, send};
pub(in crate::provisioning) use link::forget;
pub use link::{IssuedSetupLink, NewSetupLink, SetupLink, issue, list, revoke};
use link::{stands, told, view};

/// What whoever has a link may do: what it covers is the page's to offer.
const MAY: &str = "connections:read connections:write mappings:read mappings:write projects:read \
                   roles:read scim-requests:read sign-ins:read domains:read";
/// And that, where no connection of the organization is live, whose domains it would change.
const MAY_PROVE: &str = "domains:write";

const LIVE: Error = Error::Forbidden(
    "the connection is live: a set-up link changes nothing of it; ask an admin of the organization, or the operator",
);

/// The open link of a token.
async fn open(tx: &mut Tx, token: &Hash, now: Timestamp) -> Result<SetupLinkRow, Error> {
    let row = tx.setup_link_by_hash(token).await?;
    row.filter(|row| is_open(row, now))
        .ok_or(Error::Unauthorized)
}

/// The open link of a token, while whoever made it may: one that somebody made is good while they are an admin.
async fn good(tx: &mut Tx, token: &Hash, now: Timestamp) -> Result<SetupLinkRow, Error> {
    let row = open(tx, token, now).await?;
    issuer_rank(tx, Some(row.org_id), row.actor.clone()).await?;
    Ok(row)
}

fn is_open(row: &SetupLinkRow, now: Timestamp) -> bool {
    stands(row, now) == LinkState::Open
}

/// What a link's token lets its holder do at this instant, in the browser that shows this: nothing once its connection
/// is live.
pub(in crate::provisioning) async fn access(
    tx: &mut Tx,
    (token, browser): (&Hash, Option<&Hash>),
    now: Timestamp,
) -> Result<Access, Error> {
    let row = good(tx, token, now).await?;
    if !contact::opens(tx, &row, browser, now).await? {
        return Err(Error::Unauthorized);
    }
    let mut any_live = false;
    for connection in tx.connections(row.org_id).await? {
        let is_live = is_live(tx, &connection).await?;
        if is_live && row.connection_id == Some(connection.id) {
            return Err(LIVE);
        }
        any_live |= is_live;
    }
    let mut scopes = MAY.to_owned();
    if !any_live {
        scopes.push(' ');
        scopes.push_str(MAY_PROVE);
    }
    Ok(Access {
        holder: Holder::Setup(row.id),
        org: Some(row.org_id),
        rank: ADMIN_RANK - 1,
        scopes: Scopes::stored(&scopes),
        expires_at: Some(row.expires_at.0),
        use_is_news: false,
        is_fresh: true,
    })
}

/// The link that asks, where one does: it is about its own connection, and no other.
pub(in crate::provisioning) async fn asking(
    change: &mut Change<'_>,
    access: &Access,
) -> Result<Option<SetupLinkRow>, Error> {
    let Holder::Setup(id) = access.holder else {
        return Ok(None);
    };
    let row = change.tx.setup_link(change.org, id).await?;
    Ok(Some(row.ok_or(Error::Unauthorized)?))
}

/// Refuses a rule that the holder of a set-up link does not make: one of another connection, and one that makes
/// admins, which an admin does.
pub(in crate::provisioning) async fn permits(
    change: &mut Change<'_>,
    proposal: &Proposal,
) -> Result<(), Error> {
    let Some(access) = change.access.clone() else {
        return Ok(());
    };
    let Some(link) = asking(change, &access).await? else {
        return Ok(());
    };
    let Proposal::Add(rule) = proposal else {
        return Err(Error::Forbidden(
            "a set-up link adds rules, and changes none",
        ));
    };
    if link.connection_id != Some(rule.connection) {
        return Err(Error::NotFound(Kind::Connection));
    }
    let roles = catalogue(change.tx, change.org).await?;
    let rank = roles.by_slug(&rule.role).map_or(0, |role| role.rank);
    if rank >= ADMIN_RANK {
        return Err(Error::Forbidden(
            "an admin of the organization says at the console which group makes admins",
        ));
    }
    Ok(())
}

/// Keeps which connection a link made.
pub(in crate::provisioning) async fn made(
    change: &mut Change<'_>,
    mut row: SetupLinkRow,
    connection: ConnectionId,
) -> Result<(), Error> {
    row.connection_id = Some(connection);
    Ok(change.tx.update_setup_link(&row).await?)
}

/// What the page of a link is about.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The link.
    pub link: SetupLink,
    /// The organization's slug.
    pub slug: String,
    /// Its name.
    pub organization: String,
    /// Whether its connection is live, so that the link changes nothing.
    pub is_live: bool,
    /// Whom it is for, of which little is shown, where somebody has yet to say in this browser what is mailed there.
    pub awaits: Option<String>,
}

/// Looks at a link, in the browser that shows this. The first visit in an hour is an event.
pub async fn visit(
    store: &Store,
    context: Context,
    token: &str,
    browser: Option<Hash>,
) -> Result<Visit, Error> {
    let (hash, now) = (secret::hash(token), context.ids.clock().now());
    let found =
        store.read(move |tx| async move { look(tx, (&hash, browser.as_ref()), now).await }.boxed());
    let (row, visit) = found.await?;
    let is_news = |at: Time| now.duration_since(at.0) >= SignedDuration::from_hours(1);
    let is_shown = visit.link.state == LinkState::Open && visit.awaits.is_none();
    if !is_shown || !row.seen_at.is_none_or(is_news) {
        return Ok(visit);
    }
    let context = Context {
        source: Source::Setup(row.id),
        ..context
    };
    let seen = change(store, row.org_id, context, move |change| {
        async move {
            let mut row = open(change.tx, &hash, change.now).await?;
            row.seen_at = Some(change.time());
            change.tx.update_setup_link(&row).await?;
            change.record(
                EventKind::SetupLinkVisited,
                json!({"setup_link_id": row.id}),
            );
            Ok(())
        }
        .boxed()
    });
    seen.await?;
    Ok(visit)
}

async fn look(
    tx: &mut Tx,
    (hash, browser): (&Hash, Option<&Hash>),
    now: Timestamp,
) -> Result<(SetupLinkRow, Visit), Error> {
    let row = tx.setup_link_by_hash(hash).await?;
    let row = row.ok_or(Error::NotFound(Kind::SetupLink))?;
    let organization = tx.organization(row.org_id).await?;
    let organization = organization.ok_or(Error::NotFound(Kind::Organization))?;
    let connection = match row.connection_id {
        Some(id) => tx.connection(row.org_id, id).await?,
        None => None,
    };
    let is_live = match &connection {
        Some(connection) => is_live(tx, connection).await?,
        None => false,
    };
    let awaits = if contact::opens(tx, &row, browser, now).await? {
        None
    } else {
        row.contact_email.as_deref().map(masked)
    };
    let visit = Visit {
        awaits,
        link: view(row.clone(), now),
        slug: organization.slug,
        organization: organization.name,
        is_live,
    };
    Ok((row, visit))
}

/// Says that all is done: the link changes nothing any more, and the admins read it among the events.
pub async fn finish(change: &mut Change<'_>, access: &Access) -> Result<(), Error> {
    let Some(mut row) = asking(change, access).await? else {
        return Err(Error::Forbidden(
            "only the holder of a set-up link finishes it",
        ));
    };
    row.finished_at = Some(change.time());
    change.tx.update_setup_link(&row).await?;
    change.record(EventKind::SetupLinkFinished, told(&row));
    Ok(())
}
