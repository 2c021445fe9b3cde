//! What a SCIM client looks for: the resources of one connection, filtered and sorted.

use crate::id::{ConnectionId, OrganizationId};
use crate::scim::filter::{Comparand, Operator};
use crate::scim::path::AttributePath;
use crate::scim::{Filter, ResourceType};
use crate::store::types::AnyId;

/// Which way a sort goes. Resources without the attribute come last in ascending and first in
/// descending order (RFC 7644 §3.4.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// A place in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// The sort key of the resource there, as text; none where it has none.
    pub key: Option<String>,
    /// Its id, which orders those of one key.
    pub id: AnyId,
}

/// A search.
#[derive(Clone, Debug)]
pub struct Search {
    /// The organization.
    pub org: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// What the resources are.
    pub kind: &'static ResourceType,
    /// What must hold.
    pub filter: Option<Filter>,
    /// The order; without one, or between equals, the order of creation.
    pub sort: Option<(AttributePath, Direction)>,
    /// Behind which resource of that order; from its beginning without one.
    pub after: Option<After>,
    /// The connection's SCIM base URL: locations and references are compared as they are shown.
    pub base: String,
    /// Whether it is to be told of what is found whether a group has it as a member.
    pub tells_members: bool,
}

impl Search {
    /// Whether no index narrows it and rows must be read beyond their columns: such a search is
    /// only run where the connection is small.
    pub fn is_scan(&self) -> bool {
        let narrowed = self.filter.as_ref().is_some_and(is_narrowed);
        let filter = self.filter.iter().flat_map(Filter::paths);
        let sort = self.sort.iter().map(|(path, _)| *path);
        !narrowed && filter.chain(sort).any(|path| !is_column(path))
    }
}

/// Whether an index leads to what the filter finds.
fn is_narrowed(filter: &Filter) -> bool {
    match filter {
        Filter::And(filters) => filters.iter().any(is_narrowed),
        Filter::Or(filters) => filters.iter().all(is_narrowed),
        Filter::Within { attribute, filter } => {
            attribute.attribute.multi_valued && is_narrowed(filter)
        }
        Filter::Compare {
            path,
            operator: Operator::Eq,
            value: Comparand::Text(_),
        } => is_indexed(*path),
        Filter::Compare { .. } | Filter::Not(_) | Filter::Present(_) => false,
    }
}

/// Whether a filter asks for one value of an attribute that has a column: what directories ask all day, and of so few
/// shapes that they can be counted.
pub fn is_plain(filter: &Filter) -> bool {
    let Filter::Compare { path, operator, .. } = filter else {
        return false;
    };
    *operator == Operator::Eq && is_column(*path)
}

/// Whether equal values are found by an index.
fn is_indexed(path: AttributePath) -> bool {
    let names_value = path.sub.is_none_or(|sub| sub.name == "value");
    match path.attribute.name {
        "schemas" => false,
        "displayName" | "employeeNumber" | "externalId" | "id" | "userName" => true,
        _ => path.attribute.multi_valued && names_value,
    }
}

/// Whether a column holds the value.
fn is_column(path: AttributePath) -> bool {
    let names = [
        "active",
        "displayName",
        "externalId",
        "id",
        "meta",
        "userName",
    ];
    names.contains(&path.attribute.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::catalog::USER_TYPE;
    use crate::scim::{Filter, Strictness};

    #[test]
    fn a_scan_is_what_no_index_narrows() {
        for (filter, scan) in [
            (r#"userName eq "ada""#, false),
            ("active eq true", false),
            (r#"userName co "a""#, false),
            (r#"title eq "Boss""#, true),
            (r#"title eq "Boss" and externalId eq "1""#, false),
            (r#"title eq "Boss" or externalId eq "1""#, true),
            (r#"not (userName eq "ada") and title pr"#, true),
            (r#"emails.value eq "a@b.example""#, false),
            (
                r#"emails[type eq "work" and value eq "a@b.example"]"#,
                false,
            ),
            (r#"emails[type eq "work"]"#, true),
            (r#"emails.value co "b.example""#, true),
        ] {
            let parsed = Filter::parse(&USER_TYPE, filter, Strictness::Lenient).unwrap();
            let search = Search {
                org: uuid::Uuid::nil().into(),
                connection: uuid::Uuid::nil().into(),
                kind: &USER_TYPE,
                filter: Some(parsed),
                sort: None,
                after: None,
                base: String::new(),
                tells_members: false,
            };
            assert_eq!(search.is_scan(), scan, "{filter}");
        }
    }
}
