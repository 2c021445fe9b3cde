//! The tables of people who were asked to come, and of what is owed to whom.
#![expect(
    missing_docs,
    reason = "the tables are described once, in the migrations"
)]

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    imports (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        actor -> Text,
        digest -> Text,
        total -> BigInt,
        created -> BigInt,
        skipped -> BigInt,
        warnings -> BigInt,
        result -> Nullable<DocSql>,
        created_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    invitations (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        email -> Text,
        email_norm -> Text,
        role_id -> IdSql,
        mailed_role_id -> Nullable<IdSql>,
        message -> Nullable<Text>,
        override_reason -> Nullable<Text>,
        state -> Text,
        version -> BigInt,
        share_version -> BigInt,
        shared_at -> Nullable<TimeSql>,
        inviter_id -> Nullable<IdSql>,
        inviter_name -> Nullable<Text>,
        actor -> Text,
        import_id -> Nullable<IdSql>,
        send_count -> BigInt,
        last_sent_at -> Nullable<TimeSql>,
        asked_at -> Nullable<TimeSql>,
        expires_at -> TimeSql,
        accepted_user_id -> Nullable<IdSql>,
        accepted_via -> Nullable<Text>,
        closed_at -> Nullable<TimeSql>,
        closed_cause -> Nullable<Text>,
        created_at -> TimeSql,
        updated_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    invitation_projects (org_id, invitation_id, project_id) {
        org_id -> IdSql,
        invitation_id -> IdSql,
        project_id -> IdSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    invitation_changes (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        invitation_id -> IdSql,
        email -> Text,
        email_norm -> Text,
        proof -> Text,
        channel -> Text,
        state -> Text,
        created_at -> TimeSql,
        closed_at -> Nullable<TimeSql>,
        closed_by -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    mail_codes (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        invitation_id -> IdSql,
        email -> Text,
        email_norm -> Text,
        tries -> BigInt,
        created_at -> TimeSql,
        expires_at -> TimeSql,
        used_at -> Nullable<TimeSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    outbox (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        kind -> Text,
        recipient -> Text,
        invitation_id -> Nullable<IdSql>,
        code_id -> Nullable<IdSql>,
        detail -> DocSql,
        state -> Text,
        uncertain -> Bool,
        attempts -> BigInt,
        due_at -> TimeSql,
        lease -> Nullable<IdSql>,
        leased_until -> Nullable<TimeSql>,
        last_reply -> Nullable<Text>,
        created_at -> TimeSql,
        finished_at -> Nullable<TimeSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    share_hooks (org_id) {
        org_id -> IdSql,
        sealed -> Binary,
        host -> Text,
        updated_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    idempotency (key_id, name) {
        key_id -> IdSql,
        name -> Text,
        digest -> Binary,
        sealed -> Nullable<Binary>,
        created_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    sightings (org_id, connection_id, kind) {
        org_id -> IdSql,
        connection_id -> IdSql,
        kind -> Text,
        count -> BigInt,
        first_at -> TimeSql,
        last_at -> TimeSql,
    }
}
