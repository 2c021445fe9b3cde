//! `usher config export`, `plan` and `apply`: what admins set up, as a file.
//!
//! ```text
//! the store -> present -> document -> export
//!                             file -> document -> plan (pure) -> apply, through provisioning
//! ```

mod apply;
mod demands;
mod document;
mod plan;
mod present;
mod report;

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::cli::failure::{Failure, Outcome};
use crate::cli::opened::Opened;
use crate::cli::output::Output;
use crate::cli::webhook;
use crate::limits;
use crate::provisioning::{Error, Kind};
use apply::{Done, Outlook, People};
use document::Document;
use plan::{Action, Ending, Plan};
use present::Present;

/// Write what admins set up into a file, without ids and secrets
///
/// It has organizations with their policy, roles, projects, domains, connections, mappings and
/// webhooks, by the names that stay. The URL of a webhook is a secret, so that it is left out unless
/// it is asked for; people, apps, keys and tokens are no part of it.
///
/// Examples:
///   usher config export --out usher-setup.toml
///   usher config export --org acme --webhook-urls > acme.toml
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Export {
    /// Only this organization
    #[arg(long, value_name = "SLUG")]
    org: Option<String>,
    /// Where it is written to, for you alone to read [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the URLs of webhooks, too: who knows one may post there
    #[arg(long)]
    webhook_urls: bool,
}

/// Tell what a file would create, change and remove, and change nothing
///
/// What the file does not name stays as it is; `policy` and `demands` are meant as a whole. With
/// --prune roles, mappings and webhooks that are not in the file would be removed, and projects
/// archived; organizations, connections and domains never are. Exit code 4 where something would
/// change, 0 where nothing would.
///
/// Examples:
///   usher config plan usher-setup.toml
///   usher config plan usher-setup.toml --prune --json
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Look {
    /// The file; - reads standard input
    file: PathBuf,
    /// Remove what is there, and not in the file
    #[arg(long)]
    prune: bool,
}

/// Set up what a file says, and show it first
///
/// It is done organization by organization: roles, projects, domains and connections in one
/// transaction, then the rules, then the webhooks. Fresh tokens and secrets are shown this once.
/// Where something would be removed, or more than 20 people's roles change, it takes --yes: exit
/// code 4 without. Done again, it changes nothing.
///
/// Examples:
///   usher config apply usher-setup.toml
///   usher config apply usher-setup.toml --prune --yes
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Apply {
    #[command(flatten)]
    wanted: Look,
    /// Do it, whatever it removes and whosever roles it changes
    #[arg(long)]
    yes: bool,
}

const NEEDS_YES: &str = "Nothing is done, since something would be removed, or many people's roles \
                         would change, or nobody can tell beforehand whose: add --yes to do it.";

impl Export {
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        let org = self.org.as_deref();
        let is_wanted = |slug: &str| org.is_none_or(|org| org == slug);
        let present = Present::read(opened, &is_wanted, self.webhook_urls).await?;
        let mut document = present.document;
        document.organizations.retain(|slug, _| is_wanted(slug));
        if org.is_some() && document.organizations.is_empty() {
            return Err(Error::NotFound(Kind::Organization).into());
        }
        let text = document.text();
        let text = text.map_err(|error| Failure::File(format!("cannot be written: {error}")))?;
        match &self.out {
            Some(file) => {
                kept(file, &text)?;
                let organizations = document.organizations.len();
                let told = json!({"file": file.to_string_lossy(), "organizations": organizations});
                opened.output.record(&told)?;
            }
            None if opened.output.is_json() => Output::line(&json!({"toml": text}))?,
            None => Output::print(&text)?,
        }
        Ok(Outcome::Done)
    }
}

