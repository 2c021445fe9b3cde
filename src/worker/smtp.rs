//! Mail to a relay, by SMTP (RFC 5321), with TLS from the first byte (RFC 8314) or by STARTTLS
//! (RFC 3207), and AUTH (RFC 4954). A mail's conversation is cut in two before its first octet: what
//! happens up to there leaves nothing behind, what happens after may.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::time::timeout;

use crate::mail::Written;
use crate::worker::mail::Fault;
use crate::worker::starttls;

/// How long a relay's address may take to answer.
const CONNECT: Duration = Duration::from_secs(10);
/// How long one command may take.
const COMMAND: Duration = Duration::from_mins(1);
/// How long everything before the mail itself may take: shorter than a lease.
const PREPARE: Duration = Duration::from_secs(150);
/// How long the relay may take to answer the whole mail; it is what decides whether a mail counts
/// as uncertain, so we are patient (RFC 5321 §4.5.3.2.6), for less than a lease.
const MESSAGE: Duration = Duration::from_mins(2);
/// How long a goodbye may take.
const QUIT: Duration = Duration::from_secs(2);
/// The relay hangs up (RFC 5321 §4.2.3).
const CLOSING: &str = "421";

/// How the connection to a relay is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Not at all.
    Plain,
    /// Turned into TLS before anything is said.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// An SMTP relay.
#[derive(Clone)]
pub struct Relay {
    /// Its name, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// User and password.
    pub credentials: Option<(String, String)>,
}

/// The password is not shown.
impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Relay({}:{}, {:?})", self.host, self.port, self.security)
    }
}

/// What went wrong in a conversation.
pub(super) enum Trouble {
    /// The relay said no.
    Said(Error),
    /// No word, or none that can be understood.
    Lost(String),
}

impl Trouble {
    pub(super) fn of(error: Error) -> Self {
        if error.status().is_some() {
            Self::Said(error)
        } else if error.is_response() {
            Self::Lost("the relay hung up, or answered what is no SMTP".to_owned())
        } else {
            Self::Lost(error.to_string())
        }
    }

    /// Whether the relay still listens.
    fn is_answer(&self) -> bool {
        let closing = |code: lettre::transport::smtp::response::Code| code.to_string() == CLOSING;
        matches!(self, Self::Said(error) if !error.status().is_some_and(closing))
    }

    fn text(&self) -> String {
        match self {
            Self::Lost(said) => said.clone(),
            Self::Said(error) => {
                let code = error.status().map(|code| code.to_string());
                let words = std::error::Error::source(error).map(ToString::to_string);
                format!("{} {}", code.unwrap_or_default(), words.unwrap_or_default())
            }
        }
    }

    /// Trouble over one mail: its receiver or its text may be what is refused for good.
    fn over_a_mail(&self) -> Fault {
        match self {
            Self::Said(error) if error.is_permanent() => Fault::Refused(self.text()),
            _ => Fault::Deferred(self.text()),
        }
    }
}

async fn within<T>(
    limit: Duration,
    doing: impl Future<Output = Result<T, Error>>,
) -> Result<T, Trouble> {
    match timeout(limit, doing).await {
        Ok(done) => done.map_err(Trouble::of),
        Err(_) => Err(late(limit)),
    }
}

fn late(limit: Duration) -> Trouble {
    Trouble::Lost(format!("no answer within {} s", limit.as_secs()))
}

/// An open connection on which we may send, and whether it is encrypted.
pub struct Line(AsyncSmtpConnection, bool);

impl Line {
    /// Connects and says who we are. Whatever goes wrong here is no mail's fault.
    pub async fn open(relay: &Relay, hello: &str) -> Result<Self, Fault> {
        let opened = Self::opened(relay, hello).await;
        opened.map_err(|trouble| Fault::Deferred(trouble.text()))
    }

