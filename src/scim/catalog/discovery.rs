//! The schemas that describe the description itself (RFC 7643 §5 to §7).

use crate::scim::schema::{Attribute, Returned, Schema};
use crate::scim::urn;

const SUPPORTED: Attribute = Attribute::boolean("supported", "Whether it can be used")
    .required()
    .read_only();

const fn feature(name: &'static str, description: &'static str) -> Attribute {
    const SUBS: &[Attribute] = &[SUPPORTED];
    Attribute::complex(name, description, SUBS)
        .required()
        .read_only()
}

const fn text(name: &'static str, description: &'static str) -> Attribute {
    Attribute::string(name, description).read_only()
}

const fn keyword(name: &'static str, description: &'static str) -> Attribute {
    text(name, description).case_exact()
}

const fn number(name: &'static str, description: &'static str) -> Attribute {
    Attribute::integer(name, description).required().read_only()
}

const fn flag(name: &'static str, description: &'static str) -> Attribute {
    Attribute::boolean(name, description).required().read_only()
}

const fn link(name: &'static str, description: &'static str) -> Attribute {
    Attribute::reference(name, description, &["external"]).read_only()
}

const fn uri(name: &'static str, description: &'static str) -> Attribute {
    Attribute::reference(name, description, &["uri"])
        .required()
        .read_only()
}

/// The schema of the service provider's configuration (RFC 7643 §5, RFC 9865 §4).
pub static SERVICE_PROVIDER_CONFIG: Schema = Schema {
    urn: urn::SERVICE_PROVIDER_CONFIG,
    name: "ServiceProviderConfig",
    description: "What this service provider can do",
    extension: false,
    attributes: &[
        link("documentationUri", "Where its manual is"),
        feature("patch", "Partial changes"),
        Attribute::complex(
            "bulk",
            "Many changes in one request",
            &[
                SUPPORTED,
                number("maxOperations", "Operations in a request at most"),
                number("maxPayloadSize", "Octets in a request at most"),
            ],
        )
        .required()
        .read_only(),
        Attribute::complex(
            "filter",
            "Queries by filter",
            &[
                SUPPORTED,
                number("maxResults", "Resources in an answer at most"),
            ],
        )
        .required()
        .read_only(),
        feature("changePassword", "Setting passwords"),
        feature("sort", "Sorted queries"),
        feature("etag", "Versions of resources"),
        Attribute::complex(
            "pagination",
            "How long answers are cut",
            &[
                flag("cursor", "Whether pages can follow a cursor"),
                flag("index", "Whether pages can be counted"),
                keyword(
                    "defaultPaginationMethod",
                    "What is used when the client does not say",
                )
                .canonical(&["cursor", "index"]),
                Attribute::integer("defaultPageSize", "Resources in a page by default").read_only(),
                Attribute::integer("maxPageSize", "Resources in a page at most").read_only(),
                Attribute::integer("cursorTimeout", "Seconds for which a cursor is good")
                    .read_only(),
            ],
        )
        .read_only(),
        Attribute::complex(
            "authenticationSchemes",
            "How a client proves itself",
            &[
                keyword("type", "The scheme").required().canonical(&[
                    "oauth",
                    "oauth2",
                    "oauthbearertoken",
                    "httpbasic",
                    "httpdigest",
                ]),
                text("name", "Its name").required(),
                text("description", "What it asks for").required(),
                link("specUri", "Where its specification is"),
                link("documentationUri", "Where its manual is"),
                Attribute::boolean("primary", "Whether it is preferred").read_only(),
            ],
        )
        .multi_valued()
        .required()
        .read_only(),
    ],
};

/// The schema of a resource type (RFC 7643 §6).
pub static RESOURCE_TYPE: Schema = Schema {
    urn: urn::RESOURCE_TYPE,
    name: "ResourceType",
    description: "A kind of resource",
    extension: false,
    attributes: &[
        text("name", "Its name").required(),
        text("description", "What it is"),
        uri("endpoint", "Its path below the base URL"),
        uri("schema", "The schema at its base"),
        Attribute::complex(
            "schemaExtensions",
            "The extensions it may carry",
            &[
                uri("schema", "The extension's schema"),
                flag("required", "Whether every resource carries it"),
            ],
        )
        .multi_valued()
        .read_only(),
    ],
};

const TYPES: &[&str] = &[
    "string",
    "boolean",
    "decimal",
    "integer",
    "dateTime",
    "binary",
    "reference",
    "complex",
];

const fn words(name: &'static str, description: &'static str) -> Attribute {
    keyword(name, description).multi_valued()
}

/// The schema of a schema (RFC 7643 §7).
///
/// The parts of `subAttributes` are the same as those of `attributes`; they are not written out a second
/// time, since a sub-attribute of ours never has parts (§2.3.8).
pub static SCHEMA: Schema = Schema {
    urn: urn::SCHEMA,
    name: "Schema",
    description: "Attributes and what can be said of them",
    extension: false,
    attributes: &[
        text("name", "Its name").required(),
        text("description", "What it describes"),
        Attribute::complex(
            "attributes",
            "The attributes",
            &[
                keyword("name", "The name").required(),
                keyword("type", "The type of a value")
                    .required()
                    .canonical(TYPES),
                flag("multiValued", "Whether it holds an array"),
                text("description", "What it holds"),
                flag("required", "Whether a resource must have it"),
                words("canonicalValues", "Values that are suggested"),
                Attribute::boolean("caseExact", "Whether letter case matters").read_only(),
                keyword("mutability", "Who may write it").canonical(&[
                    "readOnly",
                    "readWrite",
                    "immutable",
                    "writeOnly",
                ]),
                keyword("returned", "When it is in an answer")
                    .canonical(&["always", "never", "default", "request"]),
                keyword("uniqueness", "Among what it is unique")
                    .canonical(&["none", "server", "global"]),
                words("referenceTypes", "What a reference may point at"),
                Attribute::complex(
                    "subAttributes",
                    "The parts of a complex attribute",
                    &[
                        keyword("name", "The name").required(),
                        keyword("type", "The type of a value")
                            .required()
                            .canonical(TYPES),
                    ],
                )
                .multi_valued()
                .read_only(),
            ],
        )
        .multi_valued()
        .required()
        .read_only()
        .returned(Returned::Default),
    ],
};
