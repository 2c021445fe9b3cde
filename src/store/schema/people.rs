//! The tables of people, what directories say of them, and what happens to them.
#![expect(
    missing_docs,
    reason = "the tables are described once, in the migrations"
)]

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    users (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        email -> Nullable<Text>,
        email_norm -> Nullable<Text>,
        display_name -> Nullable<Text>,
        given_name -> Nullable<Text>,
        family_name -> Nullable<Text>,
        managed_by -> Nullable<IdSql>,
        provisional_since -> Nullable<TimeSql>,
        suspended_by_directory_at -> Nullable<TimeSql>,
        suspended_by_admin_at -> Nullable<TimeSql>,
        suspended_by_expiry_at -> Nullable<TimeSql>,
        deleted_at -> Nullable<TimeSql>,
        erased_at -> Nullable<TimeSql>,
        last_connection_id -> Nullable<IdSql>,
        last_external_id -> Nullable<Text>,
        last_user_name_folded -> Nullable<Text>,
        email_changed_at -> Nullable<TimeSql>,
        external_id_changed_at -> Nullable<TimeSql>,
        override_at -> Nullable<TimeSql>,
        owner -> Bool,
        role_id -> Nullable<IdSql>,
        roles_version -> BigInt,
        created_at -> TimeSql,
        updated_at -> TimeSql,
        standing -> Nullable<Text>,
        policy_rev -> BigInt,
        delete_at -> Nullable<TimeSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    user_projects (org_id, user_id, project_id) {
        org_id -> IdSql,
        user_id -> IdSql,
        project_id -> IdSql,
        role_id -> IdSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    scim_users (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        connection_id -> IdSql,
        user_id -> Nullable<IdSql>,
        proposed_user_id -> Nullable<IdSql>,
        user_name -> Text,
        user_name_folded -> Text,
        external_id -> Nullable<Text>,
        active -> Bool,
        display_name_folded -> Nullable<Text>,
        email_folded -> Nullable<Text>,
        document -> DocSql,
        search -> DocSql,
        version -> BigInt,
        created_at -> TimeSql,
        updated_at -> TimeSql,
        proposed_at -> Nullable<TimeSql>,
        rejected_user_id -> Nullable<IdSql>,
        rejected_at -> Nullable<TimeSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    scim_values (org_id, scim_user_id, path, position) {
        org_id -> IdSql,
        scim_user_id -> IdSql,
        path -> Text,
        position -> BigInt,
        folded -> Nullable<Text>,
        element -> DocSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    scim_groups (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        connection_id -> IdSql,
        display_name -> Text,
        display_name_folded -> Text,
        external_id -> Nullable<Text>,
        document -> DocSql,
        search -> DocSql,
        version -> BigInt,
        created_at -> TimeSql,
        updated_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    scim_members (org_id, group_id, member_id) {
        org_id -> IdSql,
        group_id -> IdSql,
        member_id -> IdSql,
        member_is_group -> Bool,
        created_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    grants (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        user_id -> IdSql,
        role_id -> IdSql,
        source -> Text,
        source_ref -> Text,
        granted_at -> TimeSql,
        cause -> Text,
        ends_at -> Nullable<TimeSql>,
        retired_at -> Nullable<TimeSql>,
        retired_cause -> Nullable<Text>,
        actor -> Nullable<Text>,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    grant_projects (org_id, grant_id, project_id) {
        org_id -> IdSql,
        grant_id -> IdSql,
        project_id -> IdSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    identities (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        connection_id -> IdSql,
        subject_key -> Text,
        user_id -> IdSql,
        name_id -> Nullable<Text>,
        format -> Nullable<Text>,
        name_qualifier -> Nullable<Text>,
        sp_name_qualifier -> Nullable<Text>,
        email_norm -> Nullable<Text>,
        group_values -> Nullable<DocSql>,
        groups_known_at -> Nullable<TimeSql>,
        confirmed_by -> Nullable<IdSql>,
        created_at -> TimeSql,
        last_seen_at -> TimeSql,
        groups_stale_since -> Nullable<TimeSql>,
        groups_stale_why -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    saml_requests (org_id, id) {
        org_id -> IdSql,
        id -> Text,
        connection_id -> IdSql,
        browser_hash -> Binary,
        relay -> Nullable<Text>,
        created_at -> TimeSql,
        expires_at -> TimeSql,
        used_at -> Nullable<TimeSql>,
        fresh_since -> Nullable<TimeSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    saml_logouts (org_id, id) {
        org_id -> IdSql,
        id -> Text,
        connection_id -> IdSql,
        back -> Nullable<Text>,
        created_at -> TimeSql,
        expires_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    saml_logouts_heard (org_id, connection_id, message_id) {
        org_id -> IdSql,
        connection_id -> IdSql,
        message_id -> Text,
        name_hash -> Binary,
        session_indexes -> DocSql,
        issued_at -> TimeSql,
        until -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    saml_replays (org_id, connection_id, message_id) {
        org_id -> IdSql,
        connection_id -> IdSql,
        message_id -> Text,
        expires_at -> TimeSql,
        session_hash -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    sessions (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        hash -> Binary,
        user_id -> IdSql,
        connection_id -> Nullable<IdSql>,
        identity_id -> Nullable<IdSql>,
        session_index -> Nullable<Text>,
        context_class -> Nullable<Text>,
        authenticated_at -> TimeSql,
        created_at -> TimeSql,
        last_seen_at -> TimeSql,
        expires_at -> TimeSql,
        ended_at -> Nullable<TimeSql>,
        ended_cause -> Nullable<Text>,
        name_id -> Nullable<Text>,
        name_id_format -> Nullable<Text>,
        name_qualifier -> Nullable<Text>,
        sp_name_qualifier -> Nullable<Text>,
        certificate -> Nullable<Text>,
        chain_id -> Nullable<IdSql>,
        break_glass_id -> Nullable<IdSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    codes (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        hash -> Binary,
        session_id -> IdSql,
        app_id -> IdSql,
        redirect_uri -> Text,
        challenge -> Text,
        nonce -> Nullable<Text>,
        scope -> Text,
        created_at -> TimeSql,
        expires_at -> TimeSql,
        used_at -> Nullable<TimeSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    refresh_families (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        session_id -> IdSql,
        app_id -> IdSql,
        scope -> Text,
        created_at -> TimeSql,
        expires_at -> TimeSql,
        ended_at -> Nullable<TimeSql>,
        ended_cause -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    refresh_tokens (hash) {
        org_id -> IdSql,
        hash -> Binary,
        family_id -> IdSql,
        created_at -> TimeSql,
        expires_at -> TimeSql,
        used_at -> Nullable<TimeSql>,
        successor -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    events (org_id, seq) {
        org_id -> IdSql,
        seq -> BigInt,
        id -> IdSql,
        #[sql_name = "type"]
        kind -> Text,
        visibility -> Text,
        time -> TimeSql,
        actor -> Text,
        cause -> Text,
        data -> DocSql,
        salts -> Nullable<Text>,
        mac -> Nullable<Binary>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    audit_checkpoints (org_id, seq) {
        org_id -> IdSql,
        seq -> BigInt,
        mac -> Binary,
        jws -> Text,
        created_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    scim_totals (org_id, connection_id) {
        org_id -> IdSql,
        connection_id -> IdSql,
        users -> BigInt,
        groups -> BigInt,
    }
}
