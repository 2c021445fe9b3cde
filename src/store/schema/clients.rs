//! The tables of the applications behind.
#![expect(
    missing_docs,
    reason = "the tables are described once, in the migrations"
)]

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
        auth_method -> Text,
        jwks -> Nullable<DocSql>,
        jwks_url -> Nullable<Text>,
        revoked_at -> Nullable<TimeSql>,
        former_secret_hash -> Nullable<Binary>,
        former_secret_until -> Nullable<TimeSql>,
        keys_since -> Nullable<TimeSql>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::store::types::*;

    app_assertions (app_id, jti) {
        app_id -> IdSql,
        jti -> Binary,
        expires_at -> TimeSql,
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

    app_post_logout_redirect_uris (app_id, uri) {
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
