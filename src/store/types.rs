//! SQL types, one a concept, with one physical type an engine: ids are `uuid` or 16-byte blobs,
//! documents are `jsonb` or JSON text, instants are microseconds since 1970 in UTC on both.

use std::io::Write;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Binary, SqlType, Text};
use diesel::sqlite::{Sqlite, SqliteValue};
use jiff::Timestamp;
use uuid::Uuid;

use crate::directory::connection::{
    ConnectionState, Jit, KeyState, Mode, Profile, Safeguard, Strictness,
};
use crate::directory::delivery::{Delivery, MailKind};
use crate::directory::demands::Demands;
use crate::directory::event::{EventKind, Visibility};
use crate::directory::grant::GrantSource;
use crate::directory::invitation::State;
use crate::directory::invitation::change::{ChangeState, Proof};
use crate::directory::invitation::link::Channel;
use crate::directory::link::ProofState;
use crate::directory::mapping::MatchKind;
use crate::directory::metadata::{RefreshMode, RefreshOutcome};
use crate::directory::oauth_client::AuthMethod;
use crate::directory::ownership::TransferState;
use crate::directory::safeguard::{Danger, SafeguardState, WaiverKind, WaiverState};
use crate::directory::setup::Purpose;
use crate::directory::sign_in::SignInOutcome;
use crate::directory::webhook::{Disabling, Format, Posting, WebhookState};
use crate::id::{
    ApiKeyId, AppId, BreakGlassId, CodeId, ConnectionId, ConsoleLinkId, ConsoleSessionId,
    DeliveryId, EventId, GrantId, IdentityId, ImportId, InvitationChangeId, InvitationId, LeaseId,
    MailCodeId, MappingId, OauthClientId, OrganizationId, ProjectId, RecomputeId, RefreshFamilyId,
    RoleId, SafeguardId, SamlKeyId, ScimGroupId, ScimRequestId, ScimTokenId, ScimUserId, SessionId,
    SetupLinkId, SignInId, TransferId, UserId, WaiverId, WebhookId,
};

/// An identifier.
#[derive(Clone, Copy, Debug, Default, SqlType, QueryId)]
#[diesel(sqlite_type(name = "Binary"))]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
pub struct IdSql;

/// A JSON document.
#[derive(Clone, Copy, Debug, Default, SqlType, QueryId)]
#[diesel(sqlite_type(name = "Text"))]
#[diesel(postgres_type(oid = 3802, array_oid = 3807))]
pub struct DocSql;

/// An instant.
#[derive(Clone, Copy, Debug, Default, SqlType, QueryId)]
#[diesel(sqlite_type(name = "Long"))]
#[diesel(postgres_type(oid = 20, array_oid = 1016))]
pub struct TimeSql;

macro_rules! sql_ids {
    ($($name:ident),+ $(,)?) => {$(
        const _: () = {
            #[derive(AsExpression, FromSqlRow)]
            #[diesel(foreign_derive)]
            #[diesel(sql_type = IdSql)]
            #[expect(dead_code, reason = "the derive reads it")]
            struct Proxy($name);

            impl ToSql<IdSql, Sqlite> for $name {
                fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                    out.set_value(self.uuid().as_bytes().to_vec());
                    Ok(IsNull::No)
                }
            }

            impl ToSql<IdSql, Pg> for $name {
                fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                    out.write_all(self.uuid().as_bytes())?;
                    Ok(IsNull::No)
                }
            }

            impl FromSql<IdSql, Sqlite> for $name {
                fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
                    let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?;
                    Ok(Uuid::from_slice(&bytes)?.into())
                }
            }

            impl FromSql<IdSql, Pg> for $name {
                fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                    Ok(Uuid::from_slice(value.as_bytes())?.into())
                }
            }
        };
    )+};
}

sql_ids!(
    ApiKeyId,
    AppId,
    BreakGlassId,
    CodeId,
    ConnectionId,
    ConsoleLinkId,
    ConsoleSessionId,
    DeliveryId,
    EventId,
    GrantId,
    IdentityId,
    ImportId,
    InvitationChangeId,
    InvitationId,
    LeaseId,
    MailCodeId,
    MappingId,
    OauthClientId,
    OrganizationId,
    ProjectId,
    RefreshFamilyId,
    RoleId,
    RecomputeId,
    SafeguardId,
    SamlKeyId,
    ScimGroupId,
    ScimRequestId,
    ScimTokenId,
    ScimUserId,
    SessionId,
    SetupLinkId,
    SignInId,
    TransferId,
    UserId,
    WaiverId,
    WebhookId,
);
sql_ids!(AnyId);

/// An id whose kind another column tells: a group's member is a SCIM user or a SCIM group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnyId(Uuid);

