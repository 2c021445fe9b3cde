//! The question "sign in as this person?", where another person is signed in in the browser, or
//! nobody asked for the message and its page was none of the identity provider's.
//!
//! Until it is answered the session is a row that has already ended, under a hash that no session
//! cookie can have, so that nothing takes it for a session. The yes comes with a secret of its
//! own and checks everything about the person and the connection again; only then does the
//! session get its cookie.

use std::sync::Arc;

use futures_util::FutureExt;
use jiff::SignedDuration;

use crate::id::{ConnectionId, OrganizationId};
use crate::provisioning::sessions;
use crate::provisioning::sign_in::{Arrival, Cookie, may_enter, open, write};
use crate::provisioning::{Change, Context, Error, Refusal, change};
use crate::secret::{self, Bearer, Hash};
use crate::store::Store;
use crate::store::rows::SessionRow;
use crate::store::types::Whose;

/// How long the question can be answered.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_mins(5);
/// What a session that waits for its answer has ended of.
const WAITING: &str = "awaiting_confirmation";
/// The same, of one that was asked for here.
const ASKED: &str = "awaiting_confirmation_of_request";
const DECLINED: &str = "declined";

/// Makes a session wait for the answer that carries this secret.
pub(super) fn wait(session: &mut SessionRow, secret: &Bearer, asked: bool) {
    session.hash = question(secret.reveal()).to_vec();
    session.ended_at = Some(session.created_at);
    session.ended_cause = Some(if asked { ASKED } else { WAITING }.to_owned());
}

/// The hash of a question's secret: of a text with a colon, which no cookie of a session has.
fn question(secret: &str) -> Hash {
    secret::hash(&format!("continue:{secret}"))
}

/// The yes: starts the session, and ends the one that the browser had of the organization.
pub async fn confirm(
    store: &Store,
    context: Context,
    (org, connection): (OrganizationId, ConnectionId),
    answer: String,
    cookies: Vec<Hash>,
) -> Result<(Arrival, Cookie), Error> {
    let secret = Bearer::new("", context.ids.entropy());
    let asked = Arc::new((question(&answer), cookies));
    change(store, org, context, move |change| {
        let (asked, secret) = (Arc::clone(&asked), secret.clone());
        async move {
            let (answer, cookies) = &*asked;
            start(change, connection, answer, (secret, cookies)).await
        }
        .boxed()
    })
    .await
}

async fn start(
    change: &mut Change<'_>,
    id: ConnectionId,
    answer: &Hash,
    (secret, cookies): (Bearer, &[Hash]),
) -> Result<(Arrival, Cookie), Error> {
    let connection = open(change, id).await?.connection.clone();
    let mut session = waiting(change, id, answer).await?.ok_or(EXPIRED)?;
    if connection.testing {
        return Err(EXPIRED);
    }
    let cause = session.ended_cause.clone().unwrap_or_default();
    if cause == WAITING && !connection.idp_initiated {
        return Err(Error::SignIn(Refusal::IdpInitiatedOff));
    }
    let user = change
        .tx
        .user(change.org, session.user_id)
        .await?
        .ok_or(EXPIRED)?;
    may_enter(change, &connection, &user, None).await?;
    let here = sessions::present(change, cookies).await?;
    sessions::make_room(change, &here, &mut session).await?;
    let (org, now, chain) = (change.org, change.time(), session.chain_id);
    let started = change
        .tx
        .start_session(org, session.id, &secret.hash(), now, &cause, chain)
        .await?;
    if !started {
        return Err(EXPIRED);
    }
    write::tell(change, &session);
    let cookie = Cookie::of(&session, secret);
    Ok((
        Arrival {
            connection,
            user_id: user.id,
            email: user.email,
            continue_at: None,
        },
        cookie,
    ))
}

/// The no: the session will never start.
pub async fn decline(
    store: &Store,
    context: Context,
    (org, connection): (OrganizationId, ConnectionId),
    answer: String,
) -> Result<(), Error> {
    change(store, org, context, move |change| {
        let answer = question(&answer);
        async move {
            if let Some(session) = waiting(change, connection, &answer).await? {
                give_up(change, Whose::Session(session.id)).await?;
            }
            Ok(())
        }
        .boxed()
    })
    .await
}

/// Gives up what waits for an answer, of somebody or of a connection.
pub(in crate::provisioning) async fn give_up(
    change: &mut Change<'_>,
    whose: Whose,
) -> Result<(), Error> {
    let (org, waiting) = (change.org, [WAITING, ASKED]);
    let given_up = change.tx.give_up_sessions(org, whose, &waiting, DECLINED);
    Ok(given_up.await?)
}

/// Gives up those that wait for an answer and are meant: the identity provider has ended what they
/// came of.
pub(in crate::provisioning) async fn withdraw(
    change: &mut Change<'_>,
    connection: ConnectionId,
    name_id: &str,
    is_meant: impl Fn(&SessionRow) -> bool,
) -> Result<(), Error> {
    let since = (change.now - PATIENCE).into();
    let (org, causes) = (change.org, [WAITING, ASKED]);
    let waiting = change
        .tx
        .waiting_sessions_named(org, connection, name_id, since, &causes);
    for session in waiting.await?.into_iter().filter(is_meant) {
        give_up(change, Whose::Session(session.id)).await?;
    }
    Ok(())
}

const EXPIRED: Error = Error::SignIn(Refusal::ConfirmationExpired);

/// The session of this connection that waits for this answer, while it may still come.
async fn waiting(
    change: &mut Change<'_>,
    connection: ConnectionId,
    answer: &Hash,
) -> Result<Option<SessionRow>, Error> {
    let session = change.tx.session_by_hash(answer).await?;
    Ok(session.filter(|session| {
        session.org_id == change.org
            && session.connection_id == Some(connection)
            && matches!(session.ended_cause.as_deref(), Some(WAITING | ASKED))
            && change.now.duration_since(session.created_at.0) < PATIENCE
            && change.now < session.expires_at.0
    }))
}
