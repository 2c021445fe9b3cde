//! Roles that a command has computed in batches, with what tells how far that is.

use std::io::{self, IsTerminal, Write};

use futures_util::FutureExt;

use crate::cli::failure::Failure;
use crate::cli::opened::Opened;
use crate::id::OrganizationId;
use crate::provisioning::recompute::{self, Recompute};

/// Computes what a change left to batches, up to its end; a running server does some of them, too. Without
/// such a change, nothing.
pub(super) async fn finish(
    opened: &Opened,
    org: OrganizationId,
    cause: &str,
) -> Result<(), Failure> {
    let listed = list(opened, org).await?;
    let Some(mut at) = listed.into_iter().find(|it| it.cause == cause) else {
        return Ok(());
    };
    let id = at.id;
    while !at.finished {
        recompute::batch(&opened.store, &opened.ids, org, id).await?;
        let shown = opened
            .store
            .read(move |tx| async move { recompute::show(tx, org, id).await }.boxed());
        at = shown.await?;
        tell(&at)?;
    }
    Ok(())
}

/// What is, or was, computed in batches.
pub(super) async fn list(opened: &Opened, org: OrganizationId) -> Result<Vec<Recompute>, Failure> {
    let listed = opened
        .store
        .read(move |tx| async move { recompute::list(tx, org).await }.boxed());
    Ok(listed.await?)
}

/// One line that is written over on a terminal; elsewhere only the last.
fn tell(at: &Recompute) -> Result<(), Failure> {
    let mut err = io::stderr().lock();
    let text = format!("Roles computed: {} of {} people", at.done, at.people);
    if err.is_terminal() {
        let end = if at.finished { "\n" } else { "" };
        write!(err, "\r{text}{end}")?;
    } else if at.finished {
        writeln!(err, "{text}")?;
    }
    Ok(err.flush()?)
}
