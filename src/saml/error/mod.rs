//! Why a SAML message was refused: one variant a rule, with what was expected and what arrived.
//!
//! [`Error::reason`] is public and stable. `Display` is for the log: it names elements, algorithms,
//! addresses of services and times, never a NameID or an attribute's value. [`Error::help`] is a sentence
//! for the person in front of the browser, for the few faults a person can do something about.

mod reason;

use jiff::Timestamp;

/// A refused message.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The assertion is not signed itself, as the connection demands.
    #[error("the assertion has no signature of its own, which this connection demands")]
    AssertionSignatureMissing,
    /// No AudienceRestriction, or one that does not hold us (Core 2.5.1.4).
    #[error(
        "the audience is {arrived:?}, not {expected}{}",
        near_miss(expected, arrived)
    )]
    AudienceMismatch {
        /// Our entity id.
        expected: String,
        /// The audiences of the first restriction that does not hold us.
        arrived: Vec<String>,
    },
    /// No AuthnStatement has a class of the context that the connection demands (Core 2.7.2.2).
    #[error("the classes of the authentication's context are {arrived:?}, not {expected}")]
    AuthnContextUnmet {
        /// What is demanded.
        expected: String,
        /// The classes of the first statements.
        arrived: Vec<String>,
    },
    /// The person was to authenticate afresh, and did so at another time, or nobody says when.
    #[error(
        "authenticated {arrived:?}, it is {now}; this connection demands a fresh authentication"
    )]
    AuthnInstant {
        /// When, by the statement that counts.
        arrived: Option<Timestamp>,
        /// The server's time.
        now: Timestamp,
    },
    /// No AuthnStatement (Profiles 4.1.4.2).
    #[error("the assertion has no AuthnStatement")]
    AuthnStatementMissing,
    /// None of the trusted certificates has a key for the algorithm of the signature.
    #[error("no trusted certificate has a key for {algorithm}")]
    CertificateKeyType {
        /// The SignatureMethod of the message.
        algorithm: String,
    },
    /// The connection has no certificate, so nothing can be verified.
    #[error("the connection has no certificate to verify with")]
    CertificateMissing,
    /// A certificate that cannot be read or is too weak.
    #[error("unusable certificate: {why}")]
    CertificateUnusable {
        /// What is wrong with it.
        why: &'static str,
    },
    /// A comment or processing instruction inside an element whose text we read.
    #[error("a comment or processing instruction inside {element}")]
    CommentInValue {
        /// The element.
        element: String,
    },
    /// A condition that we do not know (Core 2.5.1).
    #[error("unknown condition {arrived}")]
    ConditionUnknown {
        /// Its name.
        arrived: String,
    },
    /// The assertion has no Conditions.
    #[error("the assertion has no Conditions")]
    ConditionsMissing,
    /// Destination is not our assertion consumer service, or lacks in a signed response (Bindings 3.5.5.2).
    #[error(
        "the destination is {arrived:?}, not {expected}{}",
        near_miss(expected, arrived)
    )]
    DestinationMismatch {
        /// Our assertion consumer service.
        expected: String,
        /// What arrived.
        arrived: Option<String>,
    },
    /// The assertion was not encrypted for us, or is not what it seemed to be. Nothing more is said of
    /// what nobody signed: a reason would tell of the plaintext.
    #[error("the assertion cannot be decrypted")]
    DecryptionFailed,
    /// The assertion is encrypted, and we have no key of our own.
    #[error("the assertion is encrypted, and there is no key to decrypt with")]
    DecryptionKeyMissing,
    /// A private key of ours that cannot be read or is too weak.
    #[error("unusable decryption key: {why}")]
    DecryptionKeyUnusable {
        /// What is wrong with it.
        why: &'static str,
    },
    /// A document type declaration.
    #[error("a document type declaration")]
    Doctype,
    /// A form field that may occur once came again.
    #[error("the form has {field} more than once")]
    DuplicateField {
        /// The field.
        field: &'static str,
    },
    /// An EncryptedID or EncryptedAttribute.
    #[error("an encrypted element: {element}")]
    EncryptedElementUnsupported {
        /// Its name.
        element: &'static str,
    },
    /// An algorithm of encryption that we do not take, or not for this connection.
    #[error("the encryption algorithm {arrived} is not supported")]
    EncryptionAlgorithmUnsupported {
        /// Its identifier.
        arrived: String,
    },
    /// The assertion is not encrypted, as the connection demands.
    #[error("the assertion is not encrypted, which this connection demands")]
    EncryptionRequired,
    /// The time is past.
    #[error("{what} was {limit}, it is {now}")]
    Expired {
        /// Which time.
        what: &'static str,
        /// What it said.
        limit: Timestamp,
        /// The server's time.
        now: Timestamp,
    },
    /// An answer to a request that we did not send, or no answer to the one we sent.
    #[error("InResponseTo is {arrived:?}, expected {expected:?}")]
    InResponseToUnknown {
        /// The request that is open.
        expected: Option<String>,
        /// The one the message names.
        arrived: Option<String>,
    },
    /// IssueInstant lies in the future or is older than ten minutes.
    #[error("issued {arrived}, it is {now}")]
    IssueInstant {
        /// When it says it was issued.
        arrived: Timestamp,
        /// The server's time.
        now: Timestamp,
    },
    /// Somebody else's message.
    #[error(
        "the issuer is {arrived:?}, not {expected}{}",
        near_miss(expected, arrived)
    )]
    IssuerMismatch {
        /// The entity id of the connection's identity provider.
        expected: String,
        /// What arrived.
        arrived: Option<String>,
    },
    /// The message, or its signature, is not base64.
    #[error("the message is not base64")]
    MalformedBase64,
    /// What a query carries is not compressed as it must be (Bindings 3.4.4.1).
    #[error("the message is not DEFLATE")]
    MalformedDeflate,
    /// The text is not UTF-8, or says so.
    #[error("not UTF-8 text: {why}")]
    MalformedEncoding {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The body is not a form.
    #[error("the body is not a form: {why}")]
    MalformedForm {
        /// What is wrong with it.
        why: &'static str,
    },
    /// A time that is not one.
    #[error("{what} is no time in UTC: {arrived}")]
    MalformedTime {
        /// Which one.
        what: &'static str,
        /// What arrived.
        arrived: String,
    },
    /// Not well formed.
    #[error("not well-formed XML: {why}")]
    MalformedXml {
        /// What and where.
        why: String,
    },
    /// Not `application/x-www-form-urlencoded`.
    #[error("the media type is {arrived:?}")]
    MediaType {
        /// What arrived.
        arrived: Option<String>,
    },
    /// Metadata with several identity providers: somebody must choose.
    #[error("the metadata holds several identity providers: {entity_ids:?}")]
    MetadataAmbiguous {
        /// All of them.
        entity_ids: Vec<String>,
    },
    /// Metadata without a usable signing certificate.
    #[error("the metadata holds no usable signing certificate{}", because(*why))]
    MetadataCertificateMissing {
        /// Why the last one was left out, where there was one.
        why: Option<&'static str>,
    },
    /// An endpoint that is not an address of the web.
    #[error("the metadata's {endpoint} is not an absolute http(s) address")]
    MetadataEndpoint {
        /// Which one.
        endpoint: &'static str,
    },
    /// No entityID.
    #[error("the metadata names no entityID")]
    MetadataEntityId,
    /// validUntil is past.
    #[error("the metadata was valid until {valid_until}, it is {now}")]
    MetadataExpired {
        /// The end.
        valid_until: Timestamp,
        /// The server's time.
        now: Timestamp,
    },
    /// No SAML 2.0 identity provider in it.
    #[error("no SAML 2.0 identity provider in the metadata: {found}")]
    MetadataIdentityProviderMissing {
        /// What was found in its place.
        found: String,
    },
    /// A form or query has neither SAMLRequest nor SAMLResponse.
    #[error("there is neither SAMLRequest nor SAMLResponse")]
    MissingMessage,
    /// The form lacks SAMLResponse.
    #[error("the form has no SAMLResponse")]
    MissingResponse,
    /// A NameID we cannot take.
    #[error("the NameID is refused: {why}")]
    NameId {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The time is not yet come.
    #[error("{what} is {limit}, it is {now}")]
    NotYetValid {
        /// Which time.
        what: &'static str,
        /// What it said.
        limit: Timestamp,
        /// The server's time.
        now: Timestamp,
    },
    /// The bearer confirmation is for another place.
    #[error(
        "the recipient is {arrived:?}, not {expected}{}",
        near_miss(expected, arrived)
    )]
    RecipientMismatch {
        /// Our assertion consumer service.
        expected: String,
        /// What arrived.
        arrived: Option<String>,
    },
    /// The response is not signed, as the connection demands.
    #[error("the response is not signed, which this connection demands")]
    ResponseSignatureMissing,
    /// More than one assertion.
    #[error("{count} assertions")]
    SeveralAssertions {
        /// How many.
        count: usize,
    },
    /// A signature or digest algorithm that we do not take.
    #[error("the algorithm {arrived} is not supported")]
    SignatureAlgorithmUnsupported {
        /// Its identifier.
        arrived: String,
    },
    /// No trusted certificate verifies it, or what it covers is not what it seemed to cover.
    #[error("the signature does not verify ({tried} certificates tried): {why}")]
    SignatureInvalid {
        /// How many certificates were tried.
        tried: usize,
        /// Which step said no.
        why: &'static str,
    },
    /// Neither the response nor the assertion is signed.
    #[error("nothing is signed")]
    SignatureMissing,
    /// The identity provider says no (Core 3.2.2.2).
    #[error("the status is {top}{}", sub(second.as_deref()))]
    Status {
        /// The top-level code.
        top: String,
        /// The second-level code.
        second: Option<String>,
    },
    /// The message is not built as it must be.
    #[error("{rule}: {arrived}")]
    Structure {
        /// The rule.
        rule: &'static str,
        /// What broke it.
        arrived: String,
    },
    /// The attribute that names the subject in this connection is absent, empty or has several values.
    #[error("the subject attribute {attribute} has {values} values")]
    SubjectAttribute {
        /// Its name.
        attribute: String,
        /// How many values there are.
        values: usize,
    },
    /// No bearer confirmation that holds (Profiles 4.1.4.3).
    #[error("no bearer confirmation: {why}")]
    SubjectConfirmation {
        /// What is wrong with it.
        why: &'static str,
    },
    /// Larger than we take.
    #[error("{what} has {arrived}, at most {limit}")]
    TooLarge {
        /// What.
        what: &'static str,
        /// How much we take.
        limit: usize,
        /// How much came.
        arrived: usize,
    },
    /// A transform or canonicalization that is not on the list.
    #[error("the transform {arrived} is refused")]
    TransformRefused {
        /// Its identifier.
        arrived: String,
    },
}

/// Text of a message, short and on one line, for an error's field.
pub(crate) fn shown(text: &str) -> String {
    text.chars()
        .take(200)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn because(why: Option<&'static str>) -> String {
    why.map(|why| format!(": {why}")).unwrap_or_default()
}

fn sub(second: Option<&str>) -> String {
    second
        .map(|second| format!(" / {second}"))
        .unwrap_or_default()
}

/// Says in which way two identifiers are almost the same: the usual slips of a configuration.
fn near_miss<'a>(expected: &str, arrived: impl IntoIterator<Item = &'a String>) -> &'static str {
    let bare = |text: &str| text.trim_end_matches('/').to_owned();
    let path = |text: &str| {
        text.split_once("://")
            .map_or(text, |(_, rest)| rest)
            .to_owned()
    };
    for arrived in arrived {
        if bare(arrived) == bare(expected) {
            return " (they differ by a slash at the end)";
        }
        if arrived.eq_ignore_ascii_case(expected) {
            return " (they differ by upper and lower case)";
        }
        if path(arrived) == path(expected) {
            return " (they differ by http and https)";
        }
    }
    ""
}
