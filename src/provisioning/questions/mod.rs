//! Questions by mail: somebody is asked for a yes, and answers by a link that proves their mailbox. Looking
//! changes nothing; an answer is one change, in which everything is asked again that was asked when the
//! question was mailed.

pub(in crate::provisioning) mod codes;

use std::sync::Arc;

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::directory::connection::ConnectionState;
use crate::directory::delivery::MailKind;
use crate::directory::ownership::{Question, QuestionClaim};
use crate::id::{ConnectionId, OrganizationId, UserId};
use crate::limits;
use crate::provisioning::invitations::Links;
use crate::provisioning::links::proof;
use crate::provisioning::ownership::{self, Answered};
use crate::provisioning::{Change, Context, Error, Kind, Source, change, sessions};
use crate::secret::Hash;
use crate::store::rows::{LinkProofRow, OutboxRow, TransferRow, UserRow};
use crate::store::types::Doc;
use crate::store::{Store, Tx};

/// What a mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letter {
    /// It asks this.
    Asks(Question),
    /// It tells the owner that others began to transfer the ownership.
    Begun,
    /// It tells who owned the organization that they do no more.
    Changed,
    /// It bears six digits, by which the owner comes in without a connection.
    BreakGlass,
    /// It bears six digits, by which a person proves their link.
    Code,
    /// It bears six digits, by which an admin comes in at the console.
    Console,
    /// It bears six digits, by which whom a set-up link is for opens it.
    Setup,
}

/// What a row of the outbox says of such a mail, as its `detail`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Owed {
    /// What it is.
    pub letter: Letter,
    /// What it is about: a transfer, or a proof.
    pub id: Uuid,
}

/// Puts a mail into the outbox; none where there is no address.
pub(super) async fn owe(
    change: &mut Change<'_>,
    letter: Letter,
    id: Uuid,
    to: Option<&str>,
) -> Result<(), Error> {
    let Some(to) = to else {
        return Ok(());
    };
    let row = OutboxRow {
        detail: Doc(json!(Owed { letter, id }).to_string()),
        ..change.owed(MailKind::Decision, to)
    };
    Ok(change.tx.insert_delivery(&row).await?)
}

/// A question as whoever is asked reads it.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The organization's name.
    pub organization: String,
    /// The address or the name of the person whom it is about: who is to own it, or whose link it is.
    pub person: String,
    /// The connection's name, where it is about a link.
    pub connection: Option<String>,
    /// Why, where somebody said.
    pub reason: Option<String>,
    /// Until when it can be answered.
    pub expires_at: Timestamp,
}

impl Offer {
    /// What a transfer is about.
    pub(super) async fn of_transfer(tx: &mut Tx, row: &TransferRow) -> Result<Self, Error> {
        let chosen = tx.user(row.org_id, row.chosen_id).await?;
        Ok(Self {
            organization: organization(tx, row.org_id).await?,
            person: name(chosen.as_ref()),
            connection: None,
            reason: row.reason.clone(),
            expires_at: row.expires_at.0,
        })
    }
}

async fn organization(tx: &mut Tx, org: OrganizationId) -> Result<String, Error> {
    let row = tx.organization(org).await?;
    Ok(row.ok_or(Error::NotFound(Kind::Organization))?.name)
}

fn name(user: Option<&UserRow>) -> String {
    let named = |user: &UserRow| user.email.clone().or_else(|| user.display_name.clone());
    user.and_then(named).unwrap_or_default()
}

/// The question of a transfer and the mark that its link is bound to, while it is asked.
pub(super) async fn of_transfer(
    tx: &mut Tx,
    row: &TransferRow,
    question: Question,
    now: Timestamp,
) -> Result<Option<(Offer, String)>, Error> {
    if !ownership::is_asked(tx, row, question, now).await? {
        return Ok(None);
    }
    let mark = match question {
        Question::Accept | Question::Link => &row.chosen_mark,
        Question::Confirm => &row.owner_mark,
    };
    let mark = mark.clone();
    Ok(Some((Offer::of_transfer(tx, row).await?, mark)))
}

/// The same of a proof that waits for the owner's yes.
pub(super) async fn of_proof(
    tx: &mut Tx,
    row: &LinkProofRow,
    now: Timestamp,
) -> Result<Option<(Offer, String)>, Error> {
    if !proof::is_asked(tx, row, now).await? {
        return Ok(None);
    }
    let user = tx.user(row.org_id, row.user_id).await?;
    let identity = tx.identity(row.org_id, row.identity_id).await?;
    let connection = match identity {
        Some(identity) => tx.connection(row.org_id, identity.connection_id).await?,
        None => None,
    };
    let offer = Offer {
        organization: organization(tx, row.org_id).await?,
        person: name(user.as_ref()),
        connection: connection.map(|it| it.name),
        reason: None,
        expires_at: row.expires_at.0,
    };
    Ok(Some((offer, row.owner_mark.clone().unwrap_or_default())))
}

/// What a link leads to.
#[derive(Clone, Debug)]
pub struct Look {
    /// What was asked.
    pub question: Question,
    /// The question, while it can be answered.
    pub offer: Option<Offer>,
    /// Where whoever is asked signs in before a yes, by connection, where the browser is not theirs yet.
    pub doors: Option<Vec<(String, ConnectionId)>>,
}

/// Whether a yes gives something away: then the mailbox alone is not enough, and whoever is asked has to have
/// signed in a short while ago in the browser in which they say it.
fn gives_away(question: Question) -> bool {
    match question {
        Question::Confirm | Question::Link => true,
        Question::Accept => false,
    }
}

