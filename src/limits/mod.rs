//! Every limit of the product, in one place: what one request, one page and one connection may
//! cost. They are constants, not settings, so that the README, the discovery document
//! (RFC 7643 §5) and the tests say the same numbers; only the number of connections can be set, and
//! rate limits.

mod alerts;
mod audit;
mod commands;
mod console;
mod mail;
mod people;
mod rates;
mod safeguards;
mod webhooks;

use std::time::Duration;

use jiff::SignedDuration;

pub use alerts::*;
pub use audit::*;
pub use commands::*;
pub use console::*;
pub use mail::*;
pub use people::*;
pub use rates::*;
pub use safeguards::*;
pub use webhooks::*;

/// Bytes in the body of a SCIM request (RFC 7644 §3.7.4 names the answer: 413). Enough for
/// [`MEMBERS_PER_REQUEST`] members in one PATCH.
pub const SCIM_BODY: usize = 4 * 1024 * 1024;

/// Bytes in a JSON body of the admin API.
pub const JSON_BODY: usize = 64 * 1024;

/// Bytes in a JSON body that sets up a connection, which may hold metadata of [`SAML_METADATA`].
pub const CONNECTION_BODY: usize = 2 * 1024 * 1024;

/// Levels of arrays and objects in a JSON body.
pub const JSON_DEPTH: usize = 32;

/// Bytes in a SCIM filter (RFC 7644 §3.4.2.2), counted after percent-decoding.
pub const FILTER_BYTES: usize = 16 * 1024;

/// Comparisons and presence tests in one filter.
pub const FILTER_TERMS: usize = 200;

/// Levels of parentheses, `not` and brackets in one filter. Databases refuse expressions deeper
/// than about 1,000, so a long chain of `or` is compiled as a balanced tree and does not count here.
pub const FILTER_DEPTH: usize = 32;

/// Operations in one PATCH request (RFC 7644 §3.5.2).
pub const PATCH_OPERATIONS: usize = 1_000;

/// Members that one request may add, remove or set.
pub const MEMBERS_PER_REQUEST: usize = 20_000;

/// Filters by which one PATCH may remove members: each reads the group.
pub const MEMBER_FILTERS: usize = 20;

/// Memberships shown in one page of groups: beyond it the page ends early, after one group at
/// least (RFC 7644 §3.4.2.4 lets a page be shorter than asked for).
pub const MEMBERS_PER_PAGE: i64 = 100_000;

/// Resources of a connection that a search without the help of an index may read; beyond it the
/// answer is `tooMany` (RFC 7644 §3.12).
pub const SCAN_BUDGET: i64 = 20_000;

/// Bytes of a request's body that are taken from anybody; for more the sender must be known, and
/// have one of [`LARGE_BODIES`] places.
pub const SMALL_BODY: usize = 64 * 1024;

/// Bodies larger than [`SMALL_BODY`] that are read and worked on at once (503 beyond).
pub const LARGE_BODIES: usize = 32;

/// SAML forms larger than [`SMALL_BODY`] that are read and worked on at once (503 beyond).
pub const LARGE_FORMS: usize = 128;

/// How long a person whom a sign-in created may wait for the directory, where there is one.
pub const PROVISIONAL: SignedDuration = SignedDuration::from_hours(72);

/// How long somebody whom a directory deleted can come back as the same person.
pub const TOMBSTONE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Resources in a page whose `count` was not said (RFC 7644 §3.4.2.4).
pub const PAGE_DEFAULT: u64 = 100;

/// Resources in a page, however large the `count`; discovery says it as `filter.maxResults`.
pub const PAGE_MAX: u64 = 1_000;

/// How long a cursor of a list is good (RFC 9865 §2); the next page brings a fresh one.
pub const CURSOR_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// Places of those who walk lists by `startIndex` that a process remembers: a hundred octets each.
pub const WALKS: usize = 10_000;

/// How long after a page the next one begins behind it, and is not counted from the first resource.
pub const WALK_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// Bytes in a form of an invitation's page: its longest field is a message of a few lines.
pub const JOIN_FORM: usize = 16 * 1024;

/// Links to invitations that one client may follow in [`JOIN_MISS_WINDOW`] though they are none;
/// beyond it the answer is 429.
pub const JOIN_MISSES: u32 = 20;

