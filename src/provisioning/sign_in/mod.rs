//! Sign-in: an [`Assertion`] becomes a person and a session, in one transaction that either holds
//! all of it or nothing. Every check comes before the first write, so that a refused sign-in
//! leaves no row; the message is remembered last, so that a bad one burns no id.
//!
//! ```text
//! connection as it is now -> message new? -> did we ask? -> link::find (whose subject is it?)
//!     -> may the person enter? -> jit::draft (nobody yet) -> write -> session, or the question
//! ```

mod confirm;
mod groups;
mod jit;
mod link;
pub mod request;
mod subject;
mod write;

use std::sync::Arc;

use futures_util::FutureExt;
use jiff::Timestamp;

use crate::directory::connection::ConnectionState;
use crate::directory::demands::Demands;
use crate::directory::safeguard::WaiverState;
use crate::directory::sign_in::SignInOutcome;
use crate::id::{ConnectionId, OrganizationId, SessionId, UserId};
use crate::provisioning::invitations::interplay;
use crate::provisioning::saml_peer::SamlPeer;
use crate::provisioning::sessions::{self, Live};
use crate::provisioning::{Change, Context, Error, Kind, Refusal, change, single_logout};
use crate::saml::profile::Profile;
use crate::saml::{Assertion, Trace};
use crate::secret::{self, Bearer, Hash};
use crate::store::Store;
use crate::store::rows::{ConnectionRow, IdentityRow, InvitationRow, SessionRow, There, UserRow};

pub use confirm::{confirm, decline};
pub(super) use confirm::{give_up, withdraw};

use self::link::Found;
use self::subject::Subject;
use self::write::Arriving;

/// A response that the identity provider of a connection signed, and the browser that brought it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What was signed.
    pub assertion: Assertion,
    /// What it says of the person.
    pub profile: Profile,
    /// What was demanded of it, and where the person was read.
    pub demands: Demands,
    /// The hashes of the session cookies that the browser showed, good or not.
    pub cookies: Vec<Hash>,
    /// The hash of the cookie that our requests from this browser are bound to.
    pub asking: Option<Hash>,
    /// Whether the page that posted it is none of the identity provider's.
    pub is_foreign: bool,
    /// The checks that it came through.
    pub trace: Trace,
}

/// How a sign-in ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The browser re-posted the very response that made its session, which goes on.
    Already(Arrival),
    /// Another person is signed in in this browser, or nobody asked for it and it came from a page
    /// that is not the identity provider's; somebody must say that this is meant.
    Confirm(Question),
    /// A new session.
    SignedIn(Arrival, Cookie),
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The connection.
    pub connection: ConnectionRow,
    /// The person.
    pub user_id: UserId,
    /// The person's address.
    pub email: Option<String>,
    /// The path and query of ours where the person was to go.
    pub continue_at: Option<String>,
}

/// The new session's cookie.
#[derive(Clone, Debug)]
pub struct Cookie {
    /// The organization: a browser has one session of each.
    pub org: OrganizationId,
    /// Its value.
    pub secret: Bearer,
    /// Until when it can be good.
    pub expires_at: Timestamp,
}

impl Cookie {
    fn of(session: &SessionRow, secret: Bearer) -> Self {
        Self {
            org: session.org_id,
            secret,
            expires_at: session.expires_at.0,
        }
    }
}

/// "Sign in as this person?"
#[derive(Clone, Debug)]
pub struct Question {
    /// The connection.
    pub connection: ConnectionRow,
    /// The person's address, or their name where there is none.
    pub who: String,
    /// What the answer must carry, in a cookie of its own.
    pub secret: Bearer,
    /// Whether another person is signed in in this browser.
    pub elsewhere: bool,
    /// Whether that is one of the same organization, who is signed out by the yes.
    pub replaces: bool,
    /// The path and query of ours where the person was to go.
    pub continue_at: Option<String>,
}