    async fn opened(relay: &Relay, hello: &str) -> Result<Self, Trouble> {
        let hello = match hello.parse() {
            Ok(address) => ClientId::Ipv4(address),
            Err(_) => ClientId::Domain(hello.to_owned()),
        };
        let tls = || TlsParameters::new(relay.host.clone()).map_err(Trouble::of);
        let first = match relay.security {
            Security::Tls => Some(tls()?),
            Security::Plain | Security::StartTls => None,
        };
        let mut line = if relay.security == Security::StartTls {
            let connecting = timeout(COMMAND, starttls::connect(relay, &hello)).await;
            connecting.map_err(|_| late(COMMAND))??
        } else {
            let address = (relay.host.as_str(), relay.port);
            let connecting =
                AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT), &hello, first, None);
            within(COMMAND, connecting).await?
        };
        if let Some((user, password)) = &relay.credentials {
            let credentials = Credentials::new(user.clone(), password.clone());
            within(COMMAND, line.auth(DEFAULT_MECHANISMS, &credentials)).await?;
        }
        let encrypted = relay.security != Security::Plain;
        Ok(Self(line, encrypted))
    }

    /// Whether the conversation is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.1
    }

    /// A connection that waits for this mail's first octet: the one that was kept, unless its relay
    /// has gone, else a new one. With a fault comes the connection where it is still good.
    pub(super) async fn ready(
        kept: Option<Self>,
        relay: &Relay,
        hello: &str,
        mail: &Written,
    ) -> (Option<Self>, Result<(), Fault>) {
        let preparing = async {
            if let Some(line) = kept {
                match line.announced(mail).await {
                    // A relay hangs up on whoever was silent for a while: that is no try.
                    (None, _) => {}
                    answered => return answered,
                }
            }
            match Self::open(relay, hello).await {
                Ok(line) => line.announced(mail).await,
                Err(fault) => (None, Err(fault)),
            }
        };
        timeout(PREPARE, preparing).await.unwrap_or_else(|_| {
            let said = format!("no mail could be begun within {} s", PREPARE.as_secs());
            (None, Err(Fault::Deferred(said)))
        })
    }

    /// Announces a mail; where the relay said no, and still listens, all is as before.
    async fn announced(mut self, mail: &Written) -> (Option<Self>, Result<(), Fault>) {
        match self.announce(mail).await {
            Ok(()) => (Some(self), Ok(())),
            Err(trouble) if trouble.is_answer() => (self.reset().await, Err(trouble.over_a_mail())),
            Err(trouble) => (None, Err(trouble.over_a_mail())),
        }
    }

    /// Says from whom the mail is, to whom, and that it comes.
    async fn announce(&mut self, mail: &Written) -> Result<(), Trouble> {
        let Written { envelope, bytes } = mail;
        let addresses = envelope.to().iter().chain(envelope.from());
        let mut parameters = Vec::new();
        let ascii = |it: &lettre::Address| it.to_string().is_ascii();
        if !addresses.into_iter().all(ascii) {
            parameters.push(self.extension(Extension::SmtpUtfEight, MailParameter::SmtpUtfEight)?);
        }
        if !bytes.is_ascii() {
            let body = MailParameter::Body(MailBodyParameter::EightBitMime);
            parameters.push(self.extension(Extension::EightBitMime, body)?);
        }
        let from = Mail::new(envelope.from().cloned(), parameters);
        within(COMMAND, self.0.command(from)).await?;
        for address in envelope.to() {
            within(
                COMMAND,
                self.0.command(Rcpt::new(address.clone(), Vec::new())),
            )
            .await?;
        }
        within(COMMAND, self.0.command(Data)).await?;
        Ok(())
    }

    fn extension(
        &self,
        needed: Extension,
        parameter: MailParameter,
    ) -> Result<MailParameter, Trouble> {
        if self.0.server_info().supports_feature(needed) {
            Ok(parameter)
        } else {
            Err(Trouble::Lost(format!(
                "the relay does not support {needed}, which this mail needs"
            )))
        }
    }

    /// Takes back what was announced; `None` where the relay does not answer.
    async fn reset(mut self) -> Option<Self> {
        within(COMMAND, self.0.command(Rset)).await.ok()?;
        Some(self)
    }

    /// Sends the mail. Where no answer comes nobody knows whether it was taken.
    pub(super) async fn send(mut self, bytes: &[u8]) -> (Option<Self>, Result<String, Fault>) {
        match within(MESSAGE, self.0.message(bytes)).await {
            Ok(response) => (Some(self), Ok(words(&response))),
            Err(trouble @ Trouble::Said(_)) => {
                let line = trouble.is_answer().then_some(self);
                (line, Err(trouble.over_a_mail()))
            }
            Err(trouble) => (None, Err(Fault::Unknown(trouble.text()))),
        }
    }

    /// Says goodbye.
    pub async fn quit(mut self) {
        // Where the relay does not answer it has gone already.
        drop(within(QUIT, self.0.quit()).await);
    }
}

fn words(response: &Response) -> String {
    let words: Vec<_> = response.message().collect();
    format!("{} {}", response.code(), words.join(" "))
}
