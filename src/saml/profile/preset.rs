//! The claim names that the products send by default or in their usual guides.

/// Which product sends.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Preset {
    /// Microsoft's AD FS.
    Adfs,
    /// Microsoft Entra ID.
    Entra,
    /// Any: all the names of the others.
    #[default]
    Generic,
    /// Google Workspace.
    Google,
    /// Keycloak.
    Keycloak,
    /// Okta.
    Okta,
    /// OneLogin, which joins groups with `;`.
    OneLogin,
    /// Ping.
    Ping,
    /// Shibboleth.
    Shibboleth,
}

/// Names in the order in which they are looked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Claims {
    pub(super) email: &'static [&'static str],
    pub(super) user_name: &'static [&'static str],
    pub(super) given_name: &'static [&'static str],
    pub(super) family_name: &'static [&'static str],
    pub(super) display_name: &'static [&'static str],
    pub(super) external_id: &'static [&'static str],
    pub(super) groups: &'static [&'static str],
    /// Attributes that say that the groups were left out.
    pub(super) overage: &'static [&'static str],
    delimiter: Option<char>,
}

impl Claims {
    /// The values in one value.
    pub(super) fn split<'a>(&self, value: &'a str) -> Vec<&'a str> {
        match self.delimiter {
            Some(delimiter) => value.split(delimiter).collect(),
            None => vec![value],
        }
    }
}

impl Preset {
    pub(super) fn claims(self) -> Claims {
        match self {
            Self::Adfs => ADFS,
            Self::Entra => ENTRA,
            Self::Generic => GENERIC,
            Self::Google => GOOGLE,
            Self::Keycloak => KEYCLOAK,
            Self::Okta => OKTA,
            Self::OneLogin => ONE_LOGIN,
            Self::Ping => PING,
            Self::Shibboleth => SHIBBOLETH,
        }
    }
}

macro_rules! ws {
    ($name:literal) => {
        concat!(
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/",
            $name
        )
    };
}

macro_rules! microsoft {
    ($name:literal) => {
        concat!("http://schemas.microsoft.com/", $name)
    };
}

const OVERAGE: &[&str] = &[
    microsoft!("claims/groups.link"),
    microsoft!("ws/2008/06/identity/claims/groups.link"),
];

const ADFS: Claims = Claims {
    email: &[ws!("emailaddress"), ws!("upn")],
    user_name: &[ws!("upn"), ws!("name")],
    given_name: &[ws!("givenname")],
    family_name: &[ws!("surname")],
    display_name: &[
        ws!("displayname"),
        microsoft!("identity/claims/displayname"),
    ],
    external_id: &[
        microsoft!("LiveID/Federation/2008/05/ImmutableID"),
        ws!("objectguid"),
    ],
    groups: &[
        "http://schemas.xmlsoap.org/claims/Group",
        microsoft!("ws/2008/06/identity/claims/role"),
    ],
    overage: &[],
    delimiter: None,
};

const ENTRA: Claims = Claims {
    email: &[ws!("emailaddress"), ws!("name")],
    user_name: &[ws!("name"), ws!("upn")],
    given_name: &[ws!("givenname")],
    family_name: &[ws!("surname")],
    display_name: &[microsoft!("identity/claims/displayname")],
    external_id: &[microsoft!("identity/claims/objectidentifier")],
    groups: &[microsoft!("ws/2008/06/identity/claims/groups")],
    overage: OVERAGE,
    delimiter: None,
};

const GOOGLE: Claims = Claims {
    email: &["email", "mail"],
    user_name: &[],
    given_name: &["firstName", "first_name", "givenName"],
    family_name: &["lastName", "last_name", "surname"],
    display_name: &["displayName", "name"],
    external_id: &[],
    groups: &["groups"],
    overage: &[],
    delimiter: None,
};

const KEYCLOAK: Claims = Claims {
    email: &["email", "urn:oid:1.2.840.113549.1.9.1"],
    user_name: &["username"],
    given_name: &["givenName", "urn:oid:2.5.4.42"],
    family_name: &["surname", "urn:oid:2.5.4.4"],
    display_name: &["name"],
    external_id: &["id"],
    groups: &["member", "groups", "Role"],
    overage: &[],
    delimiter: None,
};

