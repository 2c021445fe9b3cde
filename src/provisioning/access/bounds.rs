//! How high whoever asks reaches: nobody gives a role above their own, as their sign-in caps it, and a key that
//! somebody issued at the console reaches as high as they do.

use super::{Access, Holder};
use crate::directory::role::{ADMIN_RANK, OWNER_RANK};
use crate::id::OrganizationId;
use crate::provisioning::invitations::Inviter;
use crate::provisioning::{Change, Error, Source, console};
use crate::store::Tx;

impl Access {
    /// Who invites: the operator, the organization itself with its key, or a person as they are now.
    pub async fn inviter(&self, tx: &mut Tx) -> Result<Inviter, Error> {
        let inviter = match (self.holder, self.org) {
            (Holder::Person(user, _), Some(org)) => Inviter::of_person(tx, org, user).await?,
            (Holder::Key(_) | Holder::Operator(_), None) => Inviter::operator(),
            (_, _) => Inviter::organization(),
        };
        let rank = inviter.rank.min(self.rank);
        Ok(Inviter { rank, ..inviter })
    }

    /// Whether it is that of somebody who answers for an override: the operator, or the owner at the console.
    pub fn answers_for_overrides(&self) -> bool {
        let is_person = matches!(self.holder, Holder::Person(..));
        self.org.is_none() || (is_person && self.rank >= OWNER_RANK)
    }

    /// Refuses a role above one's own, and an admin's where whoever gives it is to say anew who they are.
    fn may_give(&self, rank: i64) -> Result<(), Error> {
        if rank > self.rank {
            return Err(Error::Forbidden("nobody gives a role above their own"));
        }
        if rank >= ADMIN_RANK && !self.is_fresh {
            return Err(Error::SignInAnew);
        }
        Ok(())
    }
}

impl Change<'_> {
    /// How high whoever asks reaches, where it is asked for by an access.
    pub(in crate::provisioning) fn reach(&self) -> i64 {
        self.access.as_ref().map_or(OWNER_RANK, |it| it.rank)
    }

    /// Refuses a role that whoever asks does not give.
    pub(in crate::provisioning) fn may_give(&self, rank: i64) -> Result<(), Error> {
        let access = self.access.as_ref();
        access.map_or(Ok(()), |access| access.may_give(rank))
    }
}

/// How many keys are looked back on to find the person at the console who issued the first.
const ISSUERS: usize = 16;

/// How high a key of an organization reaches that this actor issued. One that a person issued at the console, or
/// that came of such a one, is good while they are an admin, and reaches as high as they do.
pub(super) async fn issuer_rank(
    tx: &mut Tx,
    org: OrganizationId,
    actor: String,
) -> Result<i64, Error> {
    let mut actor = actor;
    for _ in 0..ISSUERS {
        match Source::of_actor(&actor) {
            Some(Source::User(user)) => {
                let rank = console::rank_of(tx, org, user).await?;
                return if rank >= ADMIN_RANK {
                    Ok(rank)
                } else {
                    Err(Error::Unauthorized)
                };
            }
            Some(Source::Key(id)) => {
                let mut keys = tx.api_keys(Some(org)).await?;
                keys.retain(|row| row.id == id);
                match keys.pop().and_then(|row| row.actor) {
                    Some(before) => actor = before,
                    None => return Ok(OWNER_RANK),
                }
            }
            _ => return Ok(OWNER_RANK),
        }
    }
    Err(Error::Unauthorized)
}
