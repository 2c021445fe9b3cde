//! The mails by which somebody is asked for a yes, or told what became of the ownership.

use jiff::Timestamp;

use crate::directory::invitation::digits::digits;
use crate::directory::link::ProofState;
use crate::directory::ownership::{Question, QuestionClaim};
use crate::id::MailCodeId;
use crate::mail::{Asking, Code, Content, Decision, Purpose};
use crate::provisioning::outbox::composed::Composed;
use crate::provisioning::outbox::letterhead::{self, Letterhead};
use crate::provisioning::questions::{Letter, Offer, Owed, of_proof, of_transfer};
use crate::provisioning::{Error, break_glass, console, setup};
use crate::store::Tx;
use crate::store::rows::{BreakGlassCodeRow, LinkProofRow, OutboxRow};
use crate::store::types::Time;

/// Composes the mail from what the store says now; what nobody asks any more is not sent.
pub(super) async fn compose(
    tx: &mut Tx,
    letterhead: &Letterhead,
    row: &OutboxRow,
    now: Timestamp,
) -> Result<Composed, Error> {
    let Ok(owed) = serde_json::from_str::<Owed>(&row.detail.0) else {
        let reason = "not sent: the mail does not say what it is about";
        return Ok(Composed::Unmailable(reason));
    };
    let mut apps = tx.apps_serving(row.org_id).await?;
    let app = apps.pop().filter(|_| apps.is_empty()).map(|app| app.name);
    let content = match owed.letter {
        Letter::BreakGlass => way_in(tx, letterhead, row, (&owed, app.as_deref(), now)).await?,
        Letter::Console => to_console(tx, letterhead, row, (&owed, app.as_deref(), now)).await?,
        Letter::Setup => to_set_up(tx, letterhead, row, (&owed, app.as_deref(), now)).await?,
        Letter::Code => code(tx, letterhead, row, (&owed, app.as_deref(), now)).await?,
        Letter::Asks(question) => {
            asking(tx, letterhead, row, (&owed, question, app.as_deref(), now)).await?
        }
        Letter::Begun => telling(tx, row, (&owed, Asking::Begun, app.as_deref())).await?,
        Letter::Changed => telling(tx, row, (&owed, Asking::Changed, app.as_deref())).await?,
    };
    let Some(content) = content else {
        return Ok(Composed::Over);
    };
    Ok(match letterhead::receiver(row) {
        Ok(to) => letterhead.letter(row, to, content),
        Err(reason) => Composed::Unmailable(reason),
    })
}

async fn asking(
    tx: &mut Tx,
    letterhead: &Letterhead,
    row: &OutboxRow,
    (owed, question, app, now): (&Owed, Question, Option<&str>, Timestamp),
) -> Result<Option<Content>, Error> {
    let found = match question {
        Question::Accept | Question::Confirm => {
            let transfer = tx.transfer(row.org_id, owed.id.into()).await?;
            let Some(transfer) = transfer else {
                return Ok(None);
            };
            of_transfer(tx, &transfer, question, now).await?
        }
        Question::Link => {
            let Some(proof) = tx.link_proof(row.org_id, owed.id.into()).await? else {
                return Ok(None);
            };
            of_proof(tx, &proof, now).await?
        }
    };
    let Some((offer, mark)) = found else {
        return Ok(None);
    };
    let links = letterhead.links();
    let claim = QuestionClaim::new(&links.keys.current, row.org_id, question, owed.id, &mark);
    let url = format!("{}/decide/{}", links.public_url, claim.token());
    let asks = match question {
        Question::Accept => Asking::Accept,
        Question::Confirm => Asking::Confirm,
        Question::Link => Asking::Link,
    };
    Ok(Some(written(&offer, asks, app, Some(&url))))
}

async fn telling(
    tx: &mut Tx,
    row: &OutboxRow,
    (owed, asking, app): (&Owed, Asking, Option<&str>),
) -> Result<Option<Content>, Error> {
    let Some(transfer) = tx.transfer(row.org_id, owed.id.into()).await? else {
        return Ok(None);
    };
    let offer = Offer::of_transfer(tx, &transfer).await?;
    Ok(Some(written(&offer, asking, app, None)))
}

