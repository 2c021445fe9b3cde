//! The public face of an error: its stable code, and what a person can do about it.

use super::Error;

impl Error {
    /// Whether the sender used SHA-1. Nothing is verified of such a message, so that anybody may
    /// have sent it.
    pub fn is_sha1(&self) -> bool {
        let Self::SignatureAlgorithmUnsupported { arrived } = self else {
            return false;
        };
        arrived.to_ascii_lowercase().ends_with("sha1")
    }

    /// What arrived in the place of what was expected, where the error knows it.
    pub fn arrived(&self) -> Option<String> {
        match self {
            Self::AudienceMismatch { arrived, .. } | Self::AuthnContextUnmet { arrived, .. } => {
                Some(arrived.join(", "))
            }
            Self::DestinationMismatch { arrived, .. }
            | Self::InResponseToUnknown { arrived, .. }
            | Self::IssuerMismatch { arrived, .. }
            | Self::MediaType { arrived }
            | Self::RecipientMismatch { arrived, .. } => arrived.clone(),
            Self::CertificateKeyType { algorithm } => Some(algorithm.clone()),
            Self::ConditionUnknown { arrived }
            | Self::EncryptionAlgorithmUnsupported { arrived }
            | Self::SignatureAlgorithmUnsupported { arrived }
            | Self::TransformRefused { arrived } => Some(arrived.clone()),
            Self::Expired { limit, .. } | Self::NotYetValid { limit, .. } => {
                Some(limit.to_string())
            }
            Self::AuthnInstant { arrived, .. } => arrived.map(|at| at.to_string()),
            Self::IssueInstant { arrived, .. } => Some(arrived.to_string()),
            Self::Status { top, second } => Some(match second {
                Some(second) => format!("{top} {second}"),
                None => top.clone(),
            }),
            _ => None,
        }
    }

