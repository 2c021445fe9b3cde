//! The URNs of RFC 7643 §10.3 and RFC 7644 §8.2, and the old or misspelt ones that clients still send.

/// The schema of a User.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of a Group.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The schema of a Role (draft-ietf-scim-roles-entitlements).
pub const ROLE: &str = "urn:ietf:params:scim:schemas:core:2.0:Role";
/// The enterprise extension of a User.
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The schema of the service provider's configuration.
pub const SERVICE_PROVIDER_CONFIG: &str =
    "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// The schema of a resource type.
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// The schema of a schema.
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
/// The message of a query's answer.
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The message of a query by POST.
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// The message of a PATCH.
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// The message of a bulk request.
pub const BULK_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The message of a bulk request's answer.
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
/// The message of a refusal.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// What an alias stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alias {
    /// The base schema of the resource type at hand.
    Base,
    /// The schema of this URN.
    Schema(&'static str),
}

/// URNs that stand for ours; a longer one comes before its own prefix.
///
/// OneLogin's templates carry those of the drafts, an Entra sample drops a colon.
pub const ALIASES: &[(&str, Alias)] = &[
    (
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0User",
        Alias::Schema(ENTERPRISE_USER),
    ),
    (
        "urn:scim:schemas:extension:enterprise:2.0:User",
        Alias::Schema(ENTERPRISE_USER),
    ),
    (
        "urn:scim:schemas:extension:enterprise:1.0:User",
        Alias::Schema(ENTERPRISE_USER),
    ),
    (
        "urn:scim:schemas:extension:enterprise:2.0",
        Alias::Schema(ENTERPRISE_USER),
    ),
    (
        "urn:scim:schemas:extension:enterprise:1.0",
        Alias::Schema(ENTERPRISE_USER),
    ),
    ("urn:scim:schemas:core:2.0:Group", Alias::Schema(GROUP)),
    ("urn:scim:schemas:core:1.0:Group", Alias::Schema(GROUP)),
    ("urn:scim:schemas:core:2.0:User", Alias::Schema(USER)),
    ("urn:scim:schemas:core:1.0:User", Alias::Schema(USER)),
    ("urn:scim:schemas:core:2.0", Alias::Base),
    ("urn:scim:schemas:core:1.0", Alias::Base),
];
