//! `usher demo`: the main job with real traffic, guided. It starts a real server on a loopback
//! address over a database file of its own, plays what Okta, Entra, an admin, a browser
//! and the application behind would do, checks what comes back at every step, and leaves the server up to
//! be tried by hand. The identity provider that signs ([`idp`]) serves the tests, too.

mod app;
mod by_hand;
mod channels;
mod client;
mod directories;
mod expect;
pub mod idp;
mod people;
mod portal;
mod scim;
mod setting;
mod sign_in;
mod stage;
mod transcript;

use std::net::SocketAddr;
use std::path::PathBuf;

pub use stage::Error;

use stage::Stage;
use transcript::{Stopped, Transcript};

/// How the demo is played.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether to end after the last step instead of staying up.
    pub exit: bool,
    /// Whether the transcript is one JSON document.
    pub json: bool,
    /// What is done wrong, to show that it is noticed.
    pub fault: Option<Fault>,
    /// Where the database lies; a temporary folder, removed at the end, where none is named.
    pub data: Option<PathBuf>,
    /// Where the server listens; another free port is taken if this one is in use.
    pub listen: SocketAddr,
}

/// Something done wrong on purpose: the demo must notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The signature of the SAML response is changed.
    BadSignature,
    /// No rule says which role a group gives.
    NoMapping,
}

/// Plays the demo; answers whether every step went as it should.
pub async fn run(options: Options) -> Result<bool, Error> {
    let mut transcript = Transcript::new(options.json);
    let stage = Stage::open(&options).await?;
    let played = tokio::select! {
        played = play(&stage, options.fault, &mut transcript) => played,
        ended = stage.wait() => {
            stage.close().await;
            return ended.map(|()| false);
        }
    };
    let stays = played.is_ok() && !options.exit;
    transcript.end()?;
    if stays {
        transcript.say(&by_hand::text(&stage));
        stage.wait().await?;
    }
    stage.close().await;
    Ok(played.is_ok())
}

async fn play(
    stage: &Stage,
    fault: Option<Fault>,
    transcript: &mut Transcript,
) -> Result<(), Stopped> {
    transcript.heading(&format!(
        "A server on {}, its database in {}",
        stage.public_url,
        stage.folder().display()
    ));
    let acme = setting::set_up(stage, fault, transcript).await?;
    transcript.heading("Okta pushes people and a group by SCIM");
    let ada = directories::okta(&acme, transcript).await?;
    transcript.heading("Entra does the same in its own dialect");
    directories::entra(&acme, transcript).await?;
    transcript.heading("A group is a role");
    people::roles_follow(&acme, transcript).await?;
    transcript.heading("Ada signs in from Okta, and the application behind learns her role");
    sign_in::signs_in(stage, &acme, fault, &ada, transcript).await?;
    transcript.heading("Okta deactivates Ada");
    sign_in::is_out(stage, &acme, &ada, transcript).await?;
    transcript.heading("Others come without a directory: a spreadsheet, a mail, one click");
    channels::without_a_directory(stage, &acme, transcript).await?;
    people::table(&acme, transcript).await?;
    stage.keep(acme);
    Ok(())
}