    /// The public code of the rule: stable, in `snake_case`.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::AssertionSignatureMissing => "signature_missing_on_assertion",
            Self::AudienceMismatch { .. } => "audience_mismatch",
            Self::AuthnContextUnmet { .. } => "authn_context_unmet",
            Self::AuthnInstant { .. } => "authentication_too_old",
            Self::AuthnStatementMissing => "authn_statement_missing",
            Self::CertificateKeyType { .. } => "certificate_key_type",
            Self::CertificateMissing => "certificate_missing",
            Self::CertificateUnusable { .. } => "certificate_unusable",
            Self::CommentInValue { .. } => "comment_in_value",
            Self::ConditionUnknown { .. } => "condition_unknown",
            Self::ConditionsMissing => "conditions_missing",
            Self::DestinationMismatch { .. } => "destination_mismatch",
            Self::DecryptionFailed => "decryption_failed",
            Self::DecryptionKeyMissing => "decryption_key_missing",
            Self::DecryptionKeyUnusable { .. } => "decryption_key_unusable",
            Self::Doctype => "doctype",
            Self::DuplicateField { .. } => "duplicate_field",
            Self::EncryptedElementUnsupported { .. } => "encrypted_element_unsupported",
            Self::EncryptionAlgorithmUnsupported { .. } => "encryption_algorithm_unsupported",
            Self::EncryptionRequired => "encryption_required",
            Self::Expired { .. } => "expired",
            Self::InResponseToUnknown { .. } => "in_response_to_unknown",
            Self::IssueInstant { .. } => "issue_instant",
            Self::IssuerMismatch { .. } => "issuer_mismatch",
            Self::MalformedBase64 => "malformed_base64",
            Self::MalformedDeflate => "malformed_deflate",
            Self::MalformedEncoding { .. } => "malformed_encoding",
            Self::MalformedForm { .. } => "malformed_form",
            Self::MalformedTime { .. } => "malformed_time",
            Self::MalformedXml { .. } => "malformed_xml",
            Self::MediaType { .. } => "media_type",
            Self::MetadataAmbiguous { .. } => "metadata_ambiguous",
            Self::MetadataCertificateMissing { .. } => "metadata_certificate_missing",
            Self::MetadataEndpoint { .. } => "metadata_endpoint",
            Self::MetadataEntityId => "metadata_entity_id",
            Self::MetadataExpired { .. } => "metadata_expired",
            Self::MetadataIdentityProviderMissing { .. } => "metadata_identity_provider_missing",
            Self::MissingMessage => "missing_message",
            Self::MissingResponse => "missing_response",
            Self::NameId { .. } => "name_id",
            Self::NotYetValid { .. } => "not_yet_valid",
            Self::RecipientMismatch { .. } => "recipient_mismatch",
            Self::ResponseSignatureMissing => "signature_missing_on_response",
            Self::SeveralAssertions { .. } => "several_assertions",
            Self::SignatureAlgorithmUnsupported { .. } => "signature_algorithm_unsupported",
            Self::SignatureInvalid { .. } => "signature_invalid",
            Self::SignatureMissing => "signature_missing",
            Self::Status { top, second } => status(top, second.as_deref()).0,
            Self::Structure { .. } => "structure",
            Self::SubjectAttribute { .. } => "subject_attribute",
            Self::SubjectConfirmation { .. } => "subject_confirmation",
            Self::TooLarge { .. } => "too_large",
            Self::TransformRefused { .. } => "transform_refused",
        }
    }

    /// What to tell the person, for the faults a person or their administrator can act on.
    pub fn help(&self) -> Option<&'static str> {
        Some(match self {
            Self::AssertionSignatureMissing => {
                "Your identity provider does not sign its assertion, as is demanded here. Ask your administrator to have assertions signed."
            }
            Self::AudienceMismatch { .. } => {
                "Your identity provider addressed its answer to another application. Ask your administrator to compare the entity id (audience)."
            }
            Self::AuthnContextUnmet { .. } => {
                "A stronger sign-in is needed here. Sign in at your identity provider with a second factor, and try again; if it happens every time, give your administrator the reference below."
            }
            Self::AuthnInstant { .. } => {
                "You were to sign in afresh, and your identity provider let you through without. Sign out there, and try again."
            }
            Self::DecryptionFailed => {
                "The answer of your identity provider cannot be decrypted. Ask your administrator to compare the encryption certificate."
            }
            Self::DecryptionKeyMissing => {
                "Your identity provider encrypts its answer, which is not set up here. Ask your administrator to switch assertion encryption off."
            }
            Self::EncryptionAlgorithmUnsupported { .. } => {
                "Your identity provider encrypts with an algorithm that is not accepted. Ask your administrator to choose AES-GCM, and RSA-OAEP for its key."
            }
            Self::EncryptionRequired => {
                "Your identity provider does not encrypt its answer, as is demanded here. Ask your administrator to switch assertion encryption on."
            }
            Self::Expired { .. } => {
                "The answer of your identity provider has expired. Start again from your identity provider; if it happens every time, the clocks disagree."
            }
            Self::IssueInstant { .. } | Self::NotYetValid { .. } => {
                "The answer of your identity provider is too old or not valid yet. Start again; if it happens every time, the clocks disagree."
            }
            Self::ResponseSignatureMissing => {
                "Your identity provider does not sign its response, as is demanded here. Ask your administrator to have responses signed."
            }
            Self::SignatureAlgorithmUnsupported { .. } => {
                "Your identity provider signs with an algorithm that is not accepted. Ask your administrator to choose RSA-SHA256 as its signature algorithm."
            }
            Self::Status { top, second } => return status(top, second.as_deref()).1,
            Self::SubjectAttribute { .. } => {
                "Your identity provider did not say who you are in the attribute that is read here. Ask your administrator to have it sent, with one value."
            }
            _ => return None,
        })
    }
}

/// The reason and the sentence of a status that is not Success (Core 3.2.2.2).
fn status(top: &str, second: Option<&str>) -> (&'static str, Option<&'static str>) {
    let last = |code: &str| code.rsplit(':').next().unwrap_or_default().to_owned();
    match (last(top).as_str(), second.map(last).as_deref()) {
        (_, Some("AuthnFailed")) => (
            "status_authn_failed",
            Some("Your identity provider did not sign you in."),
        ),
        (_, Some("RequestDenied")) => (
            "status_request_denied",
            Some("You are not assigned to this application."),
        ),
        (_, Some("NoPassive")) => (
            "status_no_passive",
            Some("Your identity provider needs you to sign in yourself."),
        ),
        (_, Some("NoAuthnContext")) => (
            "status_no_authn_context",
            Some("The application needs a stronger sign-in."),
        ),
        (_, Some("InvalidNameIDPolicy")) => (
            "status_invalid_name_id_policy",
            Some("Ask your administrator to check the NameID format of this application."),
        ),
        ("VersionMismatch", _) => ("status_version_mismatch", Some(CONFIGURATION)),
        ("Requester", _) => ("status_requester", Some(CONFIGURATION)),
        ("Responder", _) => (
            "status_responder",
            Some("Your identity provider could not sign you in."),
        ),
        _ => ("status_other", None),
    }
}

const CONFIGURATION: &str = "Your identity provider refused the request. Ask your administrator to check its configuration.";
