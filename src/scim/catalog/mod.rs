//! The schemas served (RFC 7643 §3.1, §4) as tables. Discovery prints them, everything else obeys them.
//!
//! Where a characteristic differs from the listing of RFC 7643 §8.7.1, the prose of the standard or the
//! safety of the people described was followed: ids, references and binaries are compared as spelt (§2.3),
//! a group must have a name (§4.2), and the links that follow from an id are ours to write.

use super::schema::{Attribute, Form, Mutability, Returned, Schema};
use super::urn;

pub mod custom;
mod discovery;
mod resource_type;
mod role;

pub use discovery::{RESOURCE_TYPE, SCHEMA, SERVICE_PROVIDER_CONFIG};
pub use resource_type::{Extension, ResourceType};
pub use role::{ROLE, ROLE_TYPE};

/// The resource type User.
pub static USER_TYPE: ResourceType = ResourceType {
    name: "User",
    endpoint: "/Users",
    description: "A person known to the directory",
    schema: &USER,
    extensions: &[Extension {
        schema: &ENTERPRISE_USER,
        required: false,
    }],
};

/// The resource type Group.
pub static GROUP_TYPE: ResourceType = ResourceType {
    name: "Group",
    endpoint: "/Groups",
    description: "A set of users and groups",
    schema: &GROUP,
    extensions: &[],
};

/// The attributes of every resource (RFC 7643 §3.1). They belong to no schema.
pub static COMMON: [Attribute; 4] = [
    Attribute::reference("schemas", "The schemas in use", &["uri"])
        .case_insensitive()
        .multi_valued()
        .required()
        .returned(Returned::Always),
    Attribute::string("id", "The identifier given by the server")
        .case_exact()
        .read_only()
        .returned(Returned::Always)
        .unique(),
    Attribute::string("externalId", "The identifier given by the client").case_exact(),
    Attribute::complex(
        "meta",
        "What the server knows of the resource itself",
        &[
            Attribute::string("resourceType", "The resource type's name")
                .case_exact()
                .read_only(),
            Attribute::date_time("created", "When it was created").read_only(),
            Attribute::date_time("lastModified", "When it last changed").read_only(),
            Attribute::reference("location", "Where it is", &["uri"]).read_only(),
            Attribute::string("version", "The version, as in the ETag")
                .case_exact()
                .read_only(),
        ],
    )
    .read_only(),
];

const DISPLAY: Attribute = Attribute::string("display", "The value as shown to people");
const PRIMARY: Attribute = Attribute::boolean("primary", "Whether this value is preferred");

const fn kind(values: &'static [&'static str]) -> Attribute {
    Attribute::string("type", "What the value is for").canonical(values)
}

