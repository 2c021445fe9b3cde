//! Identifiers and randomness: typed ids (UUID version 7, RFC 9562 §5.7) and the one source of
//! random bytes. A `GroupId` is never handed where a `UserId` is due.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Clock;

/// The one source of randomness: the operating system's, or a seed's in a test.
#[derive(Clone)]
pub struct Entropy {
    usual: Arc<Mutex<StdRng>>,
    salts: Arc<Mutex<StdRng>>,
}

impl Entropy {
    /// Seeded by the operating system.
    pub fn system() -> Self {
        Self::of(StdRng::from_os_rng(), StdRng::from_os_rng())
    }

    /// The same bytes in the same order every time: for tests only.
    pub fn seeded(seed: u64) -> Self {
        Self::of(StdRng::seed_from_u64(seed), StdRng::seed_from_u64(!seed))
    }

    fn of(usual: StdRng, salts: StdRng) -> Self {
        Self {
            usual: Arc::new(Mutex::new(usual)),
            salts: Arc::new(Mutex::new(salts)),
        }
    }

    /// So many fresh random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        drawn(&self.usual)
    }

    /// Random bytes that nobody is shown, from a stream of their own.
    pub fn salt<const N: usize>(&self) -> [u8; N] {
        drawn(&self.salts)
    }
}

fn drawn<const N: usize>(from: &Mutex<StdRng>) -> [u8; N] {
    let mut bytes = [0; N];
    from.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .fill_bytes(&mut bytes);
    bytes
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}

/// Makes identifiers from the clock and the source of randomness.
#[derive(Clone, Debug)]
pub struct Ids {
    clock: Clock,
    entropy: Entropy,
}

impl Ids {
    /// Ids that carry this clock's time and this source's randomness.
    pub fn new(clock: Clock, entropy: Entropy) -> Self {
        Self { clock, entropy }
    }

    /// A fresh id of the wanted type. Ids made later sort later, down to a fraction of a
    /// microsecond (RFC 9562 §6.2, method 3): the id is also the key that pages walk along.
    pub fn next<T: From<Uuid>>(&self) -> T {
        let micros = self.clock.now().as_microsecond();
        let millis = u64::try_from(micros.div_euclid(1000)).unwrap_or(0);
        let fraction = u16::try_from(micros.rem_euclid(1000) * 4096 / 1000).unwrap_or(0);
        let mut random: [u8; 10] = self.entropy.bytes();
        let [low, high, ..] = &mut random;
        [*low, *high] = fraction.to_be_bytes();
        T::from(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The source of randomness behind the ids.
    pub fn entropy(&self) -> &Entropy {
        &self.entropy
    }

    /// The clock behind the ids.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }
}

/// The text was not an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier: a lower-case hyphenated UUID is expected")]
pub struct Malformed;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The bare UUID, for the store.
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            /// Only the plain lower-case hyphenated form: one thing has one name.
            fn from_str(text: &str) -> Result<Self, Malformed> {
                let uuid = Uuid::try_parse(text).map_err(|_| Malformed)?;
                let id = Self(uuid);
                if id.to_string() == text { Ok(id) } else { Err(Malformed) }
            }
        }
    )+};
}

ids! {
    /// An application behind Usher.
    AppId;
    /// A bearer key of the admin API.
    ApiKeyId;
    /// The owner's way in, opened for a while.
    BreakGlassId;
    /// One authorization code.
    CodeId;
    /// A connection to an identity provider.
    ConnectionId;
    /// A link that lets somebody in at the console, once.
    ConsoleLinkId;
    /// Somebody's session at the console.
    ConsoleSessionId;
    /// Something that is owed to somebody outside: a mail.
    DeliveryId;
    /// One event.
    EventId;
    /// A grant: a role from one source.
    GrantId;
    /// A link between a person and a SAML subject.
    IdentityId;
    /// A committed import.
    ImportId;
    /// A wish to be invited at another address.
    InvitationChangeId;
    /// An invitation.
    InvitationId;
    /// A worker's hold on a delivery.
    LeaseId;
    /// A six-digit code that was mailed.
    MailCodeId;
    /// A group-to-role mapping.
    MappingId;
    /// An organization.
    OrganizationId;
    /// An OAuth client of a connection; as text it is the client id.
    OauthClientId;
    /// A project of an organization.
    ProjectId;
    /// Roles that are computed anew, in batches.
    RecomputeId;
    /// The refresh tokens that came of one authorization code.
    RefreshFamilyId;
    /// A role of an organization.
    RoleId;
    /// One of our own keys of a connection.
    SamlKeyId;
    /// A sign-in by SAML, good or refused.
    SignInId;
    /// A SCIM Group.
    ScimGroupId;
    /// A request of a SCIM client: the id that its answer told.
    ScimRequestId;
    /// A SCIM bearer token.
    ScimTokenId;
    /// A SCIM User.
    ScimUserId;
    /// A person's session.
    SessionId;
    /// A link by which somebody without an account sets up a connection.
    SetupLinkId;
    /// A transfer of ownership.
    TransferId;
    /// A person.
    UserId;
    /// A safeguard that tripped.
    SafeguardId;
    /// Something that a directory says and that is not in force.
    WaiverId;
    /// Where an organization's events are posted to.
    WebhookId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_made_later_sort_later() {
        let clock = Clock::fixed("2026-11-22T10:00:00Z".parse().unwrap());
        let ids = Ids::new(clock.clone(), Entropy::seeded(1));
        let first: UserId = ids.next();
        if let Clock::Fixed(micros) = &clock {
            micros.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
        let second: UserId = ids.next();
        assert!(first < second);
        assert_eq!(first.uuid().get_version_num(), 7);
    }

    #[test]
    fn only_the_plain_form_is_an_id() {
        let text = "0192f1b0-5b1e-7c3a-9f00-0123456789ab";
        assert!(text.parse::<UserId>().is_ok());
        for other in [
            text.to_uppercase(),
            text.replace('-', ""),
            format!("{{{text}}}"),
            "1".into(),
        ] {
            assert_eq!(other.parse::<UserId>(), Err(Malformed));
        }
    }
}
