//! Where the value of a path is found: a column, the `search` object, an element row, or an
//! expression that says what the representation shows.

use super::super::{BYTEWISE, id_text};
use super::Piece;
use super::compiler::Compiler;
use crate::scim::path::AttributePath;
use crate::scim::text::comparable_text;

/// What the compiler must know of a table.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) resource_type: &'static str,
    pub(super) endpoint: &'static str,
    /// The base schema, folded.
    pub(super) schema: &'static str,
    /// Canonical path and column of comparable text.
    columns: &'static [(&'static str, &'static str)],
}

pub(super) const USERS: Table = Table {
    name: "scim_users",
    resource_type: "User",
    endpoint: "/Users/",
    schema: "urn:ietf:params:scim:schemas:core:2.0:user",
    columns: &[
        ("userName", "user_name_folded"),
        ("externalId", "external_id"),
        ("displayName", "display_name_folded"),
    ],
};

pub(super) const GROUPS: Table = Table {
    name: "scim_groups",
    resource_type: "Group",
    endpoint: "/Groups/",
    schema: "urn:ietf:params:scim:schemas:core:2.0:group",
    columns: &[
        ("displayName", "display_name_folded"),
        ("externalId", "external_id"),
    ],
};

/// Where the value of a path is found.
pub(super) enum Source {
    /// A column of `true` and `false`.
    Flag(String),
    /// A column that holds an id.
    Id(String),
    /// A column of microseconds.
    Instant(String),
    /// An expression of text, possibly null.
    Text(Vec<Piece>),
}

impl Source {
    /// The same once more.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Flag(column) => Self::Flag(column.clone()),
            Self::Id(column) => Self::Id(column.clone()),
            Self::Instant(column) => Self::Instant(column.clone()),
            Self::Text(pieces) => Self::Text(pieces.iter().map(Piece::again).collect()),
        }
    }
}

impl Compiler<'_> {
    pub(super) fn source(&self, path: AttributePath, within: bool) -> Source {
        let table = self.table.name;
        if within || path.attribute.multi_valued {
            return self.element(path);
        }
        let key = path.key();
        if let Some((_, column)) = self.table.columns.iter().find(|(name, _)| *name == key) {
            return Source::Text(vec![Piece::Sql(format!("{table}.{column}"))]);
        }
        let located = |pieces: Vec<Piece>| Source::Text(pieces);
        match key.as_str() {
            "active" => Source::Flag(format!("{table}.active")),
            "id" => Source::Id(format!("{table}.id")),
            "meta.created" => Source::Instant(format!("{table}.created_at")),
            "meta.lastModified" => Source::Instant(format!("{table}.updated_at")),
            "meta.resourceType" => located(vec![constant(path, self.table.resource_type)]),
            "meta.location" => located(vec![
                Piece::Sql("(CAST(".into()),
                Piece::Text(format!("{}{}", self.search.base, self.table.endpoint)),
                Piece::Sql(format!(" AS text) || {})", id_text(&format!("{table}.id")))),
            ]),
            "meta.version" => located(vec![Piece::Sql(format!(
                "('W/\"' || CAST({table}.version AS text) || '\"')"
            ))]),
            _ => located(vec![Piece::Sql(format!(
                "({table}.search ->> '{key}'){BYTEWISE}"
            ))]),
        }
    }

    /// A part of an element of a multi-valued attribute.
    pub(super) fn element(&self, path: AttributePath) -> Source {
        let sub = path.sub.map_or("value", |sub| sub.name);
        let reference = |endpoint: &str, column: &str| {
            Source::Text(vec![
                Piece::Sql("(CAST(".into()),
                Piece::Text(format!("{}{endpoint}", self.search.base)),
                Piece::Sql(format!(" AS text) || {})", id_text(column))),
            ])
        };
        let text = |sql: &str| Source::Text(vec![Piece::Sql(sql.to_owned())]);
        match (path.attribute.name, sub) {
            ("groups", "value") => Source::Id("m.group_id".into()),
            ("groups", "$ref") => reference("/Groups/", "m.group_id"),
            ("groups", "display") => text("g.display_name_folded"),
            ("groups", "type") => Source::Text(vec![constant(path, "direct")]),
            ("members", "value") => Source::Id("m.member_id".into()),
            ("members", "type") => Source::Text(vec![
                Piece::Sql("CASE WHEN m.member_is_group THEN ".into()),
                constant(path, "Group"),
                Piece::Sql(" ELSE ".into()),
                constant(path, "User"),
                Piece::Sql(" END".into()),
            ]),
            ("members", "$ref") => Source::Text(vec![
                Piece::Sql("(CAST(".into()),
                Piece::Text(self.search.base.clone()),
                Piece::Sql(format!(
                    " AS text) || CASE WHEN m.member_is_group THEN '/Groups/' ELSE '/Users/' END \
                     || {})",
                    id_text("m.member_id")
                )),
            ]),
            ("members", "display") => text(
                "COALESCE((SELECT u.display_name_folded FROM scim_users u \
                 WHERE u.org_id = m.org_id AND u.id = m.member_id), \
                 (SELECT n.display_name_folded FROM scim_groups n \
                 WHERE n.org_id = m.org_id AND n.id = m.member_id))",
            ),
            ("groups" | "members", _) => text("CAST(NULL AS text)"),
            ("schemas", _) => text("v.folded"),
            _ => Source::Text(vec![Piece::Sql(format!(
                "(v.element ->> '{sub}'){BYTEWISE}"
            ))]),
        }
    }
}

/// A value that is the same for every row, in its comparable form. Never a client's text.
fn constant(path: AttributePath, value: &str) -> Piece {
    Piece::Sql(format!(
        "CAST('{}' AS text)",
        comparable_text(path.leaf(), value)
    ))
}
