//! Links that somebody passes on: the message around one, and whether a message is ours. A shared
//! link proves nothing about who follows it; the phrase beside it, which the page shows, too, is
//! how its reader knows that we made it.

use std::sync::Arc;

use askama::Template;
use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::directory::invitation::link::{Channel, LinkClaim};
use crate::directory::invitation::{Refusal, Standing};
use crate::id::{InvitationId, OrganizationId};
use crate::mail::wording::{absolute, name, one_line};
use crate::provisioning::invitations::known::policy;
use crate::provisioning::invitations::links::{is_current, standing, until};
use crate::provisioning::invitations::said::{Found, Said};
use crate::provisioning::invitations::{
    Inviter, Links, Obstacle, Rules, find, hook, look, overriding,
};
use crate::provisioning::{Change, Context, Error, Kind, change};
use crate::store::rows::InvitationRow;
use crate::store::{Store, Tx};

/// A link to pass on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Shared {
    /// The link.
    pub url: String,
    /// The message with the link and the phrase, as plain text.
    pub message: String,
    /// The phrase.
    pub phrase: String,
    /// Until when the link is good.
    #[schema(value_type = String, format = "date-time")]
    pub expires_at: Timestamp,
}

/// How a link is passed on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Way {
    /// Whether it leads to the organization's alternate public URL.
    pub alternate: bool,
    /// Whether the message is posted to the organization's share webhook.
    pub post: bool,
}

/// A link to pass on, and where it goes by itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Passed {
    /// The link.
    #[serde(flatten)]
    pub shared: Shared,
    /// The host of the webhook that the message is posted to, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posted_to: Option<String>,
}

/// Makes the link of an invitation good for three days from now on.
pub async fn share(
    store: &Store,
    context: Context,
    links: &Arc<Links>,
    org: OrganizationId,
    id: InvitationId,
    way: Way,
) -> Result<Passed, Error> {
    let links = Arc::clone(links);
    change(store, org, context, move |change| {
        let links = Arc::clone(&links);
        async move { pass_on(change, &links, None, id, way).await }.boxed()
    })
    .await
}

/// Shares within a change, and owes the post where one is asked for. Where nobody is named, it is
/// whoever the source of the change is.
pub async fn pass_on(
    change: &mut Change<'_>,
    links: &Links,
    inviter: Option<&Inviter>,
    id: InvitationId,
    way: Way,
) -> Result<Passed, Error> {
    let shared = share_in(change, links, inviter, id, way.alternate).await?;
    let posted_to = if way.post {
        Some(hook::post(change, id, way.alternate).await?)
    } else {
        None
    };
    Ok(Passed { shared, posted_to })
}

async fn share_in(
    change: &mut Change<'_>,
    links: &Links,
    inviter: Option<&Inviter>,
    id: InvitationId,
    alternate: bool,
) -> Result<Shared, Error> {
    let mut row = find(change, id).await?;
    overriding::renewed_by(change, inviter, &row).await?;
    match row.state.at(row.expires_at.0, change.now) {
        Standing::Pending => {}
        Standing::Expired => {
            let text = "the invitation has expired; extend it before you share it";
            return Err(Violation::Invalid(text.to_owned()).into());
        }
        _ => return Err(Obstacle::Rule(Refusal::Closed(row.state)).into()),
    }
    let before = row.shared_at.map(|at| at.0);
    row.shared_at = Some(change.time());
    row.updated_at = change.time();
    change.tx.update_invitation(&row).await?;
    let data = json!({
        "invitation_id": row.id,
        "email": row.email,
        "changes": [{"attribute": "shared_at", "old": before, "new": change.now}],
    });
    change.record(EventKind::InvitationUpdated, data);
    written(change.tx, links, &row, alternate).await
}

