//! An `externalId`: what a directory calls a person, and whether it can mean another one tomorrow.

use crate::scim;

/// Whether an externalId looks like one that a directory made up and never gives twice: long,
/// of letters, digits and hyphens, with digits in it, and no part of the userName. Entra's
/// default, the mail nickname, is inherited by the next person of that name.
pub fn is_opaque(external_id: &str, user_name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    external_id.len() >= 16
        && external_id.chars().all(plain)
        && external_id.chars().filter(char::is_ascii_digit).count() >= 3
        && !scim::fold(user_name).contains(&scim::fold(external_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nickname_is_not_opaque() {
        for (external_id, opaque) in [
            ("0192f1b0-5b1e-7c3a-9f00-0123456789ab", true),
            ("00u1a2b3c4D5e6F7g8h9", true),
            ("ada", false),
            ("ada.lovelace", false),
            ("adalovelaceadalovelace", false),
            ("ada.lovelace@acme.example", false),
            ("1815121018521127", true),
        ] {
            assert_eq!(
                is_opaque(external_id, "ada.lovelace@acme.example"),
                opaque,
                "{external_id}"
            );
        }
    }
}
