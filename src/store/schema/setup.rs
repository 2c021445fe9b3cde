//! The tables of what admins set up.
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
        published_until -> Nullable<TimeSql>,
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
        policy -> DocSql,
        schemas -> DocSql,
        schema_changes -> BigInt,
        schema_changes_since -> Nullable<TimeSql>,
        policy_rev -> BigInt,
        event_mac -> Nullable<Binary>,
        event_seal -> Nullable<Binary>,
        base_seq -> Nullable<BigInt>,
        base_mac -> Nullable<Binary>,
        base_seal -> Nullable<Binary>,
        checkpoint_seq -> BigInt,
        checkpoint_at -> Nullable<TimeSql>,
        settings_stamp -> BigInt,
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
        removed_at -> Nullable<TimeSql>,
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
        name -> Nullable<Text>,
        actor -> Nullable<Text>,
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
        schemas -> DocSql,
        tolerate_unknown_members -> Bool,
        sign_requests -> Nullable<Bool>,
        allow_cbc -> Nullable<Bool>,
        idp_endpoints -> Nullable<DocSql>,
        testing -> Bool,
        single_logout -> Nullable<Bool>,
        demands -> DocSql,
        went_live_at -> Nullable<TimeSql>,
        awaits_operator -> Bool,
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

    metadata_refreshes (org_id, connection_id) {
        org_id -> IdSql,
        connection_id -> IdSql,
        mode -> Text,
        url -> Nullable<Text>,
        etag -> Nullable<Text>,
        last_modified -> Nullable<Text>,
        fetched_at -> Nullable<TimeSql>,
        outcome -> Nullable<Text>,
        reason -> Nullable<Text>,
        failures -> BigInt,
        due_at -> Nullable<TimeSql>,
        lease -> Nullable<IdSql>,
        leased_until -> Nullable<TimeSql>,
        valid_until -> Nullable<TimeSql>,
        cache_seconds -> Nullable<BigInt>,
        proposal -> Nullable<Text>,
        proposed_changes -> Nullable<DocSql>,
        proposed_at -> Nullable<TimeSql>,
        dismissed_changes -> Nullable<DocSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    expiry_notices (org_id, connection_id, subject, days) {
        org_id -> IdSql,
        connection_id -> IdSql,
        subject -> Text,
        days -> BigInt,
        created_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    saml_keys (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        connection_id -> IdSql,
        state -> Text,
        certificate -> Binary,
        sealed -> Binary,
        created_at -> TimeSql,
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

    domain_proofs (org_id, domain) {
        org_id -> IdSql,
        domain -> Text,
        challenge -> Text,
        created_at -> TimeSql,
        verified_at -> Nullable<TimeSql>,
        lease -> Nullable<IdSql>,
        held_until -> Nullable<TimeSql>,
        due_at -> Nullable<TimeSql>,
        missing_since -> Nullable<TimeSql>,
        absences -> BigInt,
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

    oauth_clients (org_id, id) {
        org_id -> IdSql,
        id -> IdSql,
        connection_id -> IdSql,
        auth_method -> Text,
        secret_hash -> Nullable<Binary>,
        last4 -> Nullable<Text>,
        jwks -> Nullable<DocSql>,
        jwks_url -> Nullable<Text>,
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

    oauth_access_tokens (hash) {
        org_id -> IdSql,
        hash -> Binary,
        client_id -> IdSql,
        created_at -> TimeSql,
        expires_at -> TimeSql,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    oauth_assertions (org_id, client_id, jti) {
        org_id -> IdSql,
        client_id -> IdSql,
        jti -> Binary,
        expires_at -> TimeSql,
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
        rev -> BigInt,
        removed_at -> Nullable<TimeSql>,
        group_lost_at -> Nullable<TimeSql>,
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
