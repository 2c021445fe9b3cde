//! Six digits by mail: how an admin comes in while no connection of their organization brings anybody, and how
//! whoever is in says anew who they are. They are good in the browser that asked for them.

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::entry::{Entered, Way, begin, leave_in};
use super::{BY_CODE, good, of_session};
use crate::directory::email::Address;
use crate::directory::event::EventKind;
use crate::directory::role::ADMIN_RANK;
use crate::id::{OrganizationId, UserId};
use crate::limits;
use crate::provisioning::invitations::Links;
use crate::provisioning::questions::codes::{are_enough, tried};
use crate::provisioning::questions::{self, Letter};
use crate::provisioning::settings::catalogue;
use crate::provisioning::settings::organizations::RESERVED;
use crate::provisioning::{Change, Context, Error, Source, change};
use crate::secret::{self, Bearer, Hash};
use crate::store::rows::{ConsoleCodeRow, ConsoleSessionRow, UserRow};
use crate::store::types::Time;
use crate::store::{Store, Tx};

/// Who is to be mailed.
#[derive(Clone, Debug)]
pub enum Whom {
    /// Whoever is at the console with this cookie.
    Here(Hash),
    /// The admin of this organization, by its slug, who has this address.
    Typed {
        /// The organization's slug.
        slug: String,
        /// The address.
        address: String,
    },
}

/// Somebody who may be mailed, and what they have open already.
struct Known {
    org: OrganizationId,
    user: UserRow,
    /// What they have open, and its cookie.
    here: Option<(ConsoleSessionRow, Hash)>,
}

/// Whoever is meant, where a code lets them in.
async fn known(tx: &mut Tx, whom: &Whom, now: Timestamp) -> Result<Option<Known>, Error> {
    let (org, user, here) = match whom {
        Whom::Here(cookie) => {
            let row = good(tx, cookie, now).await?;
            of_session(tx, &row, now).await?;
            let (Some(org), Some(user)) = (row.org_id, row.user_id) else {
                return Ok(None);
            };
            let organization = tx.organization(org).await?;
            if organization.is_none_or(|it| it.slug == RESERVED) {
                return Ok(None);
            }
            let user = tx.user(org, user).await?;
            (org, user, Some((row, *cookie)))
        }
        Whom::Typed { slug, address } => {
            let organization = tx.organization_by_slug(slug).await?;
            let (Some(organization), Some(address)) = (organization, Address::parse(address))
            else {
                return Ok(None);
            };
            let org = organization.id;
            // Whoever administers those is the operator: that takes more than a mailbox.
            if organization.slug == RESERVED || brings_people(tx, org).await? {
                return Ok(None);
            }
            (org, tx.user_by_email(org, address.norm()).await?, None)
        }
    };
    let Some(user) = user.filter(|it| it.is_active() && is_theirs(it, here.is_some())) else {
        return Ok(None);
    };
    let roles = catalogue(tx, org).await?;
    let is_admin = roles.rank(user.role_id) >= ADMIN_RANK;
    Ok(is_admin.then_some(Known { org, user, here }))
}

/// Whether whoever reads the mailbox is that person: not where a directory chose the address. Who is in already
/// came by another way.
pub(super) fn is_theirs(user: &UserRow, is_here: bool) -> bool {
    let is_own = user.email_changed_at.is_none() && (is_here || user.managed_by.is_none());
    user.email_norm.is_some() && is_own
}

/// Whether some connection of the organization signs people in, or did: then a mailbox alone is not enough.
async fn brings_people(tx: &mut Tx, org: OrganizationId) -> Result<bool, Error> {
    let rows = tx.connections(org).await?;
    Ok(rows.iter().any(|row| {
        // A pause does not open another door.
        (!row.testing && row.sso_url.is_some()) || row.went_live_at.is_some()
    }))
}

/// Mails a code to whoever is meant, where one lets them in: nobody is told whether it does.
pub async fn mail(store: &Store, context: Context, whom: Whom, browser: Hash) -> Result<(), Error> {
    let Some((org, user)) = place(store, &context, &whom).await? else {
        return Ok(());
    };
    let context = Context {
        source: Source::User(user),
        ..context
    };
    change(store, org, context, move |change| {
        let whom = whom.clone();
        async move { mail_in(change, &whom, browser).await }.boxed()
    })
    .await
}

