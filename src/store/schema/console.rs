//! Who is at the console, and what lets somebody in there.
#![expect(
    missing_docs,
    reason = "the tables are described once, in the migrations"
)]

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    console_sessions (id) {
        id -> IdSql,
        org_id -> Nullable<IdSql>,
        user_id -> Nullable<IdSql>,
        session_id -> Nullable<IdSql>,
        way -> Text,
        hash -> Binary,
        authenticated_at -> TimeSql,
        created_at -> TimeSql,
        last_seen_at -> TimeSql,
        expires_at -> TimeSql,
        ended_at -> Nullable<TimeSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    console_links (id) {
        id -> IdSql,
        org_id -> Nullable<IdSql>,
        user_id -> Nullable<IdSql>,
        hash -> Binary,
        mark -> Nullable<Text>,
        actor -> Text,
        created_at -> TimeSql,
        expires_at -> TimeSql,
        used_at -> Nullable<TimeSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    console_codes (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        user_id -> IdSql,
        browser -> Binary,
        tries -> BigInt,
        created_at -> TimeSql,
        expires_at -> TimeSql,
        used_at -> Nullable<TimeSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    setup_links (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        purpose -> Text,
        connection_id -> Nullable<IdSql>,
        contact_email -> Nullable<Text>,
        hash -> Binary,
        actor -> Text,
        created_at -> TimeSql,
        expires_at -> TimeSql,
        seen_at -> Nullable<TimeSql>,
        finished_at -> Nullable<TimeSql>,
        revoked_at -> Nullable<TimeSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    setup_codes (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        setup_link_id -> IdSql,
        browser -> Binary,
        tries -> BigInt,
        created_at -> TimeSql,
        expires_at -> TimeSql,
        used_at -> Nullable<TimeSql>,
    }
}
