//! `usher connection delete`.

use clap::Args;
use futures_util::FutureExt;
use serde_json::json;

use crate::cli::arguments::word;
use crate::cli::failure::{Failure, Outcome};
use crate::cli::opened::Opened;
use crate::cli::output::Output;
use crate::directory::connection::Remains;
use crate::id::ConnectionId;
use crate::provisioning::change;
use crate::provisioning::settings::connection_end::{self, Removal};
use crate::provisioning::settings::connections;
use crate::provisioning::settings::plan::Roles;

/// Delete a connection with its credentials, groups and rules; its sessions end
///
/// Its people are those whom no other connection knows. They stay as they are, with the role
/// that they have, unless --people says otherwise; the owner always stays. Where more than 20
/// people come by it, its name must be confirmed, or the digest of what --dry-run has shown.
///
/// With --dry-run it tells what would become of each person and changes nothing: exit code 4.
///
/// Examples:
///   usher connection delete ID --people suspend --dry-run
///   usher connection delete ID --people suspend --digest DIGEST
///   usher connection delete ID --people suspend --confirm Okta
#[derive(Args, Debug)]
#[command(verbatim_doc_comment)]
pub(super) struct Delete {
    /// The connection
    id: ConnectionId,
    /// What becomes of its people
    #[arg(long, value_parser = word::<Remains>(Remains::WORDS), default_value = "keep")]
    people: Remains,
    /// The connection's name, where many people come by it
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
    /// The digest of what was shown: do this, or nothing
    #[arg(long, allow_hyphen_values = true)]
    digest: Option<String>,
    /// Tell what it would do, and change nothing
    #[arg(long, conflicts_with_all = ["confirm", "digest"])]
    dry_run: bool,
}

const COLUMNS: [&str; 6] = ["email", "becomes", "role", "then", "managed_by", "id"];

impl Delete {
    pub(super) async fn run(self, opened: &Opened) -> Result<Outcome, Failure> {
        let (store, id, people) = (&opened.store, self.id, self.people);
        if self.dry_run {
            let org = connections::find(store, id).await?.org_id;
            let told = change(store, org, opened.context(), move |change| {
                async move { connection_end::outlook(change, id, people).await }.boxed()
            });
            told_of(opened.output, &told.await?)?;
            return Ok(Outcome::WouldChange);
        }
        let Some(digest) = self.digest else {
            let (context, confirm) = (opened.context(), self.confirm.as_deref());
            let deleted = connection_end::delete(store, context, id, people, confirm);
            opened.output.record(&deleted.await?)?;
            return Ok(Outcome::Done);
        };
        let (org, confirm) = (connections::find(store, id).await?.org_id, self.confirm);
        let done = change(store, org, opened.context(), move |change| {
            let (digest, confirm) = (digest.clone(), confirm.clone());
            async move {
                let (digest, confirm) = (Some(digest.as_str()), confirm.as_deref());
                connection_end::apply(change, id, people, digest, confirm).await
            }
            .boxed()
        });
        told_of(opened.output, &done.await?)?;
        Ok(Outcome::Done)
    }
}

/// Roles in a cell: the organization-wide one, and those in projects.
fn held(roles: &Roles) -> String {
    let wide = roles.role.as_deref().unwrap_or("-").to_owned();
    let projects = roles.projects.iter();
    let projects = projects.map(|(project, role)| format!("{project}={role}"));
    [wide]
        .into_iter()
        .chain(projects)
        .collect::<Vec<_>>()
        .join(" ")
}

/// A removal: one document, or its counts and then a line a person.
fn told_of(output: Output, removal: &Removal) -> Result<(), Failure> {
    if output.is_json() {
        return output.record(removal);
    }
    let people = removal.people.iter().map(|it| {
        json!({
            "email": it.email,
            "becomes": it.becomes,
            "role": held(&it.from),
            "then": held(&it.to),
            "managed_by": it.managed_by,
            "id": it.user_id,
        })
    });
    output.rows(&people.collect::<Vec<_>>(), &COLUMNS)?;
    Output::print("\n")?;
    output.record(&json!({
        "name": removal.name,
        "kept": removal.kept,
        "suspended": removal.suspended,
        "deleted": removal.deleted,
        "groups": removal.groups,
        "rules": removal.rules,
        "tokens": removal.tokens,
        "sessions": removal.sessions,
        "digest": removal.digest,
    }))
}
