//! The search over users and groups together (RFC 7644 §3.4.2.1): each type is asked for its ids
//! and sort keys, the two lists become one, and only the page's resources are read.

use std::collections::BTreeMap;

use axum::response::Response;

use crate::http::scim::cursor::Cursors;
use crate::http::scim::{groups, page, view};
use crate::id::ScimGroupId;
use crate::limits;
use crate::provisioning::Error;
use crate::provisioning::scim_client::ScimClient;
use crate::scim::Shown;
use crate::scim::catalog::custom::Types;
use crate::scim::list::ListQuery;
use crate::store::rows::ShownUser;
use crate::store::search::After;
use crate::store::types::AnyId;
use crate::store::{self, Tx};

/// A resource that was found.
struct Found {
    is_group: bool,
    at: After,
}

/// Those that a query asks for.
pub(super) async fn list(
    tx: &mut Tx,
    client: &ScimClient,
    cursors: &Cursors,
    pairs: &[(String, String)],
) -> Result<Response, Error> {
    let strictness = client.strictness();
    let Types { user, group } = client.types;
    let users = ListQuery::parse_among(user, &[group], pairs, strictness)?;
    let in_groups = ListQuery::parse_among(group, &[user], pairs, strictness)?;
    let users = users.asked_with(&in_groups);
    let of_users = page::search(cursors, client, user, &users)?;
    // Where the cursor leads is the same place in both.
    let mut of_groups = page::search(cursors, client, group, &in_groups.from_first())?;
    of_groups.after.clone_from(&of_users.after);
    let too_large = of_users.is_scan() && tx.users_exceed(&of_users, limits::SCAN_BUDGET).await?
        || of_groups.is_scan() && tx.groups_exceed(&of_groups, limits::SCAN_BUDGET).await?;
    if too_large {
        return Err(Error::Store(store::Error::TooMany));
    }
    let total = tx.count_scim_users(&of_users).await? + tx.count_scim_groups(&of_groups).await?;
    let (mut found, mut more) = (Vec::new(), false);
    let window = page::window(&users, &of_users);
    if let Some((offset, limit)) = window.filter(|(offset, _)| *offset < total) {
        let reach = offset.saturating_add(limit);
        if reach > limits::SCAN_BUDGET {
            return Err(Error::Store(store::Error::TooMany));
        }
        let keys = tx.scim_user_keys(&of_users, reach).await?;
        found.extend(keys.into_iter().map(|key| Found::new(false, key)));
        let keys = tx.scim_group_keys(&of_groups, reach).await?;
        found.extend(keys.into_iter().map(|key| Found::new(true, key)));
        let direction = page::direction(&users);
        found.sort_by(|a, b| page::compare(&a.at, &b.at, direction));
        found.drain(
            ..found
                .len()
                .min(usize::try_from(offset).unwrap_or(usize::MAX)),
        );
        more = page::cut(&users, &mut found);
        more |= shorten(tx, client, &in_groups, &mut found).await?;
    }
    let resources = resources(tx, client, &found, (&users, &in_groups)).await?;
    let next = found.pop().filter(|_| more).map(|last| last.at);
    let found = (total, next);
    Ok(page::response(cursors, client, &users, found, resources))
}

/// Ends the page before the group whose members would be too many; answers whether it did.
async fn shorten(
    tx: &mut Tx,
    client: &ScimClient,
    query: &ListQuery,
    found: &mut Vec<Found>,
) -> Result<bool, Error> {
    if !query.projection.wants("members") {
        return Ok(false);
    }
    let places = found.iter().enumerate().filter(|(_, it)| it.is_group);
    let (places, ids): (Vec<_>, Vec<_>) = places
        .map(|(at, it)| (at, ScimGroupId::from(it.at.id.uuid())))
        .unzip();
    let shown = groups::affordable(tx, client, &ids).await?;
    let end = places.get(shown);
    found.truncate(end.copied().unwrap_or(found.len()));
    Ok(end.is_some())
}

impl Found {
    fn new(is_group: bool, (id, key): (AnyId, Option<String>)) -> Self {
        let at = After { key, id };
        Self { is_group, at }
    }
}

/// The representations, in the order in which they were found.
async fn resources(
    tx: &mut Tx,
    client: &ScimClient,
    found: &[Found],
    (users, groups): (&ListQuery, &ListQuery),
) -> Result<Vec<Shown>, Error> {
    let ids = |groups: bool| {
        let of_kind = found.iter().filter(move |it| it.is_group == groups);
        of_kind.map(|it| it.at.id.uuid())
    };
    let wanted: Vec<_> = ids(false).map(Into::into).collect();
    let rows = tx.scim_users_by_ids(client.org, &wanted).await?;
    let shown = rows.into_iter().map(|row| ShownUser {
        row,
        is_member: true,
    });
    let shown: Vec<_> = shown.collect();
    let seen = view::users(tx, client, &shown, &users.projection).await?;
    let read = shown.iter().map(|it| it.row.id.uuid());
    let mut by_id: BTreeMap<_, _> = read.zip(seen).collect();
    let wanted: Vec<_> = ids(true).map(Into::into).collect();
    let rows = tx.scim_groups_by_ids(client.org, &wanted).await?;
    let seen = view::groups(tx, client, &rows, &groups.projection).await?;
    by_id.extend(rows.iter().map(|row| row.id.uuid()).zip(seen));
    let in_order = found.iter().filter_map(|it| by_id.remove(&it.at.id.uuid()));
    Ok(in_order.collect())
}
