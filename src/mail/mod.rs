//! Mail, composed and not sent: each kind becomes a subject, a text and a page; a [`Message`] puts
//! addresses round it and is written as RFC 5322 has it.
//!
//! - [`Invitation`]: also when it is sent again
//! - [`Code`]: six digits that prove a mailbox
//! - [`Alert`]: what admins, and the operator, should look at now
//! - [`Notice`]: what an inviter, or else the owner, is told about an invitation
//! - [`Decision`]: a question that is answered by a link, or the news of what was answered
//! - [`Trial`]: whether mail arrives at all
//! - [`mailbox`], [`Message`]: whom it is from and to; the headers
//!
//! No mail of ours is opened or followed by anybody but its reader: there is no picture, no outer
//! style, no address that counts clicks; the link in a mail is the link that is shown.

mod address;
mod alert;
mod code;
mod decision;
mod invitation;
mod message;
mod notice;
#[cfg(test)]
mod tests;
mod trial;
pub mod wording;

pub use address::{Unmailable, mailbox};
pub use alert::{Alert, Matter, Tie, Tripped};
pub use code::{Code, Purpose};
pub use decision::{Asking, Decision};
pub use invitation::Invitation;
pub use lettre::address::Envelope;
pub use lettre::message::Mailbox;
pub use message::{Message, MessageId, Written};
pub use notice::{About, Attention, Notice};
pub use trial::Trial;

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Its subject: one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as a page.
    pub html: String,
}

impl Content {
    /// Two templates of one mail, filled in.
    fn new(subject: &str, text: &impl askama::Template, html: &impl askama::Template) -> Self {
        const SURE: &str = "a template is text, and a string takes all of it";
        Self {
            subject: wording::one_line(subject),
            text: text.render().expect(SURE),
            html: html.render().expect(SURE),
        }
    }
}