async fn place(
    store: &Store,
    context: &Context,
    whom: &Whom,
) -> Result<Option<(OrganizationId, UserId)>, Error> {
    let (whom, now) = (whom.clone(), context.ids.clock().now());
    let found = store.read(move |tx| {
        let whom = whom.clone();
        async move { known(tx, &whom, now).await }.boxed()
    });
    Ok(found.await?.map(|known| (known.org, known.user.id)))
}

async fn mail_in(change: &mut Change<'_>, whom: &Whom, browser: Hash) -> Result<(), Error> {
    let Some(known) = known(change.tx, whom, change.now).await? else {
        return Ok(());
    };
    let mut mailed = codes_since(change, known.user.id, SignedDuration::from_hours(24)).await?;
    // What strangers have mailed is not counted against whoever is in.
    let is_here = known.here.is_some();
    mailed.retain(|it| !is_here || secret::equal(&it.browser, &browser));
    if are_enough(&mailed, change.now) {
        return Ok(());
    }
    let code = ConsoleCodeRow {
        org_id: change.org,
        id: change.id(),
        user_id: known.user.id,
        browser: browser.to_vec(),
        tries: 0,
        created_at: change.time(),
        expires_at: Time(change.now + limits::SHORT_CODE_LIFE),
        used_at: None,
    };
    change.tx.insert_console_code(&code).await?;
    change.record(
        EventKind::ConsoleCodeMailed,
        json!({"user_id": known.user.id}),
    );
    let to = known.user.email.as_deref();
    questions::owe(change, Letter::Console, code.id.uuid(), to).await
}

async fn codes_since(
    change: &mut Change<'_>,
    user: UserId,
    window: SignedDuration,
) -> Result<Vec<ConsoleCodeRow>, Error> {
    let since = change.ago(window);
    Ok(change
        .tx
        .console_codes_since(change.org, user, since)
        .await?)
}

/// Lets in whoever says the digits that were mailed last, in the browser that asked for them. A wrong try counts,
/// and stays counted; the right ones are good once.
pub async fn say(
    store: &Store,
    context: Context,
    links: &Links,
    (whom, said): (Whom, &str),
    browser: Hash,
) -> Result<Option<Entered>, Error> {
    let Some((org, user)) = place(store, &context, &whom).await? else {
        return Ok(None);
    };
    let secret = Bearer::new("", context.ids.entropy());
    let (links, said) = (links.clone(), said.to_owned());
    let context = Context {
        source: Source::User(user),
        ..context
    };
    change(store, org, context, move |change| {
        let (links, whom, said, secret) =
            (links.clone(), whom.clone(), said.clone(), secret.clone());
        async move {
            let Some(known) = known(change.tx, &whom, change.now).await? else {
                return Ok(None);
            };
            let user = known.user.id;
            match proves(change, &links, user, (browser, &said)).await? {
                Some(true) => {}
                Some(false) => {
                    change.record(EventKind::ConsoleRefused, json!({"user_id": user}));
                    return Ok(None);
                }
                // Whoever was mailed none has nothing to guess.
                None => return Ok(None),
            }
            let (before, former) = known.here.unzip();
            if let Some(former) = former {
                leave_in(change.tx, &former, change.now).await?;
            }
            let how = before.as_ref().map_or(BY_CODE, |row| &row.way).to_owned();
            let way = Way {
                how,
                user,
                session: before.as_ref().and_then(|row| row.session_id),
                authenticated_at: change.now,
                ends_at: before.map(|row| row.expires_at),
            };
            begin(change, &way, secret).await.map(Some)
        }
        .boxed()
    })
    .await
}

/// Whether these are the digits; nothing where none are good in this browser.
async fn proves(
    change: &mut Change<'_>,
    links: &Links,
    user: UserId,
    (browser, said): (Hash, &str),
) -> Result<Option<bool>, Error> {
    let mailed = codes_since(change, user, limits::SHORT_CODE_LIFE).await?;
    let Some((code, is_right)) = tried(mailed, links, (&browser, said), change.now) else {
        return Ok(None);
    };
    change.tx.update_console_code(&code).await?;
    Ok(Some(is_right))
}

/// Whether a code still lets its person in: else it is not mailed.
pub(in crate::provisioning) async fn is_wanted(
    tx: &mut Tx,
    code: &ConsoleCodeRow,
    to: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let user = tx.user(code.org_id, code.user_id).await?;
    let user = user.filter(|it| it.is_active() && it.email.as_deref() == Some(to));
    Ok(code.used_at.is_none() && code.expires_at.0 > now && user.is_some())
}
