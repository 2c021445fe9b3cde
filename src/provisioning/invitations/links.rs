//! Links to invitations, made of a row and a key: nothing that is stored is good for accepting.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::directory::invitation::link::{Channel, LinkClaim, LinkKey, LinkKeys};
use crate::directory::invitation::{Standing, expiry, phrase};
use crate::secret::{DataKeys, Error, Key};
use crate::store::rows::InvitationRow;

/// What is handed out and comes back is made with these: links, codes, cursors.
#[derive(Clone, Debug)]
pub struct Links {
    /// The public URL, without a trailing slash.
    pub public_url: Arc<str>,
    /// The keys of links.
    pub keys: LinkKeys,
    /// The key of six-digit codes.
    pub codes: LinkKey,
    /// The key of the cursors of lists.
    pub cursors: Key,
    /// What seals the secrets that go with links: where they are posted to, what was answered.
    pub secrets: DataKeys,
}

impl Links {
    /// The links of an installation.
    pub fn new(public_url: &str, keys: &DataKeys) -> Result<Self, Error> {
        Ok(Self {
            public_url: public_url.trim_end_matches('/').into(),
            keys: LinkKeys {
                current: LinkKey::new(keys.link()?),
                previous: None,
            },
            codes: LinkKey::new(keys.short_code()?),
            cursors: keys.cursor()?,
            secrets: keys.clone(),
        })
    }

    /// The token of an invitation's link for this channel.
    pub fn token(&self, row: &InvitationRow, channel: Channel) -> String {
        let version = u32::try_from(version(row, channel)).unwrap_or_default();
        let key = &self.keys.current;
        LinkClaim::new(key, row.org_id, row.id, version, channel).token()
    }

    /// The link of an invitation for this channel.
    pub fn url(&self, row: &InvitationRow, channel: Channel) -> String {
        format!("{}/join/{}", self.public_url, self.token(row, channel))
    }

    /// The phrase that every message with the shared link of an invitation bears.
    pub fn phrase(&self, row: &InvitationRow) -> String {
        let day = row.created_at.0.to_zoned(TimeZone::UTC).date();
        phrase(&self.keys.current, row.org_id, row.id, &row.email_norm, day)
    }
}

/// The version that a link of this channel must have.
pub fn version(row: &InvitationRow, channel: Channel) -> i64 {
    match channel {
        Channel::Mail => row.version,
        Channel::Shared => row.share_version,
    }
}

/// Whether a link is of the version that its invitation has now.
pub fn is_current(claim: &LinkClaim, row: &InvitationRow) -> bool {
    i64::from(claim.version) == version(row, claim.channel)
}

/// Until when a link of this channel is good: a mailed one as long as the invitation, a shared one
/// for three days at most since it was last shared.
pub fn until(row: &InvitationRow, channel: Channel) -> Timestamp {
    match (channel, row.shared_at) {
        (Channel::Mail, _) => row.expires_at.0,
        (Channel::Shared, Some(at)) => expiry::shared(row.expires_at.0, at.0),
        (Channel::Shared, None) => row.created_at.0,
    }
}

/// How an invitation stands for whoever comes by this link.
pub fn standing(claim: &LinkClaim, row: &InvitationRow, now: Timestamp) -> Standing {
    row.state.at(until(row, claim.channel), now)
}
