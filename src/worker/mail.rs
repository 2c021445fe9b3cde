//! How a mail leaves: into a folder, or to a relay. In two steps, so that the store can be told
//! between them that the mail is going out.

use std::path::PathBuf;

use crate::mail::{MessageId, Written};
use crate::worker::folder;
use crate::worker::smtp::{Line, Relay};

/// Where mail goes.
#[derive(Clone, Debug)]
pub enum Route {
    /// A folder: one `.eml` a mail.
    Folder(PathBuf),
    /// An SMTP relay.
    Relay(Relay),
}

/// Why a mail was not handed over, with what was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not now.
    Deferred(String),
    /// Never.
    Refused(String),
    /// All of it went out, and no answer came.
    Unknown(String),
}

impl Fault {
    /// What was said.
    pub fn said(&self) -> &str {
        match self {
            Self::Deferred(said) | Self::Refused(said) | Self::Unknown(said) => said,
        }
    }
}

/// A way out. A connection is kept from one mail to the next.
pub struct Post {
    route: Route,
    hello: String,
    line: Option<Line>,
}

impl Post {
    /// A way out; `hello` is the name by which a relay gets to know us.
    pub fn new(route: Route, hello: &str) -> Self {
        Self {
            route,
            hello: hello.to_owned(),
            line: None,
        }
    }

    /// Looks whether mail could leave this way; answers what was found.
    pub async fn check(&mut self) -> Result<String, Fault> {
        match &self.route {
            Route::Folder(path) => {
                folder::check(path).await?;
                Ok(format!("{} can be written", path.display()))
            }
            Route::Relay(relay) => {
                let line = Line::open(relay, &self.hello).await?;
                let safe = if line.is_encrypted() {
                    "encrypted"
                } else {
                    "not encrypted"
                };
                let known = match relay.credentials {
                    Some(_) => "signed in",
                    None => "without signing in",
                };
                self.line = Some(line);
                Ok(format!("{} answers, {safe}, {known}", relay.host))
            }
        }
    }

    /// Comes so far that the next thing to send is the mail itself. Nothing of it is out yet.
    pub async fn prepare(&mut self, mail: &Written) -> Result<(), Fault> {
        match &self.route {
            Route::Folder(folder) => folder::prepare(folder).await,
            Route::Relay(relay) => {
                let kept = self.line.take();
                let (line, done) = Line::ready(kept, relay, &self.hello, mail).await;
                self.line = line;
                done
            }
        }
    }

    /// Sends the mail, and answers what the other side said.
    pub async fn hand_over(&mut self, id: &MessageId, mail: &Written) -> Result<String, Fault> {
        match (&self.route, self.line.take()) {
            (Route::Folder(folder), _) => folder::write(folder, id, &mail.bytes).await,
            (Route::Relay(_), Some(line)) => {
                let (line, said) = line.send(&mail.bytes).await;
                self.line = line;
                said
            }
            (Route::Relay(_), None) => Err(Fault::Deferred("nothing was prepared".to_owned())),
        }
    }

    /// Breaks off what was prepared: a relay that hears no end of a mail takes nothing of it
    /// (RFC 5321 §4.1.1.4).
    pub fn abandon(&mut self) {
        self.line = None;
    }

    /// Says goodbye: there is nothing to send for a while.
    pub async fn rest(&mut self) {
        if let Some(line) = self.line.take() {
            line.quit().await;
        }
    }
}