/// The time in which they are counted, from the first one on.
pub const JOIN_MISS_WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// Clients whose misses are counted at once.
pub const JOIN_CLIENTS: usize = 10_000;

/// Bytes in the form that carries a SAML response (SAML bindings §3.5).
pub const SAML_FORM: usize = 1024 * 1024;
/// Bytes of the SAML response once its base64 is decoded.
pub const SAML_DECODED: usize = 720 * 1024;
/// Nodes in the XML of a SAML response.
pub const SAML_NODES: usize = 40_000;
/// Levels of elements in the XML of a SAML response.
pub const SAML_DEPTH: usize = 64;
/// EncryptedKeys of one SAML response.
pub const SAML_ENCRYPTED_KEYS: usize = 4;
/// Failures of one EncryptedKey whose content is in CBC, after which it is not decrypted again.
pub const CBC_FAILURES: u32 = 5;

/// How long they are remembered, from the last one on.
pub const CBC_FAILURES_KEPT: SignedDuration = SignedDuration::from_mins(30);

/// EncryptedKeys whose failures are counted at once.
pub const CBC_KEYS: usize = 10_000;

/// Bytes of RelayState that are taken; SAML bindings §3.5.3 asks senders for at most 80.
pub const RELAY_STATE: usize = 2 * 1024;

/// How far an identity provider's clock may be from ours when nothing else is set.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(120);

/// How far an identity provider's clock may be from ours at most.
pub const CLOCK_SKEW_MAX: SignedDuration = SignedDuration::from_secs(300);

/// Classes of the context of an authentication that a connection asks for.
pub const AUTHN_CONTEXTS: usize = 10;

/// Bytes of such a class, and of the name of an attribute that a connection reads.
pub const DEMANDED_NAME: usize = 256;

/// Bytes in the request line and the header fields together; more is 431 (RFC 6585 §5).
pub const HEADER_BYTES: usize = 16 * 1024;

/// How long a client may take to send its header, and an idle connection may stay open.
pub const HEADER_TIME: Duration = Duration::from_secs(10);

/// How long a client may take to send its whole body; more is 408 (RFC 9110 §15.5.9).
pub const BODY_TIME: Duration = Duration::from_secs(30);

/// How long a stopping server lets the requests in flight finish.
pub const DRAIN_TIME: Duration = Duration::from_secs(30);

/// Connections open at once, unless the setting `max_connections` says otherwise.
pub const CONNECTIONS: usize = 1_024;

/// Elements of one multi-valued SCIM attribute; one more is refused (413).
pub const SCIM_ELEMENTS: usize = 1_000;

/// Comparisons that the filters in the paths of one SCIM PATCH may take together (413 beyond).
pub const PATCH_COMPARISONS: usize = 2_000_000;

/// Kinds of sightings, of all connections together, that are counted between two writes.
pub const SIGHTINGS: usize = 10_000;

/// The newest people, links and groups that the directory lint looks at.
pub const LINT_SAMPLE: i64 = 1_000;

/// Names listed in an `Usher-Ignored` header.
pub const IGNORED_NAMES: usize = 50;

/// Operations of one bulk request, as discovery announces it.
pub const BULK_OPERATIONS: usize = 1_000;

/// Operations of one bulk request that share a transaction: others wait for so many at most.
pub const BULK_STEPS: usize = 50;

/// How long such a transaction begins further operations.
pub const BULK_TIME: Duration = Duration::from_millis(250);

/// Domains that one organization may prove.
pub const DOMAINS: usize = 100;

/// How long nobody looks for a domain's record again, whichever process is asked.
pub const DOMAIN_GAP: SignedDuration = SignedDuration::from_secs(10);
/// How often the record of a verified domain is looked for.
pub const DOMAIN_INTERVAL: SignedDuration = SignedDuration::from_hours(24);
/// The wait after a look to which no name server gave a good answer.
pub const DOMAIN_RETRY: SignedDuration = SignedDuration::from_hours(1);
/// How long it may be gone before the proof is good no longer.
pub const DOMAIN_LAPSE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The least of looks that found it gone in that time.
pub const DOMAIN_ABSENCES: i64 = 7;

