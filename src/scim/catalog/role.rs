//! The roles of the product, to be read (draft-ietf-scim-roles-entitlements). The draft has expired
//! and may yet change; nothing that RFC 7643 defines rests on it.

use super::ResourceType;
use crate::scim::schema::{Attribute, Schema};
use crate::scim::urn;

/// The resource type Role.
pub static ROLE_TYPE: ResourceType = ResourceType {
    name: "Role",
    endpoint: "/Roles",
    description: "A role that people can have in the product; read-only, after an expired draft",
    schema: &ROLE,
    extensions: &[],
};

/// The schema of a Role.
pub static ROLE: Schema = Schema {
    urn: urn::ROLE,
    name: "Role",
    description: "A role that people can have in the product",
    extension: false,
    attributes: &[
        Attribute::string("value", "The role's name for programs")
            .case_exact()
            .read_only()
            .unique(),
        Attribute::string("display", "The role's name for people").read_only(),
        Attribute::boolean("supported", "Whether a group can be mapped to it").read_only(),
        Attribute::string("contains", "The roles below it, by their value")
            .case_exact()
            .multi_valued()
            .read_only(),
    ],
};
