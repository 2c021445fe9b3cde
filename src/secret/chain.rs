//! The key of the audit chain: what it makes, nobody makes who has the database alone. Each kind of
//! mac has a word of its own in it, so that none stands for another.

use std::fmt;

use super::{Hash, Key, mac};
use crate::id::Entropy;

/// The key that chains an organization's events.
#[derive(Clone)]
pub struct ChainKey([u8; 32]);

impl fmt::Debug for ChainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChainKey(redacted)")
    }
}

impl From<Key> for ChainKey {
    fn from(key: Key) -> Self {
        Self(key.0)
    }
}

impl ChainKey {
    /// A fresh key.
    pub fn random(entropy: &Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// The mac before the first row of a chain that begins after the row `seq`.
    pub fn genesis(&self, org: [u8; 16], seq: i64) -> Hash {
        self.tell("genesis", org, seq, &[])
    }

    /// The mac of the row `seq`, whose content has this digest, after a row of this mac.
    pub fn row(&self, org: [u8; 16], previous: &[u8], seq: i64, digest: &Hash) -> Hash {
        self.tell("row", org, seq, &[previous, digest])
    }

    /// The seal of the chain's end.
    pub fn head(&self, org: [u8; 16], seq: i64, mac: &[u8]) -> Hash {
        self.tell("head", org, seq, &[mac])
    }

    /// What stands in place of the seal where the chain went on from an end that was not sealed: it
    /// never becomes good again.
    pub fn broken(&self, org: [u8; 16], seq: i64, mac: &[u8]) -> Hash {
        self.tell("broken", org, seq, &[mac])
    }

    /// The seal of the chain's beginning: the last row before it.
    pub fn base(&self, org: [u8; 16], seq: i64, mac: &[u8]) -> Hash {
        self.tell("base", org, seq, &[mac])
    }

    fn tell(&self, what: &str, org: [u8; 16], seq: i64, parts: &[&[u8]]) -> Hash {
        let mut message = format!("usher audit 1 {what}\0").into_bytes();
        message.extend_from_slice(&org);
        message.extend_from_slice(&seq.to_be_bytes());
        for part in parts {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            message.extend_from_slice(&length.to_be_bytes());
            message.extend_from_slice(part);
        }
        mac(&self.0, &message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mac_stands_for_another() {
        let key = ChainKey::random(&Entropy::seeded(1));
        let (org, mac) = ([7; 16], [9; 32]);
        let all = [
            key.genesis(org, 1),
            key.genesis(org, 2),
            key.row(org, &mac, 1, &mac),
            key.head(org, 1, &mac),
            key.head([8; 16], 1, &mac),
            key.broken(org, 1, &mac),
            key.base(org, 1, &mac),
            ChainKey::random(&Entropy::seeded(2)).base(org, 1, &mac),
        ];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
        assert_eq!(format!("{key:?}"), "ChainKey(redacted)");
    }
}