/// Signs a person in through a connection.
pub async fn sign_in(
    store: &Store,
    context: Context,
    org: OrganizationId,
    connection: ConnectionId,
    attempt: Attempt,
) -> Result<Outcome, Error> {
    let secret = Bearer::new("", context.ids.entropy());
    let attempt = Arc::new(attempt);
    change(store, org, context, move |change| {
        let (attempt, secret) = (Arc::clone(&attempt), secret.clone());
        async move { enter(change, connection, &attempt, secret).await }.boxed()
    })
    .await
}

async fn enter(
    change: &mut Change<'_>,
    id: ConnectionId,
    attempt: &Attempt,
    secret: Bearer,
) -> Result<Outcome, Error> {
    let assertion = &attempt.assertion;
    let peer = open(change, id).await?;
    peer.must_trust(&assertion.issuer, &assertion.certificate)?;
    let connection = &peer.connection;
    // The same goes for what was demanded of it.
    if connection.demands != attempt.demands {
        return Err(Error::Stale);
    }
    let here = sessions::present(change, &attempt.cookies).await?;
    if let Some(live) = seen_before(change, connection, attempt, &here).await? {
        return Ok(Outcome::Already(Arrival {
            connection: connection.clone(),
            user_id: live.user.id,
            email: live.user.email,
            continue_at: None,
        }));
    }
    single_logout::not_over(change, id, assertion).await?;
    let asked = request::answered(change, connection, attempt).await?;
    let subject = Subject::read(&attempt.assertion, &attempt.profile)?;
    let came = whose(change, connection, &subject, &attempt.profile).await?;
    let (elsewhere, replaces) = others(&here, &came.user, change.org);
    // A page elsewhere can make a browser ask, too: nobody else's session ends by that alone.
    let is_doubtful = elsewhere || (asked.is_none() && attempt.is_foreign);
    let is_asked = asked.is_some();
    let continue_at = asked.and_then(|asked| asked.relay);
    let arriving = Arriving {
        connection,
        subject: &subject,
        attempt,
    };
    let (link, warning) = arriving.person(change, &came).await?;
    if let Some(invitation) = came.invitation {
        interplay::arrived(change, invitation, came.user.id, "saml").await?;
    }
    let mut session = arriving.session(change, &came.user, &link, &secret);
    if is_doubtful {
        confirm::wait(&mut session, &secret, is_asked);
        let ended = (SignInOutcome::Asked, is_asked);
        arriving.keep(change, &session, ended, warning).await?;
        return Ok(Outcome::Confirm(Question {
            who: shown(came.user),
            connection: connection.clone(),
            secret,
            elsewhere,
            replaces,
            continue_at,
        }));
    }
    let ended = (SignInOutcome::SignedIn, is_asked);
    sessions::make_room(change, &here, &mut session).await?;
    arriving.keep(change, &session, ended, warning).await?;
    write::tell(change, &session);
    let arrival = Arrival {
        connection: connection.clone(),
        user_id: came.user.id,
        email: came.user.email,
        continue_at,
    };
    Ok(Outcome::SignedIn(arrival, Cookie::of(&session, secret)))
}

/// As whom a person is shown: by the address, or by the name where there is none.
fn shown(user: UserRow) -> String {
    user.email.or(user.display_name).unwrap_or_default()
}

/// Whether others than this person are signed in here, and whether one of them is so to this
/// organization.
fn others(here: &[Live], user: &UserRow, org: OrganizationId) -> (bool, bool) {
    let mut others = here.iter().filter(|live| live.user.id != user.id);
    let elsewhere = others.clone().next().is_some();
    (elsewhere, others.any(|live| live.session.org_id == org))
}

/// The person who comes in.
struct Whose {
    user: UserRow,
    /// The link that is there.
    link: Option<IdentityRow>,
    /// Whether groups may have been named before.
    were_named: bool,
    /// Whether the person is yet to be made.
    is_new: bool,
    /// The invitation that somebody new comes by.
    invitation: Option<InvitationRow>,
}

