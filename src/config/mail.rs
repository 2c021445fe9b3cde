//! How mail leaves: as files in a folder, or through an SMTP relay.

use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::limits;

/// The settings of mail.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mail {
    /// Where messages go.
    pub url: MailUrl,
    /// Whom they are from.
    pub from: Sender,
    /// How many this process sends in a second at most.
    pub per_second: NonZeroU32,
    /// Who is told of alerts beside the admins of an organization: whoever runs this installation.
    pub operator: Option<Sender>,
}

impl Default for Mail {
    fn default() -> Self {
        Self {
            url: MailUrl::default(),
            from: Sender::default(),
            per_second: NonZeroU32::new(limits::MAILS_PER_SECOND).expect("the limit is above 0"),
            operator: None,
        }
    }
}

/// Where messages go. Displayed without its password.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum MailUrl {
    /// `file:FOLDER`: one `.eml` a message.
    File(PathBuf),
    /// `smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`.
    Smtp {
        /// How the connection is protected.
        security: Security,
        /// The relay.
        host: String,
        /// Its port; 25, 587 or 465 by [`Security`] when not said.
        port: u16,
        /// Who we are to the relay.
        credentials: Option<Credentials>,
    },
}

/// How the connection to a relay is protected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// Not at all: for a relay on this machine.
    Plain,
    /// Turned into TLS before anything is said (RFC 3207).
    StartTls,
    /// TLS from the first byte (RFC 8314 §3.3).
    Tls,
}

impl Security {
    fn of_scheme(scheme: &str) -> Option<Self> {
        match scheme {
            "smtp" => Some(Self::Plain),
            "smtp+starttls" => Some(Self::StartTls),
            "smtps" => Some(Self::Tls),
            _ => None,
        }
    }

    fn scheme(self) -> &'static str {
        match self {
            Self::Plain => "smtp",
            Self::StartTls => "smtp+starttls",
            Self::Tls => "smtps",
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Plain => 25,
            Self::StartTls => 587,
            Self::Tls => 465,
        }
    }
}

/// Who we are to a relay.
#[derive(Clone, Eq, PartialEq)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:***", self.user)
    }
}

impl Default for MailUrl {
    fn default() -> Self {
        Self::File(PathBuf::from("outbox"))
    }
}

impl FromStr for MailUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected =
            "expected file:FOLDER, or smtp, smtps or smtp+starttls://USER:PASSWORD@HOST:PORT";
        if let Some(path) = text.strip_prefix("file:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() {
                Err(expected)
            } else {
                Ok(Self::File(path.into()))
            };
        }
        let url: Url = text.parse().map_err(|_| expected)?;
        let security = Security::of_scheme(url.scheme()).ok_or(expected)?;
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or(expected)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(expected);
        }
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some(Credentials {
                user: decoded(user)?,
                password: decoded(password.unwrap_or_default())?,
            }),
        };
        let port = url.port().unwrap_or(security.port());
        Ok(Self::Smtp {
            security,
            host: host.to_owned(),
            port,
            credentials,
        })
    }
}

/// Percent-decodes a part of a URL (RFC 3986 §2.1).
fn decoded(text: &str) -> Result<String, &'static str> {
    let expected = "expected the user and the password percent-encoded as UTF-8";
    let (plain, encoded) = text.split_once('%').unwrap_or((text, ""));
    let mut bytes = plain.as_bytes().to_vec();
    if plain.len() < text.len() {
        for piece in encoded.split('%') {
            let (hex, rest) = piece.split_at_checked(2).ok_or(expected)?;
            bytes.push(u8::from_str_radix(hex, 16).map_err(|_| expected)?);
            bytes.extend_from_slice(rest.as_bytes());
        }
    }
    String::from_utf8(bytes).map_err(|_| expected)
}

impl fmt::Display for MailUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Smtp {
                security,
                host,
                port,
                credentials,
            } => {
                write!(f, "{}://", security.scheme())?;
                if let Some(credentials) = credentials {
                    write!(f, "{credentials:?}@")?;
                }
                write!(f, "{host}:{port}")
            }
        }
    }
}

