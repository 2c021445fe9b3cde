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
use crate::provisioning::invitations::{Inviter, Links, Obstacle, Rules, find, look, overriding};
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

/// Makes the link of an invitation good for three days from now on; on the organization's
/// alternate public URL, if that is asked for.
pub async fn share(
    store: &Store,
    context: Context,
    links: &Arc<Links>,
    org: OrganizationId,
    id: InvitationId,
    alternate: bool,
) -> Result<Shared, Error> {
    let links = Arc::clone(links);
    change(store, org, context, move |change| {
        let links = Arc::clone(&links);
        async move { share_in(change, &links, None, id, alternate).await }.boxed()
    })
    .await
}

/// Shares within a change; where nobody is named, it is whoever the source of the change is.
pub async fn share_in(
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

/// What a message says: its words with one space between them, its links to invitations, and
/// whatever else looks like an address.
struct Said<'a> {
    words: String,
    links: Vec<Found<'a>>,
    others: Vec<&'a str>,
}

/// A link to an invitation: what stands before the token, and the token.
struct Found<'a> {
    before: &'a str,
    token: &'a str,
}

impl<'a> Said<'a> {
    fn read(text: &'a str) -> Self {
        let (mut links, mut others) = (Vec::new(), Vec::new());
        let ends = |c: char| c.is_whitespace() || "<>|\"'()[]{}`*".contains(c);
        for word in text.split(ends) {
            if let Some(at) = word.find("inv_") {
                let (before, rest) = word.split_at(at);
                let length = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
                    .unwrap_or(rest.len());
                let (token, _) = rest.split_at(length);
                links.push(Found { before, token });
            } else if word.contains("://") || word.to_ascii_lowercase().starts_with("www.") {
                others.push(word);
            }
        }
        Self {
            words: text.split_whitespace().collect::<Vec<_>>().join(" "),
            links,
            others,
        }
    }
}

impl Found<'_> {
    fn claim(&self) -> Option<LinkClaim> {
        LinkClaim::parse(self.token)
    }

    /// Whether it is a bare token, or a link of exactly our form: a real token behind another host
    /// is how a message is forged.
    fn leads_to(&self, bases: &[&str]) -> bool {
        let path = |base: &&str| {
            let rest = self.before.strip_prefix(*base);
            rest == Some("/join/")
        };
        self.before.is_empty() || bases.iter().any(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_what_people_paste() {
        const OURS: &str = "https://usher.example";
        for (text, tokens, ours, others) in [
            ("hello", &[][..], true, 0),
            ("inv_abc", &["inv_abc"], true, 0),
            (
                "See https://usher.example/join/inv_a-b_c.",
                &["inv_a-b_c"],
                true,
                0,
            ),
            (
                "<https://usher.example/join/inv_a|join>",
                &["inv_a"],
                true,
                0,
            ),
            ("https://evil.example/join/inv_a", &["inv_a"], false, 0),
            (
                "https://usher.example.evil.example/join/inv_a",
                &["inv_a"],
                false,
                0,
            ),
            (
                "https://evil.example/?https://usher.example/join/inv_a",
                &["inv_a"],
                false,
                0,
            ),
            (
                "https://usher.example@evil.example/join/inv_a",
                &["inv_a"],
                false,
                0,
            ),
            (
                "https://usher.example/join/../x/inv_a",
                &["inv_a"],
                false,
                0,
            ),
            (
                "inv_a http://evil.example www.evil.example",
                &["inv_a"],
                true,
                2,
            ),
        ] {
            let said = Said::read(text);
            let found: Vec<_> = said.links.iter().map(|it| it.token).collect();
            assert_eq!(found, tokens, "{text}");
            assert_eq!(
                said.links.iter().all(|it| it.leads_to(&[OURS])),
                ours,
                "{text}"
            );
            assert_eq!(said.others.len(), others, "{text}");
        }
    }
}
