//! The tables of safeguards.
#![expect(
    missing_docs,
    reason = "the tables are described once, in the migrations"
)]

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    safeguard_marks (org_id, connection_id, kind, at, user_id) {
        org_id -> IdSql,
        connection_id -> IdSql,
        kind -> Text,
        at -> TimeSql,
        user_id -> IdSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    safeguards (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        connection_id -> IdSql,
        kind -> Text,
        state -> Text,
        people -> BigInt,
        threshold -> BigInt,
        active_people -> BigInt,
        began_at -> TimeSql,
        tripped_at -> TimeSql,
        latest_at -> TimeSql,
        expires_at -> Nullable<TimeSql>,
        decided_at -> Nullable<TimeSql>,
        decided_by -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    waivers (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        user_id -> IdSql,
        connection_id -> IdSql,
        kind -> Text,
        reference -> Text,
        state -> Text,
        safeguard_id -> Nullable<IdSql>,
        reason -> Text,
        created_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    safeguard_settings (org_id, connection_id) {
        org_id -> IdSql,
        connection_id -> IdSql,
        planned_until -> Nullable<TimeSql>,
        hold_minutes -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    safeguard_tallies (org_id, connection_id, kind) {
        org_id -> IdSql,
        connection_id -> IdSql,
        kind -> Text,
        people -> BigInt,
        active_people -> BigInt,
        counted_at -> TimeSql,
    }
}
