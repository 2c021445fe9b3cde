//! SCIM filters and sort keys as SQL: the one file that knows both. Mounted once an engine.
//!
//! Every comparison is between the comparable texts of `scim::text`, octet by octet: in a column
//! where there is one, else in the row's `search` object under the path's canonical text, else,
//! for multi-valued attributes, in the element rows. Only names out of the catalog reach the SQL
//! text; whatever a client wrote is bound.

use diesel::QueryResult;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Nullable, Text};

use super::Db;
use crate::scim::filter::Filter;
use crate::scim::path::AttributePath;
use crate::store::schema::{scim_groups, scim_users};
use crate::store::search::{After, Direction, Search, is_plain};
use crate::store::types::{AnyId, IdSql};

mod compiler;
mod order;
mod sources;

use compiler::Compiler;
use sources::{GROUPS, USERS};

/// A stretch of SQL or a value that is bound.
enum Piece {
    Big(i64),
    Flag(bool),
    Id(AnyId),
    Sql(String),
    Text(String),
}

/// A filter over the rows of one table, and whether its shape is one of few, so that its statement is kept once
/// prepared.
pub(crate) struct Predicate(Vec<Piece>, bool);

/// A sort key over the rows of one table.
pub(crate) struct Order(Vec<Piece>);

/// A sort key, as text that can be told.
pub(crate) struct KeyText(Vec<Piece>);

impl Predicate {
    /// Over `scim_users`.
    pub(crate) fn users(search: &Search, filter: &Filter) -> Self {
        Self(
            Compiler::new(search, &USERS).compiled(filter),
            is_plain(filter),
        )
    }

    /// Over `scim_groups`.
    pub(crate) fn groups(search: &Search, filter: &Filter) -> Self {
        Self(
            Compiler::new(search, &GROUPS).compiled(filter),
            is_plain(filter),
        )
    }

    /// What comes behind a resource, over `scim_users`.
    pub(crate) fn users_after(search: &Search, after: &After) -> Self {
        Self(
            Compiler::new(search, &USERS).after(after),
            search.sort.is_none(),
        )
    }

    /// What comes behind a resource, over `scim_groups`.
    pub(crate) fn groups_after(search: &Search, after: &After) -> Self {
        Self(
            Compiler::new(search, &GROUPS).after(after),
            search.sort.is_none(),
        )
    }
}

impl KeyText {
    /// Over `scim_users`.
    pub(crate) fn users(search: &Search) -> Self {
        let path = search.sort.map(|(path, _)| path);
        Self(Compiler::new(search, &USERS).key_text(path))
    }

    /// Over `scim_groups`.
    pub(crate) fn groups(search: &Search) -> Self {
        let path = search.sort.map(|(path, _)| path);
        Self(Compiler::new(search, &GROUPS).key_text(path))
    }
}

impl Order {
    /// Over `scim_users`.
    pub(crate) fn users(search: &Search, path: AttributePath, direction: Direction) -> Self {
        Self(Compiler::new(search, &USERS).sorted(path, direction))
    }

    /// Over `scim_groups`.
    pub(crate) fn groups(search: &Search, path: AttributePath, direction: Direction) -> Self {
        Self(Compiler::new(search, &GROUPS).sorted(path, direction))
    }
}

macro_rules! expression {
    ($($name:ident: $sql_type:ty, $is_kept:expr);+) => {$(
        impl Expression for $name {
            type SqlType = $sql_type;
        }

        impl QueryFragment<Db> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
                // The shapes of filters come from clients: the statement cache has no room for most of them.
                let is_kept: fn(&Self) -> bool = $is_kept;
                if !is_kept(self) {
                    out.unsafe_to_cache_prepared();
                }
                for piece in &self.0 {
                    match piece {
                        Piece::Big(value) => out.push_bind_param::<BigInt, _>(value)?,
                        Piece::Flag(value) => out.push_bind_param::<Bool, _>(value)?,
                        Piece::Id(value) => out.push_bind_param::<IdSql, _>(value)?,
                        Piece::Sql(sql) => out.push_sql(sql),
                        Piece::Text(value) => out.push_bind_param::<Text, _>(value)?,
                    }
                }
                Ok(())
            }
        }

        impl QueryId for $name {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }

        impl ValidGrouping<()> for $name {
            type IsAggregate = is_aggregate::Never;
        }

        impl AppearsOnTable<scim_users::table> for $name {}
        impl SelectableExpression<scim_users::table> for $name {}
        impl AppearsOnTable<scim_groups::table> for $name {}
        impl SelectableExpression<scim_groups::table> for $name {}
    )+};
}

expression!(Predicate: Bool, |it| it.1; Order: Text, |_| false; KeyText: Nullable<Text>, |_| false);