/// Whether one of these sessions is that person's, new, and of a connection: one that a mailbox made shows
/// nothing that the mailed link does not.
async fn is_here(
    tx: &mut Tx,
    cookies: &[Hash],
    (org, whom): (OrganizationId, UserId),
    now: Timestamp,
) -> Result<bool, Error> {
    for cookie in cookies {
        let live = sessions::live(tx, cookie, now).await?;
        if live.is_some_and(|live| {
            let age = now.duration_since(live.session.created_at.0);
            let is_theirs = (live.session.org_id, live.user.id) == (org, whom);
            is_theirs && live.connection().is_some() && age < limits::OWNER_SIGNED_IN
        }) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The connections through which the owner signs in.
async fn doors(tx: &mut Tx, org: OrganizationId) -> Result<Vec<(String, ConnectionId)>, Error> {
    let mut rows = tx.connections(org).await?;
    rows.retain(|row| {
        let is_open = row.state == ConnectionState::Active && row.sso_url.is_some();
        is_open && row.owner_confirmed_at.is_some()
    });
    Ok(rows.into_iter().map(|row| (row.name, row.id)).collect())
}

/// A link that we made.
struct Proven {
    claim: QuestionClaim,
    org: OrganizationId,
    /// Who was asked.
    whom: Option<UserId>,
}

/// The question of a link, if we made the link.
async fn proven(tx: &mut Tx, links: &Links, token: &str) -> Result<Proven, Error> {
    const NONE: Error = Error::NotFound(Kind::Transfer);
    let claim = QuestionClaim::parse(token).ok_or(NONE)?;
    let (org, whom, mark) = match claim.question {
        Question::Accept | Question::Confirm => {
            let row = tx.transfer_of_link(claim.about.into()).await?.ok_or(NONE)?;
            match claim.question {
                Question::Confirm => (row.org_id, row.owner_id, row.owner_mark),
                Question::Accept | Question::Link => {
                    (row.org_id, Some(row.chosen_id), row.chosen_mark)
                }
            }
        }
        Question::Link => {
            let row = tx
                .link_proof_of_link(claim.about.into())
                .await?
                .ok_or(NONE)?;
            let owner = tx.owner_of(row.org_id).await?;
            let mark = row.owner_mark.unwrap_or_default();
            (row.org_id, owner.map(|it| it.id), mark)
        }
    };
    // Whom nobody was asked as has no link.
    if mark.is_empty() || !claim.is_proven(&links.keys, org, &mark) {
        return Err(NONE);
    }
    Ok(Proven { claim, org, whom })
}

/// What a link shows now, in a browser with these sessions.
pub async fn look(
    store: &Store,
    links: &Links,
    (token, cookies): (&str, &[Hash]),
    now: Timestamp,
) -> Result<Look, Error> {
    let (links, token, cookies) = (links.clone(), token.to_owned(), cookies.to_vec());
    let read = store.read(move |tx| {
        let (links, token, cookies) = (links.clone(), token.clone(), cookies.clone());
        async move {
            let Proven { claim, org, whom } = proven(tx, &links, &token).await?;
            let question = claim.question;
            let found = match question {
                Question::Accept | Question::Confirm => {
                    let row = tx.transfer(org, claim.about.into()).await?;
                    let row = row.ok_or(Error::NotFound(Kind::Transfer))?;
                    of_transfer(tx, &row, question, now).await?
                }
                Question::Link => {
                    let row = tx.link_proof(org, claim.about.into()).await?;
                    let row = row.ok_or(Error::NotFound(Kind::Transfer))?;
                    of_proof(tx, &row, now).await?
                }
            };
            let offer = found.map(|(offer, _)| offer);
            let is_wanted = offer.is_some() && gives_away(question);
            let mut at = None;
            if let Some(whom) = whom.filter(|_| is_wanted)
                && !is_here(tx, &cookies, (org, whom), now).await?
            {
                at = Some(doors(tx, org).await?);
            }
            Ok(Look {
                question,
                offer,
                doors: at,
            })
        }
        .boxed()
    });
    read.await
}

/// The answer to a link's question, from a browser with these sessions.
pub async fn answer(
    store: &Store,
    context: Context,
    links: &Arc<Links>,
    (token, cookies): (&str, &[Hash]),
    is_yes: bool,
) -> Result<Answered, Error> {
    let (links, token, cookies) = (Arc::clone(links), token.to_owned(), cookies.to_vec());
    let found = store.read(move |tx| {
        let (links, token) = (Arc::clone(&links), token.clone());
        async move { proven(tx, &links, &token).await }.boxed()
    });
    let Proven { claim, org, whom } = found.await?;
    let Some(whom) = whom else {
        return Ok(Answered::Over);
    };
    let context = Context {
        source: Source::User(whom),
        ..context
    };
    change(store, org, context, move |change| {
        let cookies = cookies.clone();
        async move {
            let is_wanted = is_yes && gives_away(claim.question);
            if is_wanted && !is_here(change.tx, &cookies, (org, whom), change.now).await? {
                return Ok(Answered::SignInFirst);
            }
            match claim.question {
                question @ (Question::Accept | Question::Confirm) => {
                    ownership::answer(change, claim.about.into(), question, is_yes).await
                }
                Question::Link => proof::answered(change, claim.about.into(), is_yes).await,
            }
        }
        .boxed()
    })
    .await
}