/// The schema of a User (RFC 7643 §4.1).
pub static USER: Schema = Schema {
    urn: urn::USER,
    name: "User",
    description: "User Account",
    extension: false,
    attributes: &[
        Attribute::string(
            "userName",
            "The name by which the person signs in at the client",
        )
        .required()
        .unique()
        .guarded(),
        NAME,
        Attribute::string("displayName", "The name shown to people"),
        Attribute::string("nickName", "The casual name"),
        Attribute::reference("profileUrl", "A page about the person", &["external"]),
        Attribute::string("title", "The job title"),
        Attribute::string("userType", "The relation to the organization"),
        Attribute::string("preferredLanguage", "Languages, as in Accept-Language"),
        Attribute::string("locale", "The place, for formats"),
        Attribute::string("timezone", "The time zone, as in the IANA database"),
        Attribute::boolean("active", "Whether the person may sign in").guarded(),
        Attribute::string("password", "Taken and forgotten: people sign in by SAML")
            .case_exact()
            .mutability(Mutability::WriteOnly)
            .returned(Returned::Never),
        Attribute::complex(
            "emails",
            "E-mail addresses",
            &[
                Attribute::string("value", "The address"),
                DISPLAY,
                kind(&["work", "home", "other"]),
                PRIMARY,
            ],
        )
        .multi_valued(),
        Attribute::complex(
            "phoneNumbers",
            "Telephone numbers",
            &[
                Attribute::string("value", "The number"),
                DISPLAY,
                kind(&["work", "home", "mobile", "fax", "pager", "other"]),
                PRIMARY,
            ],
        )
        .multi_valued(),
        Attribute::complex(
            "ims",
            "Addresses for instant messages",
            &[
                Attribute::string("value", "The address"),
                DISPLAY,
                kind(&["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]),
                PRIMARY,
            ],
        )
        .multi_valued(),
        Attribute::complex(
            "photos",
            "Pictures of the person",
            &[
                Attribute::reference("value", "Where the picture is", &["external"]),
                DISPLAY,
                kind(&["photo", "thumbnail"]),
                PRIMARY,
            ],
        )
        .multi_valued(),
        ADDRESSES,
        GROUPS,
        labels(
            "entitlements",
            "What the directory says the person is entitled to",
        ),
        labels("roles", "The roles the directory names"),
        Attribute::complex(
            "x509Certificates",
            "Certificates of the person",
            &[
                Attribute::binary("value", "One DER certificate").form(Form::Certificate),
                DISPLAY,
                kind(&[]),
                PRIMARY,
            ],
        )
        .multi_valued(),
    ],
};

const NAME: Attribute = Attribute::complex(
    "name",
    "The parts of the person's name",
    &[
        Attribute::string("formatted", "The whole name"),
        Attribute::string("familyName", "The family name"),
        Attribute::string("givenName", "The given name"),
        Attribute::string("middleName", "The middle names"),
        Attribute::string("honorificPrefix", "What stands before the name"),
        Attribute::string("honorificSuffix", "What stands behind the name"),
    ],
);

const ADDRESSES: Attribute = Attribute::complex(
    "addresses",
    "Postal addresses",
    &[
        Attribute::string("formatted", "The whole address"),
        Attribute::string("streetAddress", "Street and house"),
        Attribute::string("locality", "City"),
        Attribute::string("region", "State or region"),
        Attribute::string("postalCode", "Postal code"),
        Attribute::string("country", "Country, two letters of ISO 3166-1").form(Form::Country),
        kind(&["work", "home", "other"]),
        PRIMARY,
    ],
)
.multi_valued();

const GROUPS: Attribute = Attribute::complex(
    "groups",
    "The groups the person is a member of",
    &[
        Attribute::string("value", "The group's id")
            .case_exact()
            .read_only(),
        Attribute::reference("$ref", "Where the group is", &["Group"]).read_only(),
        Attribute::string("display", "The group's name").read_only(),
        Attribute::string("type", "How the membership came to be")
            .canonical(&["direct"])
            .read_only(),
    ],
)
.multi_valued()
.read_only();

const fn labels(name: &'static str, description: &'static str) -> Attribute {
    const SUBS: &[Attribute] = &[
        Attribute::string("value", "The value itself"),
        DISPLAY,
        kind(&[]),
        PRIMARY,
    ];
    Attribute::complex(name, description, SUBS).multi_valued()
}

/// The enterprise extension of a User (RFC 7643 §4.3).
pub static ENTERPRISE_USER: Schema = Schema {
    urn: urn::ENTERPRISE_USER,
    name: "EnterpriseUser",
    description: "What an employer knows of a person",
    extension: true,
    attributes: &[
        Attribute::string("employeeNumber", "The number within the organization"),
        Attribute::string("costCenter", "The cost center"),
        Attribute::string("organization", "The organization"),
        Attribute::string("division", "The division"),
        Attribute::string("department", "The department"),
        Attribute::complex(
            "manager",
            "The person's manager",
            &[
                Attribute::string("value", "The manager's id").case_exact(),
                Attribute::reference("$ref", "Where the manager is", &["User"]).read_only(),
                Attribute::string("displayName", "The manager's name").read_only(),
            ],
        ),
    ],
};

/// The schema of a Group (RFC 7643 §4.2).
pub static GROUP: Schema = Schema {
    urn: urn::GROUP,
    name: "Group",
    description: "Group",
    extension: false,
    attributes: &[
        Attribute::string("displayName", "The name of the group")
            .required()
            .unique(),
        Attribute::complex(
            "members",
            "The users and groups in the group",
            &[
                Attribute::string("value", "The member's id")
                    .case_exact()
                    .mutability(Mutability::Immutable),
                Attribute::reference("$ref", "Where the member is", &["User", "Group"])
                    .mutability(Mutability::Immutable),
                Attribute::string("display", "The member's name").read_only(),
                Attribute::string("type", "What the member is")
                    .canonical(&["User", "Group"])
                    .mutability(Mutability::Immutable),
            ],
        )
        .multi_valued()
        .guarded()
        .relation(),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    fn schemas() -> [&'static Schema; 4] {
        [&USER, &ENTERPRISE_USER, &GROUP, &ROLE]
    }

    #[test]
    fn complex_attributes_do_not_nest() {
        for attribute in schemas()
            .into_iter()
            .flat_map(|schema| schema.attributes)
            .chain(&COMMON)
        {
            assert_eq!(attribute.is_complex(), !attribute.sub_attributes.is_empty());
            for sub in attribute.sub_attributes {
                assert!(!sub.is_complex(), "{}.{}", attribute.name, sub.name);
                assert!(!sub.multi_valued, "{}.{}", attribute.name, sub.name);
            }
        }
    }

    #[test]
    fn names_are_unique_in_any_case() {
        for schema in schemas() {
            let names: Vec<_> = schema
                .attributes
                .iter()
                .chain(&COMMON)
                .map(|a| a.name)
                .collect();
            for (at, name) in names.iter().enumerate() {
                assert!(
                    !names
                        .iter()
                        .skip(at + 1)
                        .any(|other| other.eq_ignore_ascii_case(name))
                );
            }
        }
    }

    #[test]
    fn an_old_urn_is_known_by_its_type() {
        assert_eq!(
            USER_TYPE.schema_by_alias("urn:scim:schemas:core:1.0"),
            Some(&USER)
        );
        assert_eq!(
            GROUP_TYPE.schema_by_alias("URN:SCIM:schemas:core:2.0"),
            Some(&GROUP)
        );
        assert_eq!(
            GROUP_TYPE.schema_by_alias("urn:scim:schemas:extension:enterprise:2.0"),
            None
        );
        assert_eq!(
            USER_TYPE.schema_by_alias("urn:ietf:params:scim:schemas:extension:enterprise:2.0User"),
            Some(&ENTERPRISE_USER)
        );
    }
}
