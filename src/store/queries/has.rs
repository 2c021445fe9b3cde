//! Whether there is any row of some kind, of the row that is read. Each kind is a type of its own, so that the driver
//! knows a statement by its type and does not write its text anew.

use diesel::QueryResult;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

use super::super::Db;

/// Makes kinds, by what asks for them in SQL.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, QueryId, ValidGrouping)]
            pub(super) struct $name;

            impl Expression for $name {
                type SqlType = Bool;
            }

            impl QueryFragment<Db> for $name {
                fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
                    out.push_sql($sql);
                    Ok(())
                }
            }

            impl<T> AppearsOnTable<T> for $name {}
            impl<T> SelectableExpression<T> for $name {}
        )+
    };
}

kinds! {
    /// Live grants of a person.
    HasGrants = "EXISTS (SELECT 1 FROM grants AS g WHERE g.org_id = users.org_id AND g.user_id = users.id \
        AND g.retired_at IS NULL)";
    /// Subjects of a person.
    HasIdentities = "EXISTS (SELECT 1 FROM identities AS i WHERE i.org_id = users.org_id \
        AND i.user_id = users.id)";
    /// Projects of a person.
    HasProjects = "EXISTS (SELECT 1 FROM user_projects AS p WHERE p.org_id = users.org_id \
        AND p.user_id = users.id)";
    /// Waivers of a person.
    HasWaivers = "EXISTS (SELECT 1 FROM waivers AS w WHERE w.org_id = users.org_id AND w.user_id = users.id)";
    /// Sessions of a person that are open.
    HasSessions = "EXISTS (SELECT 1 FROM sessions AS s WHERE s.org_id = users.org_id AND s.user_id = users.id \
        AND s.ended_at IS NULL)";
    /// Their sessions at the console that are open.
    HasConsole = "EXISTS (SELECT 1 FROM console_sessions AS c WHERE c.org_id = users.org_id \
        AND c.user_id = users.id AND c.ended_at IS NULL)";
    /// Sessions of a person of which it is kept why they end.
    HasEnded = "EXISTS (SELECT 1 FROM sessions AS w WHERE w.org_id = users.org_id AND w.user_id = users.id \
        AND w.ended_cause IS NOT NULL)";
    /// Groups that a User is in.
    IsMember = "EXISTS (SELECT 1 FROM scim_members AS m WHERE m.org_id = scim_users.org_id \
        AND m.member_id = scim_users.id)";
    /// Waivers of a User's person.
    IsWaived = "EXISTS (SELECT 1 FROM waivers AS w WHERE w.org_id = scim_users.org_id \
        AND w.user_id = scim_users.user_id)";
    /// Users of a subject's person that are not active.
    IsInactive = "EXISTS (SELECT 1 FROM scim_users AS r WHERE r.org_id = identities.org_id \
        AND r.user_id = identities.user_id AND r.connection_id = identities.connection_id AND NOT r.active)";
    /// Groups that a subject of the same person brought.
    HasGroups = "EXISTS (SELECT 1 FROM identities AS g WHERE g.org_id = identities.org_id \
        AND g.user_id = identities.user_id AND g.connection_id = identities.connection_id \
        AND (g.group_values IS NOT NULL OR g.groups_stale_since IS NOT NULL))";
}

/// The groups that a User is in, where that is asked for at all.
#[derive(Clone, Copy, Debug, ValidGrouping)]
pub(super) struct Membership(pub(super) bool);

impl Expression for Membership {
    type SqlType = Bool;
}

impl QueryFragment<Db> for Membership {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Db>) -> QueryResult<()> {
        if self.0 {
            return IsMember.walk_ast(out);
        }
        out.push_sql("FALSE");
        Ok(())
    }
}

impl QueryId for Membership {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T> AppearsOnTable<T> for Membership {}
impl<T> SelectableExpression<T> for Membership {}
