//! Who was let in and what was done, told from within the transactions of one request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use uuid::Uuid;

use crate::id::{ConnectionId, OrganizationId, SafeguardId, UserId};
use crate::provisioning::Settled;
use crate::provisioning::scim_client::Credential;

/// A caller whose token is good for the connection that the path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Met {
    /// The organization.
    pub org: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// What let it in.
    pub credential: Credential,
}

/// An event that a request brought about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Its number.
    pub seq: i64,
    /// The SCIM resource that it is about.
    pub resource: Option<Uuid>,
    /// The person whom it is about.
    pub user: Option<UserId>,
}

impl Effect {
    /// What the event of this number and these data is about.
    pub fn of(seq: i64, data: &Value) -> Self {
        let id = |name: &str| Uuid::try_parse(data.get(name)?.as_str()?).ok();
        Self {
            seq,
            resource: id("scim_id"),
            user: id("user_id").map(Into::into),
        }
    }
}

#[derive(Debug, Default)]
struct Seen {
    met: Option<Met>,
    effects: Vec<Effect>,
    /// How many of them are of transactions that stand.
    standing: usize,
    held: Option<SafeguardId>,
}

/// What one request's transactions tell. A transaction may run again, or come to nothing: what it
/// told stands once it is kept.
#[derive(Clone, Debug, Default)]
pub struct Witness(Arc<Mutex<Seen>>);

impl Witness {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says who was met.
    pub fn meet(&self, met: Met) {
        self.lock().met = Some(met);
    }

    /// Who was met, if the token was a good one.
    pub fn met(&self) -> Option<Met> {
        self.lock().met
    }

    /// A transaction begins, perhaps again.
    pub fn begin(&self) {
        let mut seen = self.lock();
        let standing = seen.standing;
        seen.effects.truncate(standing);
    }

    /// Says what a transaction did.
    pub fn tell(&self, settled: Settled) {
        let mut seen = self.lock();
        seen.effects.extend(settled.effects);
        seen.held = settled.held.or(seen.held);
    }

    /// The safeguard that holds some of what was asked.
    pub fn held(&self) -> Option<SafeguardId> {
        self.lock().held
    }

    /// The transaction stands.
    pub fn keep(&self) {
        let mut seen = self.lock();
        seen.standing = seen.effects.len();
    }

    /// What was done.
    pub fn effects(&self) -> Vec<Effect> {
        let seen = self.lock();
        seen.effects
            .get(..seen.standing)
            .unwrap_or_default()
            .to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_to_nothing_is_not_told() {
        let effect = |seq| Effect {
            seq,
            resource: None,
            user: None,
        };
        let settled = |seq| Settled {
            effects: vec![effect(seq)],
            held: None,
        };
        let witness = Witness::default();
        witness.begin();
        witness.tell(settled(1));
        witness.begin();
        witness.tell(settled(2));
        witness.keep();
        witness.begin();
        witness.tell(settled(3));
        assert_eq!(witness.effects(), [effect(2)]);
    }
}
