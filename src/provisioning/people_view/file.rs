//! People as lines of a file, some at a time.

use crate::id::{OrganizationId, UserId};
use crate::provisioning::Error;
use crate::provisioning::people_view::{User, Wanted, list};
use crate::roster::people::lines;
use crate::store::Tx;

/// People of one part of the file.
pub const PART: usize = 1_000;

/// A part of it, and after whom the next one begins.
pub async fn part(
    tx: &mut Tx,
    org: OrganizationId,
    after: Option<UserId>,
) -> Result<(Vec<u8>, Option<UserId>), Error> {
    let wanted = Wanted {
        after,
        ..Wanted::default()
    };
    let people = list(tx, org, &wanted, PART).await?;
    let last = people.last().map(|it| it.id);
    let next = last.filter(|_| people.len() == PART);
    Ok((lines(people.into_iter().map(line)), next))
}

fn line(user: User) -> [String; 10] {
    let projects = user.projects.iter();
    let projects: Vec<_> = projects
        .map(|it| format!("{}={}", it.slug, it.role))
        .collect();
    [
        user.email.unwrap_or_default(),
        user.role.unwrap_or_default(),
        projects.join("; "),
        user.state.to_string(),
        user.suspended_by.join("; "),
        user.display_name.unwrap_or_default(),
        if user.owner { "yes" } else { "no" }.to_owned(),
        user.managed_by.map(|id| id.to_string()).unwrap_or_default(),
        user.id.to_string(),
        user.created_at.to_string(),
    ]
}