impl AnyId {
    /// The bare UUID.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for AnyId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

macro_rules! sql_words {
    ($($name:ident),+ $(,)?) => {$(
        const _: () = {
            #[derive(AsExpression, FromSqlRow)]
            #[diesel(foreign_derive)]
            #[diesel(sql_type = Text)]
            #[expect(dead_code, reason = "the derive reads it")]
            struct Proxy($name);

            impl ToSql<Text, Sqlite> for $name {
                fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                    out.set_value(self.as_str());
                    Ok(IsNull::No)
                }
            }

            impl ToSql<Text, Pg> for $name {
                fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                    out.write_all(self.as_str().as_bytes())?;
                    Ok(IsNull::No)
                }
            }

            impl FromSql<Text, Sqlite> for $name {
                fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
                    Ok(<String as FromSql<Text, Sqlite>>::from_sql(value)?.parse()?)
                }
            }

            impl FromSql<Text, Pg> for $name {
                fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                    Ok(<String as FromSql<Text, Pg>>::from_sql(value)?.parse()?)
                }
            }
        };
    )+};
}

sql_words!(
    AuthMethod,
    ChangeState,
    Channel,
    ConnectionState,
    Danger,
    Delivery,
    Disabling,
    EventKind,
    Format,
    GrantSource,
    Jit,
    KeyState,
    MailKind,
    MatchKind,
    Mode,
    Posting,
    Profile,
    Proof,
    Purpose,
    RefreshMode,
    RefreshOutcome,
    Safeguard,
    SafeguardState,
    WaiverKind,
    WaiverState,
    SignInOutcome,
    State,
    Strictness,
    ProofState,
    TransferState,
    Visibility,
    WebhookState,
);

/// An instant, as rows hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = TimeSql)]
pub struct Time(pub Timestamp);

impl From<Timestamp> for Time {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl ToSql<TimeSql, Sqlite> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_microsecond());
        Ok(IsNull::No)
    }
}

impl ToSql<TimeSql, Pg> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&self.0.as_microsecond().to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<TimeSql, Sqlite> for Time {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?;
        Ok(Self(Timestamp::from_microsecond(micros)?))
    }
}

impl FromSql<TimeSql, Pg> for Time {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<BigInt, Pg>>::from_sql(value)?;
        Ok(Self(Timestamp::from_microsecond(micros)?))
    }
}

/// A JSON document as raw text: it is parsed where something of it is needed, not before.
#[derive(Clone, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = DocSql)]
pub struct Doc(pub String);

impl ToSql<DocSql, Sqlite> for Doc {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_str());
        Ok(IsNull::No)
    }
}

/// The version byte that goes before `jsonb` on the wire.
const JSONB_VERSION: u8 = 1;

impl ToSql<DocSql, Pg> for Doc {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[JSONB_VERSION])?;
        out.write_all(self.0.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl FromSql<DocSql, Sqlite> for Doc {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(<String as FromSql<Text, Sqlite>>::from_sql(value)?))
    }
}

impl FromSql<DocSql, Pg> for Doc {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match value.as_bytes().split_first() {
            Some((&JSONB_VERSION, text)) => Ok(Self(std::str::from_utf8(text)?.to_owned())),
            _ => Err("unknown jsonb version".into()),
        }
    }
}

/// A document that is read with its row: one that says what nobody knows is no row.
const _: () = {
    #[derive(AsExpression, FromSqlRow)]
    #[diesel(foreign_derive)]
    #[diesel(sql_type = DocSql)]
    #[expect(dead_code, reason = "the derive reads it")]
    struct Proxy(Demands);

    impl ToSql<DocSql, Sqlite> for Demands {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
            out.set_value(serde_json::to_string(self)?);
            Ok(IsNull::No)
        }
    }

    impl ToSql<DocSql, Pg> for Demands {
        fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
            out.write_all(&[JSONB_VERSION])?;
            serde_json::to_writer(out, self)?;
            Ok(IsNull::No)
        }
    }

    impl FromSql<DocSql, Sqlite> for Demands {
        fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
            let text = <Doc as FromSql<DocSql, Sqlite>>::from_sql(value)?;
            Ok(serde_json::from_str(&text.0)?)
        }
    }

    impl FromSql<DocSql, Pg> for Demands {
        fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
            let text = <Doc as FromSql<DocSql, Pg>>::from_sql(value)?;
            Ok(serde_json::from_str(&text.0)?)
        }
    }
};

/// A list of an app.
#[derive(Clone, Copy, Debug)]
pub enum AppList {
    /// Places that a sign-in may lead to.
    LaunchUrls,
    /// Organizations that it serves.
    Organizations,
    /// Where browsers may be sent that have signed out.
    PostLogoutRedirectUris,
    /// Where codes may be sent.
    RedirectUris,
}

impl AppList {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LaunchUrls => "launch_urls",
            Self::Organizations => "organizations",
            Self::PostLogoutRedirectUris => "post_logout_redirect_uris",
            Self::RedirectUris => "redirect_uris",
        }
    }
}

/// Whose sessions are given up that wait for a yes.
#[derive(Clone, Copy, Debug)]
pub enum Whose {
    /// All through a connection.
    Connection(ConnectionId),
    /// This one.
    Session(SessionId),
    /// All of a person.
    User(UserId),
}