const OKTA: Claims = Claims {
    email: &["email", "mail", "Email"],
    user_name: &["login", "userName", "username"],
    given_name: &["firstName", "FirstName", "givenName"],
    family_name: &["lastName", "LastName", "surname"],
    display_name: &["displayName", "name"],
    external_id: &["userId", "user.id", "id", "externalId"],
    groups: &["groups", "Groups", "group"],
    overage: &[],
    delimiter: None,
};

const ONE_LOGIN: Claims = Claims {
    email: &["User.email", "Email", "email"],
    user_name: &["User.Username", "username"],
    given_name: &["User.FirstName", "FirstName"],
    family_name: &["User.LastName", "LastName"],
    display_name: &["Name"],
    external_id: &["PersonImmutableID", "User.id"],
    groups: &["memberOf", "Groups", "groups"],
    overage: &[],
    delimiter: Some(';'),
};

const PING: Claims = Claims {
    email: &["email", "mail"],
    user_name: &["username", "uid"],
    given_name: &["givenName"],
    family_name: &["sn"],
    display_name: &["displayName", "cn"],
    external_id: &["id", "externalId"],
    groups: &["memberOf", "groups"],
    overage: &[],
    delimiter: None,
};

const SHIBBOLETH: Claims = Claims {
    email: &["urn:oid:0.9.2342.19200300.100.1.3", "mail"],
    user_name: &[
        "urn:oid:1.3.6.1.4.1.5923.1.1.1.6",
        "urn:oid:0.9.2342.19200300.100.1.1",
    ],
    given_name: &["urn:oid:2.5.4.42"],
    family_name: &["urn:oid:2.5.4.4"],
    display_name: &["urn:oid:2.16.840.1.113730.3.1.241"],
    external_id: &[
        "urn:oasis:names:tc:SAML:attribute:pairwise-id",
        "urn:oasis:names:tc:SAML:attribute:subject-id",
    ],
    groups: &["urn:oid:1.3.6.1.4.1.5923.1.5.1.1", "isMemberOf"],
    overage: &[],
    delimiter: None,
};

const GENERIC: Claims = Claims {
    email: &[
        "email",
        "mail",
        "Email",
        "emailAddress",
        "User.email",
        ws!("emailaddress"),
        "urn:oid:0.9.2342.19200300.100.1.3",
        "urn:oid:1.2.840.113549.1.9.1",
        ws!("name"),
        ws!("upn"),
    ],
    user_name: &[
        "userName",
        "username",
        "login",
        "User.Username",
        ws!("name"),
        ws!("upn"),
        "uid",
        "urn:oid:0.9.2342.19200300.100.1.1",
    ],
    given_name: &[
        "firstName",
        "FirstName",
        "first_name",
        "givenName",
        "User.FirstName",
        ws!("givenname"),
        "urn:oid:2.5.4.42",
    ],
    family_name: &[
        "lastName",
        "LastName",
        "last_name",
        "surname",
        "sn",
        "User.LastName",
        ws!("surname"),
        "urn:oid:2.5.4.4",
    ],
    display_name: &[
        "displayName",
        "name",
        microsoft!("identity/claims/displayname"),
        "urn:oid:2.16.840.1.113730.3.1.241",
    ],
    external_id: &[
        microsoft!("identity/claims/objectidentifier"),
        "externalId",
        "userId",
        "user.id",
        "urn:oasis:names:tc:SAML:attribute:pairwise-id",
        "urn:oasis:names:tc:SAML:attribute:subject-id",
    ],
    groups: &[
        "groups",
        "Groups",
        "group",
        "memberOf",
        "isMemberOf",
        microsoft!("ws/2008/06/identity/claims/groups"),
        "http://schemas.xmlsoap.org/claims/Group",
        "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
        "member",
    ],
    overage: OVERAGE,
    delimiter: None,
};
