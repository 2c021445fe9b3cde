//! The tables of webhooks.
#![expect(
    missing_docs,
    reason = "the tables are described once, in the migrations"
)]

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    webhooks (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        name -> Text,
        url_sealed -> Binary,
        host -> Text,
        types -> Nullable<Text>,
        format -> Text,
        by_operator -> Bool,
        secret_sealed -> Binary,
        former_secret_sealed -> Nullable<Binary>,
        former_until -> Nullable<TimeSql>,
        state -> Text,
        disabled_at -> Nullable<TimeSql>,
        disabled_cause -> Nullable<Text>,
        failing_since -> Nullable<TimeSql>,
        last_success_at -> Nullable<TimeSql>,
        lease -> Nullable<IdSql>,
        leased_until -> TimeSql,
        created_at -> TimeSql,
        updated_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    webhook_deliveries (org_id, webhook_id, event_id) {
        org_id -> IdSql,
        webhook_id -> IdSql,
        event_id -> IdSql,
        seq -> BigInt,
        #[sql_name = "type"]
        kind -> Text,
        state -> Text,
        attempts -> BigInt,
        due_at -> TimeSql,
        last_status -> Nullable<BigInt>,
        last_reply -> Nullable<Text>,
        last_tried_at -> Nullable<TimeSql>,
        created_at -> TimeSql,
        finished_at -> Nullable<TimeSql>,
    }
}
