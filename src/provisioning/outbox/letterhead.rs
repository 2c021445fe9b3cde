//! What every mail of an installation has in common: whom it is from, and how it is known.

use url::Url;

use crate::id::DeliveryId;
use crate::mail::{Content, Mailbox, Message, MessageId, mailbox};
use crate::provisioning::invitations::Links;
use crate::provisioning::outbox::composed::{Composed, Letter};
use crate::secret::DataKeys;
use crate::store::rows::OutboxRow;

/// What every mail of this installation is composed with.
#[derive(Clone, Debug)]
pub struct Letterhead {
    from: Mailbox,
    operator: Option<Mailbox>,
    domain: String,
    links: Links,
}

impl Letterhead {
    /// The letterhead of this sender.
    pub fn new(from: Mailbox, links: Links) -> Self {
        let domain = mail_domain(&links.public_url, &from);
        Self {
            from,
            operator: None,
            domain,
            links,
        }
    }

    /// The same, where somebody who runs this installation is told of alerts.
    #[must_use]
    pub fn operated_by(self, operator: Option<Mailbox>) -> Self {
        Self { operator, ..self }
    }

    /// What links to invitations are made with.
    pub(super) fn links(&self) -> &Links {
        &self.links
    }

    /// Whom mail is from.
    pub(super) fn from(&self) -> &Mailbox {
        &self.from
    }

    /// Who is told of alerts beside admins.
    pub(super) fn operator(&self) -> Option<&Mailbox> {
        self.operator.as_ref()
    }

    /// The domain that ids of mails end with, and by which a relay may know us.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The public URL: by which apps know us, too.
    pub fn public_url(&self) -> &str {
        &self.links.public_url
    }

    /// What seals the secrets of webhooks.
    pub fn secrets(&self) -> &DataKeys {
        &self.links.secrets
    }

    /// The mail of a row, which asks for no answer to itself.
    pub(super) fn letter(&self, row: &OutboxRow, to: Mailbox, content: Content) -> Composed {
        let message = Message {
            from: self.from.clone(),
            to,
            reply_to: None,
            id: self.id(row.id),
            date: row.created_at.0,
            content,
        };
        let role = None;
        Composed::Ready(Box::new(Letter { message, role }))
    }

    /// The id of a row's mail: the same at every try.
    pub(super) fn id(&self, row: DeliveryId) -> MessageId {
        MessageId::new(&row.to_string(), &self.domain)
            .expect("a UUID is an atom, and the domain was looked at")
    }
}

/// Whom a row's mail goes to, or why none can go there.
pub(super) fn receiver(row: &OutboxRow) -> Result<Mailbox, &'static str> {
    let unmailable = "not sent: this is no address to which mail can go";
    mailbox(None, &row.recipient).map_err(|_| unmailable)
}

/// The domain by which mails are known, and we to a relay: that of the public URL, or else the
/// sender's.
pub fn mail_domain(public_url: &str, from: &Mailbox) -> String {
    let host = Url::parse(public_url).ok();
    let host = host.and_then(|url| url.host_str().map(str::to_owned));
    let all = host.into_iter().chain([from.email.domain().to_owned()]);
    all.into_iter()
        .find(|domain| MessageId::new("a", domain).is_some())
        .unwrap_or_else(|| "localhost".to_owned())
}
