//! The six digits that are mailed to prove a mailbox (semantics: a link that did not come by mail
//! proves nothing). They follow from the code's id and a key, so that nothing that is stored is
//! good for answering.

use subtle::ConstantTimeEq;

use super::link::LinkKey;
use crate::id::{MailCodeId, OrganizationId};

/// What the digits are for: the same key makes other proofs, too.
const PURPOSE: &[u8] = b"usher short code 1";
/// How many codes there are.
const CODES: u64 = 1_000_000;

/// The digits of a code.
pub fn digits(key: &LinkKey, org: OrganizationId, code: MailCodeId) -> String {
    let mac = key.mac(&[PURPOSE, org.uuid().as_bytes(), code.uuid().as_bytes()]);
    // 2^64 is so much more than a million that every code is as likely as any other.
    let (head, _) = mac.split_first_chunk::<8>().expect("a MAC has 32 bytes");
    let number = u64::from_be_bytes(*head) % CODES;
    format!("{number:06}")
}

/// Whether somebody said the digits of this code; spaces and hyphens between them say nothing.
pub fn is_said(key: &LinkKey, org: OrganizationId, code: MailCodeId, said: &str) -> bool {
    let said: String = said
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .collect();
    digits(key, org, code)
        .as_bytes()
        .ct_eq(said.as_bytes())
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_code_is_six_digits_of_its_own_organization_and_key() {
        let (key, other) = (LinkKey::new([1; 32]), LinkKey::new([2; 32]));
        let org = |n: u128| OrganizationId::from(Uuid::from_u128(n));
        let code = MailCodeId::from(Uuid::from_u128(7));
        let mine = digits(&key, org(1), code);
        assert!(mine.len() == 6 && mine.chars().all(|c| c.is_ascii_digit()));
        let (head, tail) = mine.split_at(3);
        for (said, good) in [
            (mine.clone(), true),
            (format!(" {head} {tail}\n"), true),
            (format!("{head}-{tail}"), true),
            (format!("{mine}0"), false),
            (head.to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(is_said(&key, org(1), code, &said), good, "{said}");
        }
        assert_ne!(mine, digits(&other, org(1), code));
        assert_ne!(mine, digits(&key, org(2), code));
    }
}
