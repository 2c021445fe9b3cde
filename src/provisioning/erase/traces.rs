//! What a person left behind in other rows than their own.

use serde_json::Value;

use crate::directory::invitation::State;
use crate::id::{InvitationId, UserId};
use crate::provisioning::audit::{data, digest};
use crate::provisioning::erase::Whom;
use crate::provisioning::request_log::kept::subject;
use crate::provisioning::{Change, Error, invitations as inviting, sweep};
use crate::store;
use crate::store::types::Doc;

/// What stands in a cell of an import's file in place of somebody's.
const GONE: &str = "erased";

/// Closes the invitations to them that are open, and takes the address out of all.
pub(super) async fn invitations(
    change: &mut Change<'_>,
    whom: &mut Whom,
    user: UserId,
) -> Result<Vec<InvitationId>, Error> {
    let mut norms = whom.emails();
    let forgotten = |norm: &String| sweep::forgotten(change.org, norm);
    norms.extend(norms.iter().map(forgotten).collect::<Vec<_>>());
    let rows = change
        .tx
        .invitations_about(change.org, &norms, user)
        .await?;
    whom.invited(&rows);
    let mut ids = Vec::with_capacity(rows.len());
    for mut row in rows {
        let put = format!("erased-{}", row.id);
        row.email.clone_from(&put);
        row.email_norm.clone_from(&put);
        row.message = None;
        row.override_reason = None;
        row.updated_at = change.time();
        change.tx.update_invitation(&row).await?;
        ids.push(row.id);
        change.tx.erase_invitation(change.org, row.id, &put).await?;
        if matches!(row.state, State::NeedsAttention | State::Pending) {
            inviting::close(change, row, State::Revoked, "erased").await?;
        }
    }
    Ok(ids)
}

/// Takes their values and the salts of them out of events; answers which, as stretches of numbers.
pub(super) async fn events(change: &mut Change<'_>, whom: &Whom) -> Result<Vec<(i64, i64)>, Error> {
    let mut stretches: Vec<(i64, i64)> = Vec::new();
    for row in whom.events(change.tx, change.org).await? {
        let data = data(&row)?;
        let erased = digest::erased(&row, &data, |place| whom.is_meant(&data, place));
        let malformed = |_| store::Error::Corrupt {
            table: "events",
            column: "salts",
        };
        let Some((left, salts)) = erased.map_err(malformed)? else {
            continue;
        };
        let left = Doc(left.to_string());
        change
            .tx
            .rewrite_event(change.org, row.seq, left, salts)
            .await?;
        match stretches.last_mut() {
            Some((_, last)) if *last + 1 == row.seq => *last = row.seq,
            _ => stretches.push((row.seq, row.seq)),
        }
    }
    Ok(stretches)
}

/// Gives up the mails to them, and forgets those that went out.
pub(super) async fn letters(
    change: &mut Change<'_>,
    whom: &Whom,
    invitations: &[InvitationId],
) -> Result<(), Error> {
    for row in change.tx.letters(change.org).await? {
        let invited = row
            .invitation_id
            .is_some_and(|id| invitations.contains(&id));
        if invited || whom.is_address(&row.recipient) {
            change.tx.erase_letter(&row, change.time()).await?;
        }
    }
    Ok(())
}

/// Forgets what the requests said that were about them.
pub(super) async fn requests(change: &mut Change<'_>, whom: &Whom) -> Result<(), Error> {
    let names: Vec<_> = whom.names().map(|name| subject(change.org, name)).collect();
    let subjects: Vec<_> = whom.ids().cloned().chain(names.iter().cloned()).collect();
    let ids = change.tx.scim_requests_about(change.org, &subjects).await?;
    change
        .tx
        .erase_scim_requests(change.org, &ids, &names)
        .await?;
    Ok(())
}

/// Empties the rows of imports that have an address of theirs.
pub(super) async fn imports(change: &mut Change<'_>, whom: &Whom) -> Result<(), Error> {
    for (id, result) in change.tx.import_results(change.org).await? {
        let Some(Doc(text)) = result else { continue };
        let mut kept: Value = serde_json::from_str(&text).map_err(|_| store::Error::Corrupt {
            table: "imports",
            column: "result",
        })?;
        let rows = kept.get_mut("rows").and_then(Value::as_array_mut);
        let mut is_theirs = false;
        for row in rows.into_iter().flatten() {
            is_theirs |= emptied(row, whom);
        }
        if is_theirs {
            let result = Doc(kept.to_string());
            change.tx.rewrite_import(change.org, id, result).await?;
        }
    }
    Ok(())
}

fn emptied(row: &mut Value, whom: &Whom) -> bool {
    let Some(row) = row.as_object_mut() else {
        return false;
    };
    let Some(cells) = row.get_mut("cells").and_then(Value::as_array_mut) else {
        return false;
    };
    let theirs = |cell: &Value| cell.as_str().is_some_and(|text| whom.is_address(text));
    if !cells.iter().any(theirs) {
        return false;
    }
    cells.fill(Value::from(GONE));
    row.insert("detail".to_owned(), Value::from(""));
    true
}