/// Schemas that one organization may register.
pub const SCHEMAS: usize = 10;
/// Octets of all of them together: a description lives as long as the process.
pub const SCHEMAS_BYTES: usize = 32 * 1024;
/// Changes of an organization's schemas in 24 hours, for the same reason.
pub const SCHEMA_CHANGES: i64 = 20;
/// Attributes of a schema that is registered.
pub const SCHEMA_ATTRIBUTES: usize = 100;
/// Parts, and suggested values, of an attribute of a schema that is registered.
pub const SCHEMA_SUB_ATTRIBUTES: usize = 30;
/// Characters of a description in a schema that is registered.
pub const SCHEMA_TEXT: usize = 500;

/// Octets of an identity provider's metadata.
pub const SAML_METADATA: usize = 1024 * 1024;

/// Octets of a NameID.
pub const NAME_ID: usize = 1024;

/// Group values that a sign-in may name; more, and its groups are unknown.
pub const SAML_GROUPS: usize = 2_000;

/// Octets of one value of a SAML attribute that is read.
pub const SAML_VALUE: usize = 256;

/// Octets of a SCIM value that is looked up by an index: userName, externalId, displayName,
/// employeeNumber. A longer one is refused (400): no index of PostgreSQL holds it.
pub const INDEXED_TEXT: usize = 1_000;

/// Bytes of the CSV file of an import.
pub const CSV_BYTES: usize = 1024 * 1024;
/// Rows of an import, without the header and blank lines.
pub const CSV_ROWS: usize = 500;
/// Bytes of a request that carries such a file: the file, and the form around it.
pub const IMPORT_BODY: usize = CSV_BYTES + 64 * 1024;
/// Words of a file for which what was meant is looked for; each costs a look at every candidate.
pub const CSV_SUGGESTIONS: usize = 100;

/// How long the rows of an import are kept; its counts stay.
pub const IMPORT_RESULT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long a closed invitation names its address.
pub const CLOSED_INVITATION: SignedDuration = SignedDuration::from_hours(180 * 24);

/// Projects that one invitation is for.
pub const INVITATION_PROJECTS: usize = 100;

/// Characters of the message that goes with an invitation.
pub const INVITATION_MESSAGE: usize = 500;

/// How long an invitation lives when nothing else is said, and what resending an expired one adds.
pub const INVITATION_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The shortest and the longest life that an invitation may be given at first.
pub const INVITATION_LIVES: [SignedDuration; 2] = [
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(30 * 24),
];

/// How far ahead an invitation can be extended.
pub const INVITATION_EXTENSION: SignedDuration = SignedDuration::from_hours(90 * 24);

/// An invitation with less left than this is resent with a warning.
pub const INVITATION_ENDING: SignedDuration = SignedDuration::from_hours(24);

/// The time between two resendings of an invitation.
pub const RESEND_GAP: SignedDuration = SignedDuration::from_mins(10);

/// Resendings of one invitation in 24 hours.
pub const RESENDS_PER_DAY: usize = 5;

/// Invitations that one person sends in an hour.
pub const INVITATIONS_PER_INVITER: u64 = 100;

/// Invitations that one organization sends in 24 hours, rows of imports among them.
pub const INVITATIONS_PER_ORGANIZATION: u64 = 1_000;

/// Invitations that one address gets from an organization in 24 hours.
pub const INVITATIONS_PER_ADDRESS: u64 = 3;

/// How long a link that was shared outside of mail lives at most.
pub const SHARED_LINK_LIFE: SignedDuration = SignedDuration::from_hours(72);

/// How long a mailed six-digit code lives.
pub const SHORT_CODE_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Wrong tries after which a six-digit code is dead.
pub const SHORT_CODE_TRIES: u32 = 5;

/// Wishes for another address that one invitation takes in 24 hours.
pub const ADDRESS_CHANGES_PER_DAY: usize = 3;

/// How long a call of somebody else's server may take, from the look-up of its name to the end of
/// its answer.
pub const OUTBOUND_TIME: Duration = Duration::from_secs(5);

/// How long fetching an identity provider's metadata may take.
pub const METADATA_TIME: Duration = Duration::from_secs(10);

/// The least time between two looks at metadata that the admin API asks for.
pub const METADATA_GAP: SignedDuration = SignedDuration::from_mins(1);

/// How long it is kept that an app was told of a session's end.
pub const LOGOUT_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Bytes that are read of the answer to a webhook.
pub const WEBHOOK_ANSWER: usize = 64 * 1024;

