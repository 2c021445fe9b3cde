//! Ownership: how a transfer goes, and the links by which somebody is asked for a yes. A link is mailed and
//! proves the mailbox; it is good for the one question, and while the person has the address.
//!
//! `yes_` + base64url(question (1 byte) | what it is about (16) | proof (32)), where the proof is HMAC-SHA-256
//! (RFC 2104) of all that with the organization and the mark of the address.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use uuid::Uuid;

use crate::directory::invitation::link::{LinkKey, LinkKeys};
use crate::directory::words::words;
use crate::id::OrganizationId;

const PREFIX: &str = "yes_";
/// What the proof is for: the same key makes other proofs, too.
const PURPOSE: &[u8] = b"usher question 1";

words! {
    /// How far a transfer of ownership is.
    TransferState {
        /// The chosen admin said yes, and owns the organization.
        Accepted = "accepted",
        /// The chosen admin is asked.
        AwaitingAcceptance = "awaiting_acceptance",
        /// The operator is asked, since the owner cannot act.
        AwaitingOperator = "awaiting_operator",
        /// The owner is asked first.
        AwaitingOwner = "awaiting_owner",
        /// It was taken back.
        Cancelled = "cancelled",
        /// The chosen admin said no.
        Declined = "declined",
        /// Nobody answered in time.
        Expired = "expired",
        /// The operator made it at once.
        Forced = "forced",
        /// The owner said no.
        Refused = "refused",
        /// Another transfer took its place.
        Superseded = "superseded",
    }
}

impl TransferState {
    /// What it is at an instant, where it expires at another.
    #[must_use]
    pub fn at(self, expires_at: Timestamp, now: Timestamp) -> Self {
        match self {
            Self::AwaitingAcceptance | Self::AwaitingOperator | Self::AwaitingOwner
                if expires_at <= now =>
            {
                Self::Expired
            }
            Self::Accepted
            | Self::AwaitingAcceptance
            | Self::AwaitingOperator
            | Self::AwaitingOwner
            | Self::Cancelled
            | Self::Declined
            | Self::Expired
            | Self::Forced
            | Self::Refused
            | Self::Superseded => self,
        }
    }

    /// Whether somebody is asked yet.
    pub fn is_open(self) -> bool {
        matches!(
            self,
            Self::AwaitingAcceptance | Self::AwaitingOperator | Self::AwaitingOwner
        )
    }
}

words! {
    /// Whether the owner can come in without a connection.
    BreakGlassState {
        /// They cannot.
        Closed = "closed",
        /// They can, by the link and a code.
        Open = "open",
    }
}

words! {
    /// What somebody is asked.
    Question {
        /// Whether they take the ownership.
        Accept = "accept",
        /// Whether somebody else is to own the organization instead of them.
        Confirm = "confirm",
        /// Whether a person may sign in up to their own role.
        Link = "link",
    }
}

impl Question {
    fn byte(self) -> u8 {
        match self {
            Self::Accept => b'a',
            Self::Confirm => b'c',
            Self::Link => b'l',
        }
    }

    fn of_byte(byte: u8) -> Option<Self> {
        match byte {
            b'a' => Some(Self::Accept),
            b'c' => Some(Self::Confirm),
            b'l' => Some(Self::Link),
            _ => None,
        }
    }
}

/// What a link says of itself. `Debug` does not show what would make it good.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct QuestionClaim {
    /// What is asked.
    pub question: Question,
    /// What it is about.
    pub about: Uuid,
    proof: [u8; 32],
}

impl QuestionClaim {
    /// The claim of a link that asks this of whoever has the address of the mark.
    pub fn new(
        key: &LinkKey,
        org: OrganizationId,
        question: Question,
        about: Uuid,
        mark: &str,
    ) -> Self {
        let proof = due(key, org, question, about, mark);
        Self {
            question,
            about,
            proof,
        }
    }

    /// Reads a token. What it says is worth nothing before [`QuestionClaim::is_proven`].
    pub fn parse(token: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(PREFIX)?).ok()?;
        let (question, rest) = bytes.split_first()?;
        let (about, proof) = rest.split_first_chunk::<16>()?;
        Some(Self {
            question: Question::of_byte(*question)?,
            about: Uuid::from_bytes(*about),
            proof: proof.try_into().ok()?,
        })
    }

    /// The token's text, to be put into the link.
    pub fn token(&self) -> String {
        let bytes = [
            &[self.question.byte()][..],
            self.about.as_bytes(),
            &self.proof,
        ];
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes.concat()))
    }

    /// Whether we made it, for this organization and this mark.
    pub fn is_proven(&self, keys: &LinkKeys, org: OrganizationId, mark: &str) -> bool {
        keys.prove(&self.proof, |key| {
            due(key, org, self.question, self.about, mark)
        })
    }
}

fn due(
    key: &LinkKey,
    org: OrganizationId,
    question: Question,
    about: Uuid,
    mark: &str,
) -> [u8; 32] {
    key.mac(&[
        PURPOSE,
        org.uuid().as_bytes(),
        &[question.byte()],
        about.as_bytes(),
        mark.as_bytes(),
    ])
}

impl fmt::Debug for QuestionClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QuestionClaim({}, {})", self.question, self.about)
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

    #[test]
    fn a_link_asks_one_question_of_one_address_in_one_organization() {
        let (keys, about) = (keys(), Uuid::from_u128(7));
        for key in [Some(&keys.current), keys.previous.as_ref()] {
            let made = QuestionClaim::new(key.unwrap(), org(1), Question::Accept, about, "m");
            let read = QuestionClaim::parse(&made.token()).unwrap();
            assert_eq!(read, made);
            assert!(read.is_proven(&keys, org(1), "m"));
            assert!(!read.is_proven(&keys, org(2), "m"));
            assert!(!read.is_proven(&keys, org(1), "n"));
            let other = QuestionClaim {
                question: Question::Confirm,
                ..read
            };
            assert!(!other.is_proven(&keys, org(1), "m"));
            assert!(!format!("{read:?}").contains(&made.token()));
        }
    }

    #[test]
    fn no_byte_of_a_link_can_be_changed() {
        let (keys, about) = (keys(), Uuid::from_u128(7));
        let token = QuestionClaim::new(&keys.current, org(1), Question::Link, about, "m").token();
        let bytes = URL_SAFE_NO_PAD
            .decode(token.strip_prefix(PREFIX).unwrap())
            .unwrap();
        for position in 0..bytes.len() {
            for bit in 0..8 {
                let mut altered = bytes.clone();
                altered[position] ^= 1 << bit;
                let altered = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(altered));
                let claim = QuestionClaim::parse(&altered);
                assert!(!claim.is_some_and(|it| it.is_proven(&keys, org(1), "m")));
            }
        }
        for text in [
            "",
            "yes_",
            &token.replace("yes_", "inv_"),
            &format!("{token}AAAA"),
        ] {
            assert_eq!(QuestionClaim::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_transfer_expires_while_somebody_is_asked() {
        let now = Timestamp::UNIX_EPOCH;
        for word in TransferState::WORDS {
            let state: TransferState = word.parse().unwrap();
            let expected = if state.is_open() {
                TransferState::Expired
            } else {
                state
            };
            assert_eq!(state.at(now, now), expected);
            let later = now + jiff::SignedDuration::from_secs(1);
            assert_eq!(state.at(later, now), state);
        }
    }
}