/// The message around the link of an invitation that was shared.
pub async fn written(
    tx: &mut Tx,
    links: &Links,
    row: &InvitationRow,
    alternate: bool,
) -> Result<Shared, Error> {
    let org = row.org_id;
    let rules = Rules::read(tx, org).await?;
    let base = match (alternate, rules.policy.alternate_public_url.as_deref()) {
        (false, _) => &*links.public_url,
        (true, Some(url)) => url.trim_end_matches('/'),
        (true, None) => {
            let text = "this organization has no alternate public URL; its policy may name one";
            return Err(Violation::Invalid(text.to_owned()).into());
        }
    };
    let organization = tx.organization(org).await?;
    let organization = organization.ok_or(Error::NotFound(Kind::Organization))?;
    let projects = look::projects(tx, &rules, row).await?;
    let expires_at = until(row, Channel::Shared);
    let url = format!("{base}/join/{}", links.token(row, Channel::Shared));
    let phrase = links.phrase(row);
    let message = Words {
        inviter: row.inviter_name.as_deref().map(name),
        organization: name(&organization.name),
        role: name(&look::role(&rules, row.role_id)),
        projects: projects.iter().map(|it| name(it)).collect(),
        email: &one_line(&row.email),
        url: &url,
        phrase: &phrase,
        expires: &absolute(expires_at),
    };
    let message = message
        .render()
        .expect("a template that writes text into a string cannot fail");
    Ok(Shared {
        url,
        message,
        phrase,
        expires_at,
    })
}

/// The message around a shared link.
#[derive(Template)]
#[template(path = "share.txt")]
struct Words<'a> {
    inviter: Option<String>,
    organization: String,
    role: String,
    projects: Vec<String>,
    email: &'a str,
    url: &'a str,
    phrase: &'a str,
    expires: &'a str,
}

/// What we say of a message that somebody got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "verdict", rename_all = "snake_case")]
#[schema(as = MessageVerdict)]
pub enum Verdict {
    /// There is no link to an invitation in it.
    NoLink,
    /// It has a link that is not of an invitation of this organization, or leads to another host.
    NotOurs,
    /// It has a link that we made.
    Issued(Issued),
}

/// A link that we made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SharedMessage)]
pub struct Issued {
    /// The invitation.
    #[schema(value_type = String, format = "uuid")]
    pub invitation_id: InvitationId,
    /// The address that it is for.
    pub email: String,
    /// How the link left us.
    pub channel: Channel,
    /// How the invitation stands for whoever follows the link.
    pub state: Standing,
    /// Whether a newer link took its place.
    pub replaced: bool,
    /// Until when it is good.
    #[schema(value_type = String, format = "date-time")]
    pub expires_at: Timestamp,
    /// The phrase that goes with it.
    pub phrase: String,
    /// Whether the message says the phrase.
    pub says_phrase: bool,
    /// Addresses in the message that lead elsewhere.
    pub other_links: Vec<String>,
}

/// Whether we issued a message, for whom and until when.
pub async fn verify_message(
    store: &Store,
    links: &Links,
    org: OrganizationId,
    text: &str,
    now: Timestamp,
) -> Result<Verdict, Error> {
    let (links, text) = (links.clone(), text.to_owned());
    let read = store.read(move |tx| {
        let (links, text) = (links.clone(), text.clone());
        async move { verify_in(tx, &links, org, &text, now).await }.boxed()
    });
    read.await
}

/// The same, within a reading of the store.
pub async fn verify_in(
    tx: &mut Tx,
    links: &Links,
    org: OrganizationId,
    text: &str,
    now: Timestamp,
) -> Result<Verdict, Error> {
    let said = Said::read(text);
    let Some(first) = said.links.first() else {
        return Ok(Verdict::NoLink);
    };
    let Some(claim) = first.claim() else {
        return Ok(Verdict::NotOurs);
    };
    let row = tx.invitation(org, claim.invitation).await?;
    let alternate = policy(tx, org).await?.alternate_public_url;
    let bases: Vec<_> = [Some(&*links.public_url), alternate.as_deref()]
        .into_iter()
        .flatten()
        .map(|base| base.trim_end_matches('/'))
        .collect();
    let ours = |link: &Found<'_>| {
        link.leads_to(&bases)
            && link
                .claim()
                .is_some_and(|claim| claim.is_proven(&links.keys, org))
    };
    match row.filter(|_| said.links.iter().all(ours)) {
        Some(row) => Ok(Verdict::Issued(issued(&said, &claim, &row, links, now))),
        None => Ok(Verdict::NotOurs),
    }
}

fn issued(
    said: &Said<'_>,
    claim: &LinkClaim,
    row: &InvitationRow,
    links: &Links,
    now: Timestamp,
) -> Issued {
    let phrase = links.phrase(row);
    Issued {
        invitation_id: row.id,
        email: row.email.clone(),
        channel: claim.channel,
        state: standing(claim, row, now),
        replaced: !is_current(claim, row),
        expires_at: until(row, claim.channel),
        says_phrase: said.words.contains(&phrase),
        phrase,
        other_links: said.others.iter().map(|it| (*it).to_owned()).collect(),
    }
}