impl Look {
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        let (plan, present) = self.compared(opened).await?;
        if plan.organizations.is_empty() {
            report::nothing(opened.output, &plan)?;
            return Ok(Outcome::Done);
        }
        let outlook = Box::pin(apply::outlook(opened, &plan, &present)).await?;
        report::planned(opened.output, &plan, &outlook.people)?;
        Ok(Outcome::WouldChange)
    }

    /// What the file would do, and what is there now.
    async fn compared(&self, opened: &Opened) -> Result<(Plan, Present), Failure> {
        let shown = self.file.display();
        let wrong = |why: String| Failure::Usage(format!("{shown}: {why}"));
        let document = Document::read(&text(&self.file)?).map_err(wrong)?;
        let is_named = |slug: &str| document.organizations.contains_key(slug);
        let present = Present::read(opened, &is_named, true).await?;
        let plan = plan::plan(&document, &present.document, self.prune);
        let plan = plan.map_err(|faults| wrong(faults.join("; ")))?;
        for organization in &plan.organizations {
            for ending in &organization.endings {
                may_be_posted_to(opened, ending).map_err(|why| {
                    let slug = &organization.slug;
                    wrong(format!("organizations.{slug}.webhooks: {why}"))
                })?;
            }
        }
        Ok((plan, present))
    }
}

impl Apply {
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        let output = opened.output;
        let (plan, present) = self.wanted.compared(opened).await?;
        if plan.organizations.is_empty() {
            report::nothing(output, &plan)?;
            return Ok(Outcome::Done);
        }
        let Outlook { people, is_unseen } =
            Box::pin(apply::outlook(opened, &plan, &present)).await?;
        let removes = plan.count(Action::Remove) > 0;
        if !self.yes && (removes || is_unseen || people.iter().any(People::are_many)) {
            report::planned(output, &plan, &people)?;
            output.note(NEEDS_YES)?;
            return Ok(Outcome::WouldChange);
        }
        if !output.is_json() {
            report::steps(output, &plan)?;
        }
        let mut done = Done {
            meant: self.yes,
            ..Done::default()
        };
        let went = Box::pin(apply::apply(opened, &plan, &present, &mut done)).await;
        let failure = went.err();
        match failure {
            // What was made is told all the same: its secrets are not shown again.
            Some(failure) if done.something => {
                let _ = writeln!(io::stderr(), "usher: {failure}");
                report::applied(output, &plan, &done, Some(&failure))?;
                Ok(outcome(&failure))
            }
            Some(failure) => Err(failure),
            None => {
                report::applied(output, &plan, &done, None)?;
                Ok(Outcome::Done)
            }
        }
    }
}

/// How a command ends that has told its failure.
fn outcome(failure: &Failure) -> Outcome {
    let ends = [Outcome::Refused, Outcome::WouldChange];
    let end = ends
        .into_iter()
        .find(|it| ExitCode::from(*it) == failure.code());
    end.unwrap_or(Outcome::Failed)
}

/// Whether the operator may let events be posted there.
fn may_be_posted_to(opened: &Opened, ending: &Ending) -> Result<(), String> {
    let url = match ending {
        Ending::ArchiveProject(_) | Ending::RemoveWebhook { .. } => None,
        Ending::ChangeWebhook { wanted, .. } => wanted.url.as_ref().map(|(url, _)| url),
        Ending::Webhook(new) => Some(&new.url),
    };
    match url {
        Some(url) => webhook::allowed(opened, url.as_str()).map(drop),
        None => Ok(()),
    }
}

/// The text of a document.
fn text(path: &Path) -> Result<String, Failure> {
    let (mut text, most) = (String::new(), limits::CONFIG_DOCUMENT as u64);
    let read = if path.as_os_str() == "-" {
        io::stdin().lock().take(most + 1).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(most + 1).read_to_string(&mut text))
    };
    let shown = path.display();
    read.map_err(|error| Failure::File(format!("cannot read {shown}: {error}")))?;
    // A part of a document would say that the rest is not wanted.
    if text.len() > limits::CONFIG_DOCUMENT {
        let why = format!("{shown} has more than {most} bytes");
        return Err(Failure::File(why));
    }
    Ok(text)
}

/// Writes a file that nobody else reads.
fn kept(path: &Path, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path);
    let written = file.and_then(|mut file| {
        // A file that was there would keep who may read it; a device stays what it is.
        if file.metadata()?.is_file() {
            file.set_permissions(Permissions::from_mode(0o600))?;
        }
        file.write_all(text.as_bytes())
    });
    let shown = path.display();
    written.map_err(|error| Failure::File(format!("cannot write {shown}: {error}")))
}
