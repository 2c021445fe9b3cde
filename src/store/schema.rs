//! The tables, as Diesel sees them: one description for both engines. Columns are documented in
//! `migrations/`; a test compares the two engines' tables with each other.
#![expect(
    missing_docs,
    reason = "the tables are described once, in the migrations"
)]

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    instance (id) {
        id -> BigInt,
        check_value -> Binary,
        data_keys -> Binary,
        created_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    signing_keys (kid) {
        kid -> Text,
        alg -> Text,
        state -> Text,
        public -> DocSql,
        sealed -> Binary,
        created_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    organizations (id) {
        id -> IdSql,
        slug -> Text,
        name -> Text,
        default_role_id -> IdSql,
        event_seq -> BigInt,
        created_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    roles (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        slug -> Text,
        name -> Text,
        rank -> BigInt,
        created_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    projects (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        slug -> Text,
        name -> Text,
        created_at -> TimeSql,
        archived_at -> Nullable<TimeSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    apps (id) {
        id -> IdSql,
        client_id -> Text,
        secret_hash -> Binary,
        name -> Text,
        audience -> Text,
        id_token_alg -> Text,
        initiate_login_uri -> Nullable<Text>,
        backchannel_logout_uri -> Nullable<Text>,
        all_organizations -> Bool,
        created_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    app_redirect_uris (app_id, uri) {
        app_id -> IdSql,
        uri -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    app_launch_urls (app_id, url) {
        app_id -> IdSql,
        url -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    app_organizations (app_id, org_id) {
        app_id -> IdSql,
        org_id -> IdSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    api_keys (id) {
        id -> IdSql,
        hash -> Binary,
        org_id -> Nullable<IdSql>,
        scopes -> Text,
        prefix -> Text,
        last4 -> Text,
        created_at -> TimeSql,
        expires_at -> Nullable<TimeSql>,
        revoked_at -> Nullable<TimeSql>,
        last_used_at -> Nullable<TimeSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    connections (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        name -> Text,
        name_folded -> Text,
        profile -> Text,
        strictness -> Text,
        jit -> Text,
        mode -> Text,
        safeguard -> Text,
        default_role_id -> Nullable<IdSql>,
        max_role_id -> IdSql,
        app_id -> Nullable<IdSql>,
        state -> Text,
        owner_confirmed_at -> Nullable<TimeSql>,
        idp_initiated -> Bool,
        idp_entity_id -> Nullable<Text>,
        sso_url -> Nullable<Text>,
        metadata -> Nullable<Text>,
        scim_since -> Nullable<TimeSql>,
        scim_groups_since -> Nullable<TimeSql>,
        created_at -> TimeSql,
        updated_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    connection_certificates (org_id, connection_id, fingerprint) {
        org_id -> IdSql,
        connection_id -> IdSql,
        fingerprint -> Text,
        der -> Binary,
        not_after -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    trusted_domains (org_id, connection_id, domain) {
        org_id -> IdSql,
        connection_id -> IdSql,
        domain -> Text,
        source -> Text,
        created_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    scim_tokens (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        hash -> Binary,
        connection_id -> IdSql,
        prefix -> Text,
        last4 -> Text,
        scopes -> Text,
        created_at -> TimeSql,
        expires_at -> Nullable<TimeSql>,
        revoked_at -> Nullable<TimeSql>,
        last_used_at -> Nullable<TimeSql>,
    }
}

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
        owner -> Bool,
        role_id -> Nullable<IdSql>,
        roles_version -> BigInt,
        created_at -> TimeSql,
        updated_at -> TimeSql,
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

    mappings (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        connection_id -> IdSql,
        match_kind -> Text,
        match_text -> Text,
        match_folded -> Text,
        bound_group_id -> Nullable<IdSql>,
        role_id -> IdSql,
        position -> BigInt,
        enabled -> Bool,
        created_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    mapping_projects (org_id, mapping_id, project_id) {
        org_id -> IdSql,
        mapping_id -> IdSql,
        project_id -> IdSql,
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
        connection_id -> IdSql,
        identity_id -> IdSql,
        session_index -> Nullable<Text>,
        context_class -> Nullable<Text>,
        authenticated_at -> TimeSql,
        created_at -> TimeSql,
        last_seen_at -> TimeSql,
        expires_at -> TimeSql,
        ended_at -> Nullable<TimeSql>,
        ended_cause -> Nullable<Text>,
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
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    instance,
    signing_keys,
    organizations,
    roles,
    projects,
    apps,
    app_redirect_uris,
    app_launch_urls,
    app_organizations,
    api_keys,
    connections,
    connection_certificates,
    trusted_domains,
    scim_tokens,
    users,
    user_projects,
    scim_users,
    scim_values,
    scim_groups,
    scim_members,
    mappings,
    mapping_projects,
    grants,
    grant_projects,
    identities,
    saml_requests,
    saml_replays,
    sessions,
    codes,
    events,
);
