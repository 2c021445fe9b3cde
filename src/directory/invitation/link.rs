//! The link by which an invitation is accepted. It names the row and proves that we made it; who
//! is invited, to what and until when is read from the row, so that the role and the expiry change
//! under the same link, and nothing that is stored is good for accepting.
//!
//! `inv_` + base64url(invitation (16 bytes) | version (4) | channel (1) | proof (32)), where the
//! proof is HMAC-SHA-256 (RFC 2104) of all that with the organization before it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use subtle::{Choice, ConstantTimeEq};
use uuid::Uuid;

use crate::directory::words::words;
use crate::id::{InvitationId, OrganizationId};

const PREFIX: &str = "inv_";
/// What the proof is for: the same key makes other proofs, too.
const PURPOSE: &[u8] = b"usher invitation link 1";

words! {
    /// How a link left us, which decides what following it proves.
    Channel {
        /// Mailed to the invited address: who has it reads that mailbox.
        Mail = "mail",
        /// Shown to somebody who passes it on: it proves nothing about who follows it.
        Shared = "shared",
    }
}

impl Channel {
    fn byte(self) -> u8 {
        match self {
            Self::Mail => b'm',
            Self::Shared => b's',
        }
    }

    fn of_byte(byte: u8) -> Option<Self> {
        match byte {
            b'm' => Some(Self::Mail),
            b's' => Some(Self::Shared),
            _ => None,
        }
    }
}

/// A key that proves links. `Debug` never shows it.
#[derive(Clone)]
pub struct LinkKey([u8; 32]);

impl LinkKey {
    /// The key of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// HMAC-SHA-256 over parts, each with its length before it.
    pub(in crate::directory) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut message = Vec::new();
        for part in parts {
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part);
        }
        let mac = PKey::hmac(&self.0)
            .and_then(|key| {
                Signer::new(MessageDigest::sha256(), &key)?.sign_oneshot_to_vec(&message)
            })
            .expect("HMAC-SHA-256 takes a 32-byte key and any message");
        mac.try_into().expect("SHA-256 gives 32 bytes")
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(redacted)")
    }
}

/// The keys that prove links: links are made with the current one, and those made with the one
/// before are still good.
#[derive(Clone, Debug)]
pub struct LinkKeys {
    /// The one that makes links.
    pub current: LinkKey,
    /// The one before.
    pub previous: Option<LinkKey>,
}

impl LinkKeys {
    /// Whether one of the keys makes this proof, in a time that tells neither how nearly it was good nor which
    /// key made it.
    pub(in crate::directory) fn prove(
        &self,
        proof: &[u8; 32],
        due: impl Fn(&LinkKey) -> [u8; 32],
    ) -> bool {
        let all = std::iter::once(&self.current).chain(&self.previous);
        all.fold(Choice::from(0), |proven, key| {
            proven | due(key).ct_eq(proof)
        })
        .into()
    }
}

/// What a link says of itself. `Debug` does not show what would make it good.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LinkClaim {
    /// The invitation whose link it says to be.
    pub invitation: InvitationId,
    /// Its version: a link is good only while the invitation has the same for this channel.
    pub version: u32,
    /// How it left us.
    pub channel: Channel,
    proof: [u8; 32],
}

impl LinkClaim {
    /// The claim of a link to this invitation.
    pub fn new(
        key: &LinkKey,
        org: OrganizationId,
        invitation: InvitationId,
        version: u32,
        channel: Channel,
    ) -> Self {
        let mut claim = Self {
            invitation,
            version,
            channel,
            proof: [0; 32],
        };
        claim.proof = claim.due(key, org);
        claim
    }

    /// Reads a token. What it says is worth nothing before [`LinkClaim::is_proven`].
    pub fn parse(token: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (version, rest) = rest.split_first_chunk::<4>()?;
        let (channel, proof) = rest.split_first()?;
        Some(Self {
            invitation: Uuid::from_bytes(*id).into(),
            version: u32::from_be_bytes(*version),
            channel: Channel::of_byte(*channel)?,
            proof: proof.try_into().ok()?,
        })
    }

