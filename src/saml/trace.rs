//! What was checked of a message, in the order of the checks: for whoever has to mend a sign-in.
//!
//! What is kept says nothing of the person but that there is one: names of attributes without their
//! values, the format of a NameID, addresses of machines, times.

use serde::{Deserialize, Serialize};

use super::error::Error;

/// A check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The form, its encoding, and that it is no larger than it may be.
    Form,
    /// What a response may look like at all, before any signature is computed.
    Structure,
    /// The identity provider says that it signed the person in.
    Status,
    /// What is encrypted for us was decrypted, and every signature is of a trusted certificate.
    Signature,
    /// It comes from the connection's identity provider.
    Issuer,
    /// It was sent to us.
    Destination,
    /// Its time has come and is not over, and it is for us.
    Conditions,
    /// It answers an open request of ours, or none.
    InResponseTo,
    /// Whoever brings it is the one it is about.
    SubjectConfirmation,
    /// The person authenticated, and the session there is not over.
    Authentication,
    /// It was issued just now.
    IssueInstant,
    /// The person has a name that we know to read.
    NameId,
    /// The attributes hold together.
    Attributes,
    /// It is used the first time, and whoever asked for it may still bring it.
    Replay,
    /// The person may come in.
    Person,
}

impl Step {
    const ALL: [Self; 15] = [
        Self::Form,
        Self::Structure,
        Self::Status,
        Self::Signature,
        Self::Issuer,
        Self::Destination,
        Self::Conditions,
        Self::InResponseTo,
        Self::SubjectConfirmation,
        Self::Authentication,
        Self::IssueInstant,
        Self::NameId,
        Self::Attributes,
        Self::Replay,
        Self::Person,
    ];

    /// What is checked, for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Form => "The form that was posted",
            Self::Structure => "The structure of the message",
            Self::Status => "The status that the identity provider tells",
            Self::Signature => "Decryption and signatures",
            Self::Issuer => "Issuer",
            Self::Destination => "Destination",
            Self::Conditions => "Conditions and audience",
            Self::InResponseTo => "The request that it answers",
            Self::SubjectConfirmation => "Subject confirmation and recipient",
            Self::Authentication => "AuthnStatement",
            Self::IssueInstant => "IssueInstant",
            Self::NameId => "NameID",
            Self::Attributes => "Attributes",
            Self::Replay => "First use",
            Self::Person => "The person",
        }
    }
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// The rule holds.
    Passed,
    /// It does not.
    Failed,
    /// An earlier check failed, or it was left out: in testing nobody comes in.
    NotReached,
}

/// A check and its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Check {
    /// What was checked.
    pub check: Step,
    /// How it ended.
    pub result: Ended,
    /// What was expected, where that is one thing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expected: Option<String>,
    /// What arrived.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub arrived: Option<String>,
    /// The stable code of the rule that does not hold.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// What is wrong, or should be known, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
}

/// The checks so far; the last one may be under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace(Vec<Check>);

impl Trace {
    /// Begins a check; those before it passed.
    pub fn at(&mut self, check: Step) {
        self.0.push(Check {
            check,
            result: Ended::Passed,
            expected: None,
            arrived: None,
            reason: None,
            detail: None,
        });
    }

    /// Begins a check, and says what is expected.
    pub fn expects(&mut self, check: Step, expected: &str) {
        self.at(check);
        if let Some(last) = self.0.last_mut() {
            last.expected = Some(expected.to_owned());
        }
    }

    /// Begins a check, and says what is expected where that is something.
    pub fn may_expect(&mut self, check: Step, expected: Option<String>) {
        self.at(check);
        if let Some(last) = self.0.last_mut() {
            last.expected = expected;
        }
    }

    /// Says what arrived for the check that is under way.
    pub fn arrives(&mut self, arrived: impl Into<String>) {
        if let Some(last) = self.0.last_mut() {
            last.arrived = Some(arrived.into());
        }
    }

    /// Says what should be known of the check that is under way, though it passed.
    pub fn warns(&mut self, detail: impl Into<String>) {
        if let Some(last) = self.0.last_mut() {
            last.detail = Some(detail.into());
        }
    }

    /// The check that is under way fails by a rule of the product.
    pub fn fails(&mut self, reason: &str, detail: impl Into<String>) {
        if let Some(last) = self.0.last_mut() {
            last.result = Ended::Failed;
            last.reason = Some(reason.to_owned());
            last.detail = Some(detail.into());
        }
    }

    /// The check that is under way fails by a rule of SAML. The status is read with the structure,
    /// and is a check of its own.
    pub fn refuses(&mut self, error: &Error) {
        if matches!(error, Error::Status { .. }) {
            self.at(Step::Status);
        }
        if self.0.is_empty() {
            self.at(Step::Form);
        }
        if let Some(arrived) = error.arrived() {
            self.arrives(arrived);
        }
        self.fails(error.reason(), error.to_string());
    }

    /// All checks: those that came to their end, and those that were not reached.
    pub fn checks(&self) -> Vec<Check> {
        let mut all = self.0.clone();
        for step in Step::ALL {
            if !all.iter().any(|check| check.check == step) {
                let mut left = Self::default();
                left.at(step);
                let result = Ended::NotReached;
                all.extend(left.0.into_iter().map(|check| Check { result, ..check }));
            }
        }
        let place = |check: &Check| Step::ALL.iter().position(|step| *step == check.check);
        all.sort_by_key(place);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_a_failure_was_not_reached() {
        let mut trace = Trace::default();
        trace.at(Step::Form);
        trace.at(Step::Structure);
        trace.at(Step::Status);
        trace.at(Step::Signature);
        trace.expects(Step::Issuer, "https://idp.example");
        trace.refuses(&Error::IssuerMismatch {
            expected: "https://idp.example".to_owned(),
            arrived: Some("https://evil.example".to_owned()),
        });
        let checks = trace.checks();
        assert_eq!(checks.len(), Step::ALL.len());
        let ended: Vec<_> = checks.iter().map(|check| check.result).collect();
        assert_eq!(ended[..4], [Ended::Passed; 4]);
        assert_eq!(ended[4], Ended::Failed);
        assert!(ended[5..].iter().all(|it| *it == Ended::NotReached));
        let issuer = &checks[4];
        assert_eq!(issuer.arrived.as_deref(), Some("https://evil.example"));
        assert_eq!(issuer.reason.as_deref(), Some("issuer_mismatch"));
    }

    #[test]
    fn a_status_is_a_check_of_its_own() {
        let mut trace = Trace::default();
        trace.at(Step::Form);
        trace.at(Step::Structure);
        trace.refuses(&Error::Status {
            top: "urn:oasis:names:tc:SAML:2.0:status:Responder".to_owned(),
            second: None,
        });
        let checks = trace.checks();
        assert_eq!(checks[1].result, Ended::Passed);
        assert_eq!(checks[2].check, Step::Status);
        assert_eq!(checks[2].result, Ended::Failed);
    }
}