impl TryFrom<String> for MailUrl {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<MailUrl> for String {
    fn from(url: MailUrl) -> Self {
        url.to_string()
    }
}

/// Whom messages are from, or to: `Name <address>` or an address alone (RFC 5322 §3.4).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sender {
    /// The name that people see.
    pub name: Option<String>,
    /// The address that answers go to.
    pub address: String,
}

impl Default for Sender {
    fn default() -> Self {
        Self {
            name: Some("Usher".to_owned()),
            address: "no-reply@localhost".to_owned(),
        }
    }
}

impl FromStr for Sender {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected =
            "expected an address, or a name and an address as in: Usher <usher@example.com>";
        let (name, address) = match text.strip_suffix('>') {
            Some(text) => text.split_once('<').ok_or(expected)?,
            None => ("", text),
        };
        let name = name.trim().trim_matches('"');
        let address = address.trim();
        let (local, domain) = address.split_once('@').ok_or(expected)?;
        let odd =
            |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | '@');
        if local.is_empty() || domain.is_empty() || local.contains(odd) || domain.contains(odd) {
            return Err(expected);
        }
        if name.contains(|c: char| c.is_control() || matches!(c, '<' | '>')) {
            return Err(expected);
        }
        let name = (!name.is_empty()).then(|| name.to_owned());
        Ok(Self {
            name,
            address: address.to_owned(),
        })
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => f.write_str(&self.address),
        }
    }
}

impl TryFrom<String> for Sender {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Sender> for String {
    fn from(sender: Sender) -> Self {
        sender.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{Credentials, MailUrl, Security, Sender};

    #[test]
    fn mail_goes_to_a_folder_or_a_relay() {
        let file: MailUrl = "file:outbox".parse().unwrap();
        assert_eq!(file, MailUrl::default());
        let relay: MailUrl = "smtp+starttls://us%40er:p%2B%C3%A4@mail.example"
            .parse()
            .unwrap();
        let credentials = Credentials {
            user: "us@er".to_owned(),
            password: "p+ä".to_owned(),
        };
        assert_eq!(
            relay,
            MailUrl::Smtp {
                security: Security::StartTls,
                host: "mail.example".to_owned(),
                port: 587,
                credentials: Some(credentials),
            }
        );
        assert_eq!(
            relay.to_string(),
            "smtp+starttls://us@er:***@mail.example:587"
        );
        assert!(!format!("{relay:?}").contains("p+ä"));
        assert_eq!(
            "smtps://mail.example"
                .parse::<MailUrl>()
                .unwrap()
                .to_string(),
            "smtps://mail.example:465"
        );
    }

    #[test]
    fn what_is_no_way_for_mail_is_refused() {
        let refused = [
            "",
            "file:",
            "smtp://",
            "http://mail.example",
            "smtp:mail",
            "smtp://h/path",
            "smtp://u:%zz@h",
            "smtp://u:%e4@h",
            "smtp://u:%2@h",
        ];
        for text in refused {
            assert!(text.parse::<MailUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_sender_has_one_address() {
        let cases = [
            (
                "Usher <no-reply@localhost>",
                Some("Usher <no-reply@localhost>"),
            ),
            ("a@b.example", Some("a@b.example")),
            (
                "\"Usher, Inc\" <a@b.example>",
                Some("Usher, Inc <a@b.example>"),
            ),
            ("Usher", None),
            ("Usher <a@b> <c@d>", None),
            ("a@b\r\nBcc: c@d", None),
            ("U\r\nBcc: x <a@b>", None),
            ("@b", None),
            ("a@", None),
        ];
        for (text, expected) in cases {
            let sender = text.parse::<Sender>().ok().map(|sender| sender.to_string());
            assert_eq!(sender.as_deref(), expected, "{text}");
        }
    }
}
