//! The mail that shows whether mail arrives.

use askama::Template;
use jiff::Timestamp;

use super::{Content, wording};

/// A test mail.
#[derive(Clone, Debug)]
pub struct Trial<'a> {
    /// The product's name, where it has one to show.
    pub app: Option<&'a str>,
    /// The installation's address.
    pub public_url: &'a str,
    /// When it was sent.
    pub sent_at: Timestamp,
}

/// What its two templates show.
struct View {
    app: Option<String>,
    public_url: String,
    sent: String,
}

#[derive(Template)]
#[template(path = "trial.txt")]
struct Text<'a> {
    it: &'a View,
}

#[derive(Template)]
#[template(path = "trial.html")]
struct Html<'a> {
    it: &'a View,
}

impl Trial<'_> {
    /// The mail.
    pub fn content(&self) -> Content {
        let subject = format!(
            "Test mail from {}",
            wording::cut(self.app.unwrap_or("Usher"))
        );
        let it = View {
            app: self.app.map(wording::name),
            public_url: self.public_url.to_owned(),
            sent: wording::absolute(self.sent_at),
        };
        Content::new(&subject, &Text { it: &it }, &Html { it: &it })
    }
}