async fn whose(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    subject: &Subject,
    profile: &Profile,
) -> Result<Whose, Error> {
    let (user, link, there) = match link::find(change, connection, subject).await? {
        Found::Linked(user, link, there) => (user, Some(link), Some(there)),
        Found::Meant(user, link) => (user, link, None),
        Found::Nobody(link) => {
            let (user, invitation) = jit::draft(change, connection, subject, profile).await?;
            groups::demanded(change, connection, &user, profile).await?;
            return Ok(Whose {
                user,
                were_named: link.is_some(),
                link,
                is_new: true,
                invitation,
            });
        }
    };
    may_enter(change, connection, &user, there).await?;
    groups::demanded(change, connection, &user, profile).await?;
    Ok(Whose {
        user,
        link,
        were_named: there.is_none_or(|it| it.groups),
        is_new: false,
        invitation: None,
    })
}

/// The connection as it is now that nobody else can change it.
pub(super) async fn open(
    change: &mut Change<'_>,
    id: ConnectionId,
) -> Result<Arc<SamlPeer>, Error> {
    let peer = SamlPeer::held(change, id).await?;
    let peer = peer.ok_or(Error::NotFound(Kind::Connection))?;
    if peer.connection.state != ConnectionState::Active {
        return Err(Error::SignIn(Refusal::Paused));
    }
    Ok(peer)
}

/// A message is used once (SAML Profiles 4.1.4.5), under the assertion's id and the response's.
/// The browser whose session it made may post it again, which changes nothing.
async fn seen_before(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    attempt: &Attempt,
    here: &[Live],
) -> Result<Option<Live>, Error> {
    let ids = message_ids(&attempt.assertion);
    let (org, ids) = (change.org, ids.each_ref().map(String::as_str));
    let known = change.tx.remembered_messages(org, connection.id, &ids);
    let mut known = known.await?;
    let [made, answered] = ids.map(|id| known.remove(id));
    match (made, answered) {
        (None, None) => Ok(None),
        (Some(Some(made)), Some(Some(answered))) if made == answered => {
            let own = here.iter().find(|live| {
                live.session.org_id == change.org && mark(live.session.id).as_slice() == made
            });
            own.cloned()
                .map(Some)
                .ok_or(Error::SignIn(Refusal::Replayed))
        }
        _ => Err(Error::SignIn(Refusal::Replayed)),
    }
}

/// What a message is remembered by: of one length, whatever the sender chose for an id.
fn message_ids(assertion: &Assertion) -> [String; 2] {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let short =
        |kind: &str, id: &str| format!("{kind}:{}", URL_SAFE_NO_PAD.encode(secret::hash(id)));
    [
        short("assertion", &assertion.assertion_id),
        short("response", &assertion.received_response_id),
    ]
}

/// What a message remembers of the session that it made: not its cookie, which may change.
fn mark(session: SessionId) -> Hash {
    secret::hash(&format!("session:{session}"))
}

/// Whether somebody who is there may come in by this connection: nobody whom the directory or an
/// admin turned away, and the owner only through a connection confirmed for owners. What is known of them
/// already is not asked.
async fn may_enter(
    change: &mut Change<'_>,
    connection: &ConnectionRow,
    user: &UserRow,
    there: Option<There>,
) -> Result<(), Error> {
    let is_inactive = if let Some(there) = there {
        there.inactive
    } else {
        let resources = change.tx.scim_users_of(change.org, user.id).await?;
        let mut here = resources
            .iter()
            .filter(|row| row.connection_id == connection.id);
        here.any(|row| !row.active)
    };
    let waivers = if there.is_none_or(|it| it.waivers) {
        change.tx.waivers_of(change.org, &[user.id]).await?
    } else {
        Vec::new()
    };
    let mut removals = waivers.iter().filter(|it| it.is_removal());
    let held = removals.clone().any(|it| it.state == WaiverState::Held);
    // Where the directory's word was refused or undone, the person may come in all the same.
    let spared = removals.any(|it| it.connection_id == connection.id);
    if !user.is_active() || held || (is_inactive && !spared) {
        return Err(Error::SignIn(Refusal::Deprovisioned));
    }
    if user.owner && connection.owner_confirmed_at.is_none() {
        return Err(Error::SignIn(Refusal::OwnerNotConfirmed));
    }
    Ok(())
}
