//! The mail that asks somebody for a yes, about the ownership of an organization or about a link; and the
//! news of it.

use askama::Template;
use jiff::Timestamp;

use super::{Content, wording};

/// What is asked, or told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// Whether the reader takes the ownership.
    Accept,
    /// That others began to transfer the reader's ownership.
    Begun,
    /// That the reader owns the organization no more.
    Changed,
    /// Whether the reader gives the ownership away.
    Confirm,
    /// Whether somebody may sign in up to their own role.
    Link,
}

/// A question, as its mail shows it.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    /// The product's name, where it has one to show.
    pub app: Option<&'a str>,
    /// The organization's name.
    pub organization: &'a str,
    /// What is asked.
    pub asking: Asking,
    /// The person whom it is about.
    pub person: &'a str,
    /// The connection's name, where it is about a link.
    pub connection: Option<&'a str>,
    /// Why, where somebody said.
    pub reason: Option<&'a str>,
    /// Where it is answered; none where nothing is asked.
    pub url: Option<&'a str>,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What its two templates show.
struct View {
    title: String,
    sentence: String,
    reason: Option<String>,
    hint: &'static str,
    url: Option<String>,
    expires: String,
}

#[derive(Template)]
#[template(path = "decision.txt")]
struct Text<'a> {
    it: &'a View,
}

#[derive(Template)]
#[template(path = "decision.html")]
struct Html<'a> {
    it: &'a View,
}

impl Decision<'_> {
    /// The mail.
    pub fn content(&self) -> Content {
        let (title, sentence, hint) = self.words();
        let it = View {
            title,
            sentence,
            reason: self.reason.map(wording::name),
            hint,
            url: self.url.map(str::to_owned),
            expires: wording::absolute(self.expires_at),
        };
        Content::new(&it.title, &Text { it: &it }, &Html { it: &it })
    }

    /// The title, what is asked, and what is to be known beside it.
    fn words(&self) -> (String, String, &'static str) {
        let place = self.app.map(|app| format!(" on {}", wording::name(app)));
        let organization = wording::name(self.organization);
        let organization = format!("{organization}{}", place.unwrap_or_default());
        let person = wording::one_line(self.person);
        let connection = self.connection.map(wording::name).unwrap_or_default();
        match self.asking {
            Asking::Accept => (
                format!("You are to own {organization}"),
                format!("You are asked to take the ownership of {organization}."),
                "The present owner would be an admin from then on. If you did not expect this, ask \
                 them before you answer.",
            ),
            Asking::Begun => (
                format!("The ownership of {organization} is to move"),
                format!(
                    "The operator began to transfer the ownership of {organization} from you to \
                     {person}, who is asked now."
                ),
                "You need not do anything. If you did not agree to this, ask the operator to cancel \
                 it.",
            ),
            Asking::Changed => (
                format!("You do not own {organization} any more"),
                format!("{person} owns {organization} now. You are an admin."),
                "If you did not agree to this, ask the operator.",
            ),
            Asking::Confirm => (
                format!("Shall {organization} have another owner?"),
                format!(
                    "Somebody with a key of {organization} asks to transfer the ownership from you \
                     to {person}."
                ),
                "Nothing happens without your yes. If you did not expect this, say no: a key is in \
                 wrong hands, perhaps.",
            ),
            Asking::Link => (
                format!("May {person} sign in with their own role?"),
                format!(
                    "{person} signs in to {organization} through {connection}, which gives no role \
                     as high as theirs, and showed that the mailbox of that address is theirs."
                ),
                "With your yes they sign in through it with all that they may do. Say no if you do \
                 not trust whoever runs it as far as that.",
            ),
        }
    }
}
