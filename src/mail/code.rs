//! The mail with the six digits by which somebody proves that they read a mailbox.

use askama::Template;
use jiff::Timestamp;

use super::{Content, wording};

/// What the digits of a mail are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// They let whoever enters them in as the owner.
    BreakGlass,
    /// They let whoever enters them in at the console, as an admin.
    Console,
    /// They prove that somebody reads the mailbox.
    Proof,
    /// They open a link by which a connection is set up.
    Setup,
}

/// A code, as its mail shows it.
#[derive(Clone)]
pub struct Code<'a> {
    /// The product's name, where it has one to show.
    pub app: Option<&'a str>,
    /// The organization's name.
    pub organization: &'a str,
    /// The digits. The subject does not hold them: it shows on locked screens.
    pub digits: &'a str,
    /// Until when they are good.
    pub expires_at: Timestamp,
    /// What they are for.
    pub purpose: Purpose,
}

impl std::fmt::Debug for Code<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Code(redacted, until {})", self.expires_at)
    }
}

/// What its two templates show.
struct View {
    app: Option<String>,
    organization: String,
    digits: String,
    expires: String,
    purpose: Purpose,
}

#[derive(Template)]
#[template(path = "code.txt")]
struct Text<'a> {
    it: &'a View,
}

#[derive(Template)]
#[template(path = "code.html")]
struct Html<'a> {
    it: &'a View,
}

impl Code<'_> {
    /// The mail.
    pub fn content(&self) -> Content {
        let subject = format!("Your code for {}", wording::cut(self.organization));
        let it = View {
            app: self.app.map(wording::name),
            organization: wording::name(self.organization),
            digits: wording::one_line(self.digits),
            expires: wording::absolute(self.expires_at),
            purpose: self.purpose,
        };
        Content::new(&subject, &Text { it: &it }, &Html { it: &it })
    }
}
