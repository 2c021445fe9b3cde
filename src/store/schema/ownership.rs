//! The tables of what the owner, or who is to be it, is asked, and of the owner's way in without a connection.
#![expect(
    missing_docs,
    reason = "the tables are described once, in the migrations"
)]

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    ownership_transfers (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        owner_id -> Nullable<IdSql>,
        owner_mark -> Text,
        chosen_id -> IdSql,
        chosen_mark -> Text,
        state -> Text,
        reason -> Nullable<Text>,
        actor -> Text,
        created_at -> TimeSql,
        expires_at -> TimeSql,
        closed_at -> Nullable<TimeSql>,
        closed_by -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    link_proofs (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        identity_id -> IdSql,
        user_id -> IdSql,
        mark -> Text,
        owner_mark -> Nullable<Text>,
        state -> Text,
        tries -> BigInt,
        created_at -> TimeSql,
        expires_at -> TimeSql,
        closed_at -> Nullable<TimeSql>,
        closed_by -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    break_glass (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        user_id -> IdSql,
        hash -> Binary,
        mark -> Text,
        reason -> Text,
        actor -> Text,
        created_at -> TimeSql,
        expires_at -> TimeSql,
        closed_at -> Nullable<TimeSql>,
        closed_by -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    break_glass_codes (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        break_glass_id -> IdSql,
        browser -> Binary,
        tries -> BigInt,
        created_at -> TimeSql,
        expires_at -> TimeSql,
        used_at -> Nullable<TimeSql>,
    }
}
