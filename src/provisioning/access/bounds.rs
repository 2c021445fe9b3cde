//! How high whoever asks reaches: nobody gives a role above their own, as their sign-in caps it, and a key that
//! somebody issued at the console reaches as high as they do.

use super::{Access, Holder};
use crate::directory::role::{ADMIN_RANK, OWNER_RANK};
use crate::id::{OrganizationId, UserId};
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

/// How high a key reaches that this actor issued: of the organization, or of the operator where there is none. One that
/// a person issued at the console, or that came of such a one, is good while they are an admin, and reaches as high as
/// they do.
pub(in crate::provisioning) async fn issuer_rank(
    tx: &mut Tx,
    org: Option<OrganizationId>,
    actor: String,
) -> Result<i64, Error> {
    let mut actor = actor;
    for _ in 0..ISSUERS {
        match (Source::of_actor(&actor), org) {
            (Some(Source::User(user)), Some(org)) => return admin_rank(tx, org, user).await,
            (Some(Source::Operator(session)), _) => {
                let session = tx.console_session_by_id(session).await?;
                let session = session.ok_or(Error::Unauthorized)?;
                // Whoever came by a link is no person whom we know.
                if let (Some(org), Some(user)) = (session.org_id, session.user_id) {
                    admin_rank(tx, org, user).await?;
                }
                return Ok(OWNER_RANK);
            }
            (Some(Source::Key(id)), _) => {
                let before = tx.api_key_by_id(org, id).await?;
                match before.and_then(|row| row.actor) {
                    Some(before) => actor = before,
                    None => return Ok(OWNER_RANK),
                }
            }
            _ => return Ok(OWNER_RANK),
        }
    }
    Err(Error::Unauthorized)
}

/// The rank of somebody who is an admin.
async fn admin_rank(tx: &mut Tx, org: OrganizationId, user: UserId) -> Result<i64, Error> {
    let rank = console::rank_of(tx, org, user).await?;
    if rank < ADMIN_RANK {
        return Err(Error::Unauthorized);
    }
    Ok(rank)
}

impl Change<'_> {
    /// Refuses a key of whoever reaches less high now than they do elsewhere: it would reach as high as they.
    pub(in crate::provisioning) async fn may_issue(&mut self) -> Result<(), Error> {
        let Some((Holder::Person(user, _), rank)) =
            self.access.as_ref().map(|it| (it.holder, it.rank))
        else {
            return Ok(());
        };
        let whole = console::rank_of(self.tx, self.org, user).await?;
        if rank < whole.min(OWNER_RANK - 1) {
            return Err(Error::Forbidden(
                "your role is higher than your sign-in reaches, and a key would have all of it; sign in by a link \
                 that you confirmed",
            ));
        }
        Ok(())
    }
}