    /// The token's text, to be put into the link.
    pub fn token(&self) -> String {
        let bytes = [
            &self.invitation.uuid().into_bytes()[..],
            &self.version.to_be_bytes(),
            &[self.channel.byte()],
            &self.proof,
        ];
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes.concat()))
    }

    /// Whether we made it for an invitation of this organization.
    pub fn is_proven(&self, keys: &LinkKeys, org: OrganizationId) -> bool {
        keys.prove(&self.proof, |key| self.due(key, org))
    }

    fn due(&self, key: &LinkKey, org: OrganizationId) -> [u8; 32] {
        key.mac(&[
            PURPOSE,
            org.uuid().as_bytes(),
            self.invitation.uuid().as_bytes(),
            &self.version.to_be_bytes(),
            &[self.channel.byte()],
        ])
    }
}

impl fmt::Debug for LinkClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            invitation,
            version,
            channel,
            ..
        } = self;
        write!(f, "LinkClaim({invitation}, {version}, {channel})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn org(number: u128) -> OrganizationId {
        Uuid::from_u128(number).into()
    }

    fn keys() -> LinkKeys {
        LinkKeys {
            current: LinkKey::new([1; 32]),
            previous: Some(LinkKey::new([2; 32])),
        }
    }

    fn claim(key: &LinkKey) -> LinkClaim {
        let invitation = Uuid::from_u128(7).into();
        LinkClaim::new(key, org(1), invitation, 3, Channel::Mail)
    }

    #[test]
    fn a_link_is_read_and_proven_with_either_key() {
        let keys = keys();
        for key in [Some(&keys.current), keys.previous.as_ref()] {
            let made = claim(key.unwrap());
            let token = made.token();
            assert_eq!(token.len(), 4 + 71);
            let read = LinkClaim::parse(&token).unwrap();
            assert_eq!(read, made);
            assert_eq!((read.version, read.channel), (3, Channel::Mail));
            assert!(read.is_proven(&keys, org(1)));
            assert!(!read.is_proven(&keys, org(2)));
            assert!(!format!("{read:?}{keys:?}").contains(&token));
        }
        assert!(!claim(&LinkKey::new([3; 32])).is_proven(&keys, org(1)));
    }

    #[test]
    fn no_byte_of_a_link_can_be_changed() {
        let keys = keys();
        let token = claim(&keys.current).token();
        let bytes = URL_SAFE_NO_PAD
            .decode(token.strip_prefix(PREFIX).unwrap())
            .unwrap();
        for position in 0..bytes.len() {
            for bit in 0..8 {
                let mut altered = bytes.clone();
                altered[position] ^= 1 << bit;
                let altered = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(altered));
                let proven =
                    LinkClaim::parse(&altered).is_some_and(|it| it.is_proven(&keys, org(1)));
                assert!(!proven, "{position}");
            }
        }
        let mut shared = claim(&keys.current);
        shared.channel = Channel::Shared;
        assert!(!shared.is_proven(&keys, org(1)));
    }

    #[test]
    fn what_is_no_token_is_not_read() {
        let token = claim(&keys().current).token();
        let short = token.get(..token.len() - 4).unwrap();
        for text in [
            "",
            "inv_",
            short,
            token.strip_prefix(PREFIX).unwrap(),
            &format!("{token}AAAA"),
            &format!("{token}="),
            &token.replace(PREFIX, "INV_"),
            &format!("{PREFIX}{}", "+".repeat(71)),
            "inv_eyJhbGciOiJub25lIn0.e30.",
        ] {
            assert_eq!(LinkClaim::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_proof_stays_what_it_is() {
        // Links are out in mailboxes: a change of the layout would kill them all.
        let expected = "inv_AAAAAAAAAAAAAAAAAAAABwAAAANtbJom_tJH\
                        MYxFgSPp46ty0chGYwT7yGrWiIcstJDDTDc";
        assert_eq!(claim(&keys().current).token(), expected);
    }
}
