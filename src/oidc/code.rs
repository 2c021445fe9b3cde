//! The authorization code (RFC 6749 §4.1.2, §10.5): what it is bound to and how long it lives.
//! That it is used only once is the store's to see to.

use jiff::Timestamp;

use super::pkce::Challenge;
use super::token::CodeGrant;
use super::{Code, Error};

/// How long a code can be redeemed.
pub const LIFETIME_SECONDS: i64 = 60;

/// What a code was issued for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The client that asked.
    pub client_id: String,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// What the verifier must meet.
    pub challenge: Challenge,
    /// When.
    pub issued_at: Timestamp,
}

impl Binding {
    /// Whether this client may redeem the code so: the same client, the same address, the
    /// verifier, in time. Which of them failed is not told to the app; all are `invalid_grant`.
    pub fn admits(
        &self,
        client_id: &str,
        request: &CodeGrant,
        now: Timestamp,
    ) -> Result<(), Error> {
        let age = now.duration_since(self.issued_at).as_secs();
        if self.client_id == client_id
            && self.redirect_uri == request.redirect_uri
            && self.challenge.is_met_by(&request.verifier)
            && age < LIFETIME_SECONDS
        {
            Ok(())
        } else {
            Err(REFUSED)
        }
    }
}

/// The one answer for a code that is unknown, used, expired or another's.
pub const REFUSED: Error = Code::InvalidGrant.because("the code cannot be redeemed");

#[cfg(test)]
mod tests {
    use super::super::pkce::Verifier;
    use super::*;

    #[test]
    fn a_code_is_redeemed_only_by_whom_it_was_issued_to_and_in_time() {
        let verifier = "v".repeat(43);
        let binding = Binding {
            client_id: "app".to_owned(),
            redirect_uri: "https://app.example/cb".to_owned(),
            challenge: Verifier::parse(&verifier).unwrap().challenge(),
            issued_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        };
        let (uri, other) = ("https://app.example/cb", "w".repeat(43));
        let table = [
            ("app", uri, &verifier, "2026-01-01T00:00:00Z", true),
            ("app", uri, &verifier, "2026-01-01T00:00:59.9Z", true),
            ("app", uri, &verifier, "2026-01-01T00:01:00Z", false),
            ("other", uri, &verifier, "2026-01-01T00:00:00Z", false),
            (
                "app",
                "https://app.example/",
                &verifier,
                "2026-01-01T00:00:00Z",
                false,
            ),
            ("app", uri, &other, "2026-01-01T00:00:00Z", false),
        ];
        for (client, uri, verifier, now, admitted) in table {
            let request = CodeGrant {
                code: "c".to_owned(),
                redirect_uri: uri.to_owned(),
                verifier: Verifier::parse(verifier).unwrap(),
            };
            let answer = binding.admits(client, &request, now.parse().unwrap());
            assert_eq!(answer.is_ok(), admitted, "{client} {uri} {now}");
        }
    }
}
