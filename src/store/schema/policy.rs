//! The tables of what the rules were, and of what held of people.
#![expect(
    missing_docs,
    reason = "the tables are described once, in the migrations"
)]

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    policy_revisions (org_id, rev) {
        org_id -> IdSql,
        rev -> BigInt,
        at -> TimeSql,
        actor -> Text,
        cause -> Text,
        rulebook -> DocSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    standings (org_id, user_id, until) {
        org_id -> IdSql,
        user_id -> IdSql,
        until -> TimeSql,
        standing -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    recomputes (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        started_at -> TimeSql,
        actor -> Text,
        cause -> Text,
        people -> BigInt,
        done -> BigInt,
        finished_at -> Nullable<TimeSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    recompute_people (org_id, recompute_id, user_id) {
        org_id -> IdSql,
        recompute_id -> IdSql,
        user_id -> IdSql,
    }
}
