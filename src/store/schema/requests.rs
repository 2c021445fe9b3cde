//! The tables of what SCIM clients asked.
#![expect(
    missing_docs,
    reason = "the tables are described once, in the migrations"
)]

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    scim_requests (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        connection_id -> IdSql,
        time -> TimeSql,
        token_id -> Nullable<IdSql>,
        token -> Nullable<Text>,
        client -> Nullable<Text>,
        method -> Text,
        path -> Text,
        query -> Nullable<Text>,
        headers -> Text,
        body -> Nullable<Text>,
        body_bytes -> BigInt,
        omitted -> Nullable<Text>,
        dropped -> Text,
        status -> BigInt,
        scim_type -> Nullable<Text>,
        detail -> Nullable<Text>,
        ignored -> Nullable<Text>,
        micros -> BigInt,
        effects -> Text,
        bytes -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    scim_request_subjects (org_id, subject, request_id) {
        org_id -> IdSql,
        subject -> Text,
        request_id -> IdSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    scim_request_counts (org_id, connection_id, hour) {
        org_id -> IdSql,
        connection_id -> IdSql,
        hour -> TimeSql,
        reads -> BigInt,
        writes -> BigInt,
        refused -> BigInt,
        strangers -> BigInt,
        lost -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    scim_request_usage (org_id) {
        org_id -> IdSql,
        bytes -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    sign_ins (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        connection_id -> IdSql,
        request_id -> Text,
        outcome -> Text,
        reason -> Nullable<Text>,
        started_at_provider -> Nullable<Bool>,
        verified -> Bool,
        user_id -> Nullable<IdSql>,
        subject -> Nullable<Text>,
        checks -> DocSql,
        created_at -> TimeSql,
    }
}
