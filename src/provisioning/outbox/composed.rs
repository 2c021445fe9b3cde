//! What composing comes to. Whatever goes out carries secrets, which its `Debug` leaves out.

use std::fmt;

use url::Url;

use crate::id::RoleId;
use crate::mail::Message;
use crate::provisioning::outbox::logout::Logout;

/// A mail that is ready to be sent. What it says carries a link, which is nobody else's.
#[derive(Clone)]
pub struct Letter {
    /// The mail.
    pub message: Message,
    /// The role that it names, where it is an invitation.
    pub role: Option<RoleId>,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut letter = f.debug_struct("Letter");
        letter.field("id", &self.message.id);
        letter.field("role", &self.role).finish_non_exhaustive()
    }
}

/// A post that is ready to be sent. Where it goes is a secret, and so is the link in it.
#[derive(Clone)]
pub struct Post {
    /// Where it goes.
    pub url: Url,
    /// The JSON.
    pub body: String,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut post = f.debug_struct("Post");
        post.field("host", &self.url.host_str());
        post.finish_non_exhaustive()
    }
}

/// What became of composing.
#[derive(Clone, Debug)]
pub enum Composed {
    /// What the mail was about is over.
    Over,
    /// The mail.
    Ready(Box<Letter>),
    /// What is posted to a webhook instead.
    Post(Box<Post>),
    /// What an app is told instead.
    Logout(Box<Logout>),
    /// No mail can be made of it, ever.
    Unmailable(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_shows_no_secret() {
        let url = "https://hooks.example/services/T000/secret?key=secret";
        let post = Post {
            url: url.parse().unwrap(),
            body: "https://usher.example/join/inv_secret".to_owned(),
        };
        let shown = format!("{:?}", Composed::Post(Box::new(post)));
        assert!(shown.contains("hooks.example"), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}
