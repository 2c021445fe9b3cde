//! A mail with its addresses, as RFC 5322 has it. The same input gives the same bytes: id and date
//! come from outside, and the parts are set apart by what follows from the id. A program that
//! answers mail by itself is told not to answer this one (RFC 3834 §5).

use std::time::SystemTime;

use jiff::Timestamp;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use super::Content;

/// The name by which a receiver knows a mail that comes twice (RFC 5322 §3.6.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageId(String);

impl MessageId {
    /// The id `<name@domain>`; `None` where one of the two holds what an id may not.
    pub fn new(name: &str, domain: &str) -> Option<Self> {
        let atom = |text: &str| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_".contains(&b);
            !text.is_empty() && text.len() <= 64 && text.bytes().all(plain)
        };
        let fits = atom(name) && domain.len() <= 253 && domain.split('.').all(atom);
        fits.then(|| Self(format!("<{name}@{domain}>")))
    }

    /// The id with its brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A mail, ready to be written.
#[derive(Clone, Debug)]
pub struct Message {
    /// Whom it is from.
    pub from: Mailbox,
    /// Whom it is to.
    pub to: Mailbox,
    /// Who gets the answer, where that is not the sender.
    pub reply_to: Option<Mailbox>,
    /// Its id: the same each time it is tried.
    pub id: MessageId,
    /// Its date.
    pub date: Timestamp,
    /// What it says.
    pub content: Content,
}

/// A mail as it goes over the wire.
#[derive(Clone, Debug)]
pub struct Written {
    /// Between whom (RFC 5321 §2.3.1).
    pub envelope: Envelope,
    /// The header and the body.
    pub bytes: Vec<u8>,
}

impl Message {
    /// Writes it.
    pub fn written(&self) -> Written {
        let Content {
            subject,
            text,
            html,
        } = &self.content;
        let body = MultiPart::alternative()
            .boundary(self.boundary())
            .singlepart(part(ContentType::TEXT_PLAIN, text))
            .singlepart(part(ContentType::TEXT_HTML, html));
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let mut message = lettre::Message::builder()
            .from(self.from.clone())
            .to(self.to.clone())
            .subject(subject.clone())
            .message_id(Some(self.id.as_str().to_owned()))
            .date(SystemTime::from(self.date))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()));
        if let Some(reply_to) = &self.reply_to {
            message = message.reply_to(reply_to.clone());
        }
        let message = message
            .multipart(body)
            .expect("there is one sender and one receiver, and nothing else can be missing");
        Written {
            envelope: message.envelope().clone(),
            bytes: message.formatted(),
        }
    }

    /// What sets the parts apart: no text holds it that was there before the id.
    fn boundary(&self) -> String {
        format!("=_{:x}", Sha256::digest(self.id.as_str()))
    }
}

/// Octets that a line may have (RFC 5322 §2.1.1).
const LONGEST_LINE: usize = 998;

/// One form of the text. Where it can go as it is, it does, so that a link stands in one piece in
/// what is stored and logged by those who handle mail; else it is encoded.
fn part(kind: ContentType, text: &str) -> SinglePart {
    let printable = |b: u8| b == b'\n' || (b' '..=b'~').contains(&b);
    let plain = text.bytes().all(printable) && text.lines().all(|it| it.len() <= LONGEST_LINE);
    let body = if plain {
        let text = text.replace('\n', "\r\n").into_bytes();
        Body::dangerous_pre_encoded(text, ContentTransferEncoding::SevenBit)
    } else {
        Body::new(text.to_owned())
    };
    SinglePart::builder().header(kind).body(body)
}