fn written(offer: &Offer, asking: Asking, app: Option<&str>, url: Option<&str>) -> Content {
    let decision = Decision {
        app,
        organization: &offer.organization,
        asking,
        person: &offer.person,
        connection: offer.connection.as_deref(),
        reason: offer.reason.as_deref(),
        url,
        expires_at: offer.expires_at,
    };
    decision.content()
}

async fn code(
    tx: &mut Tx,
    letterhead: &Letterhead,
    row: &OutboxRow,
    (owed, app, now): (&Owed, Option<&str>, Timestamp),
) -> Result<Option<Content>, Error> {
    let proof = tx.link_proof(row.org_id, owed.id.into()).await?;
    let good = |it: &LinkProofRow| it.state == ProofState::Mailed && it.expires_at.0 > now;
    let Some(proof) = proof.filter(good) else {
        return Ok(None);
    };
    bearing(
        tx,
        letterhead,
        row,
        (owed.letter, proof.id, proof.expires_at, app),
    )
    .await
}

/// The code by which the owner comes in without a connection.
async fn way_in(
    tx: &mut Tx,
    letterhead: &Letterhead,
    row: &OutboxRow,
    (owed, app, now): (&Owed, Option<&str>, Timestamp),
) -> Result<Option<Content>, Error> {
    let code = tx.break_glass_code(row.org_id, owed.id.into()).await?;
    let good = |it: &BreakGlassCodeRow| it.used_at.is_none() && it.expires_at.0 > now;
    let Some(code) = code.filter(good) else {
        return Ok(None);
    };
    let opened = tx.break_glass(row.org_id, code.break_glass_id).await?;
    let owner = match opened {
        Some(opened) => break_glass::owner_of(tx, &opened, now).await?,
        None => None,
    };
    let is_theirs = owner.is_some_and(|it| it.email.as_deref() == Some(&*row.recipient));
    if !is_theirs {
        return Ok(None);
    }
    bearing(
        tx,
        letterhead,
        row,
        (owed.letter, code.id, code.expires_at, app),
    )
    .await
}

/// The code by which an admin comes in at the console.
async fn to_console(
    tx: &mut Tx,
    letterhead: &Letterhead,
    row: &OutboxRow,
    (owed, app, now): (&Owed, Option<&str>, Timestamp),
) -> Result<Option<Content>, Error> {
    let code = tx.console_code(row.org_id, owed.id.into()).await?;
    let Some(code) = code else {
        return Ok(None);
    };
    if !console::is_wanted(tx, &code, &row.recipient, now).await? {
        return Ok(None);
    }
    let of = (owed.letter, code.id, code.expires_at, app);
    bearing(tx, letterhead, row, of).await
}

/// The code by which whom a set-up link is for opens it.
async fn to_set_up(
    tx: &mut Tx,
    letterhead: &Letterhead,
    row: &OutboxRow,
    (owed, app, now): (&Owed, Option<&str>, Timestamp),
) -> Result<Option<Content>, Error> {
    let Some(code) = tx.setup_code(row.org_id, owed.id.into()).await? else {
        return Ok(None);
    };
    if !setup::is_wanted(tx, &code, &row.recipient, now).await? {
        return Ok(None);
    }
    let of = (owed.letter, code.id, code.expires_at, app);
    bearing(tx, letterhead, row, of).await
}

/// The mail that bears the digits of a code.
async fn bearing(
    tx: &mut Tx,
    letterhead: &Letterhead,
    row: &OutboxRow,
    (letter, id, expires_at, app): (Letter, MailCodeId, Time, Option<&str>),
) -> Result<Option<Content>, Error> {
    let Some(organization) = tx.organization(row.org_id).await? else {
        return Ok(None);
    };
    let code = Code {
        app,
        organization: &organization.name,
        digits: &digits(&letterhead.links().codes, row.org_id, id),
        expires_at: expires_at.0,
        purpose: match letter {
            Letter::BreakGlass => Purpose::BreakGlass,
            Letter::Console => Purpose::Console,
            Letter::Setup => Purpose::Setup,
            Letter::Asks(_) | Letter::Begun | Letter::Changed | Letter::Code => Purpose::Proof,
        },
    };
    Ok(Some(code.content()))
}