/// Characters of an `Idempotency-Key`.
pub const IDEMPOTENCY_KEY: usize = 255;

/// How long the answer to a request with an `Idempotency-Key` is kept.
pub const IDEMPOTENCY: SignedDuration = SignedDuration::from_hours(24);

/// Six-digit codes that one address is mailed in an hour.
pub const SHORT_CODES_PER_HOUR: u64 = 3;

/// Live OAuth clients of one connection: two, so that one can take the other's place without a gap.
pub const OAUTH_CLIENTS: usize = 2;

/// How long an access token of a SCIM client is good.
pub const SCIM_ACCESS_TOKEN: SignedDuration = SignedDuration::from_hours(1);

/// Live access tokens of one SCIM client; the next one takes the place of the oldest.
pub const SCIM_ACCESS_TOKENS: i64 = 100;

/// How long the secret is taken that an app had before its present one.
pub const APP_SECRET_OVERLAP: SignedDuration = SignedDuration::from_hours(24);

/// How long a refresh token of an app is good unless it is used; with its session it ends in any case.
pub const REFRESH_IDLE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long a refresh token that was used brings the same successor once more, while that was not
/// used: for an app that lost the answer, or asked twice at once.
pub const REFRESH_RETRY: SignedDuration = SignedDuration::from_secs(10);

/// How far ahead the end of a client's assertion may be (RFC 7523 §3), beside [`CLOCK_SKEW`].
pub const ASSERTION_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// Octets of the `jti` of an assertion.
pub const JTI: usize = 255;

/// How long a credential of a SCIM client is shown after it was revoked or expired.
pub const DEAD_CREDENTIAL: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Octets of a client's set of keys (RFC 7517 §5), registered or published.
pub const JWKS_BYTES: usize = 64 * 1024;
/// Keys of such a set.
pub const JWKS_KEYS: usize = 100;
/// How long a session lives at most, and how long an ID token of it can come back as a hint.
pub const SESSION: SignedDuration = SignedDuration::from_hours(24);
/// How long our own set of keys and what is told of the provider may be kept by whoever reads it.
pub const JWKS_MAX_AGE: SignedDuration = SignedDuration::from_mins(5);
/// How long a set that was fetched is used before it is fetched again.
pub const JWKS_FRESH: SignedDuration = SignedDuration::from_mins(10);
/// How long it is used where it cannot be fetched again.
pub const JWKS_KEPT: SignedDuration = SignedDuration::from_hours(1);
/// The least time between two fetches of one client's set, whatever its assertions name.
pub const JWKS_GAP: SignedDuration = SignedDuration::from_secs(30);

/// Sessions of one browser that are looked at: each is of another organization.
pub const BROWSER_SESSIONS: usize = 16;

/// Clients whose sets are kept in memory at once.
pub const JWKS_CACHED: usize = 1_000;

/// One of so many good reads of a SCIM connection is kept in the request log; all are counted.
pub const REQUEST_LOG_SAMPLE: u64 = 100;

/// Octets of a SCIM body that the request log keeps; of a larger one it says how large it was.
pub const REQUEST_LOG_BODY: usize = 64 * 1024;

/// SCIM requests that wait to be written to the request log; more are counted as lost.
pub const REQUEST_LOG_WAITING: usize = 4_096;

/// Octets of all of them together.
pub const REQUEST_LOG_WAITING_BYTES: usize = 16 * 1024 * 1024;

/// SCIM requests without a good token that wait beside them, so that no crowd of strangers takes
/// the place of those who are known; so many of an organization's latest are kept where its log is
/// full.
pub const REQUEST_LOG_STRANGERS: usize = 256;

/// SCIM requests without a good token that the request log shows of one connection at once.
pub const REQUEST_LOG_STRANGERS_AT_ONCE: u32 = 10;

/// How long it takes until it shows one more.
pub const REQUEST_LOG_STRANGER_PACE: SignedDuration = SignedDuration::from_secs(6);

/// Octets of one organization's request log; beyond it the oldest go.
pub const REQUEST_LOG_ROOM: i64 = 64 * 1024 * 1024;

/// How long a SCIM request is kept.
pub const REQUEST_LOG_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long an identity provider may take to answer our request.
pub const SAML_REQUEST_LIFE: SignedDuration = SignedDuration::from_mins(10);
