//! What the two directories send by SCIM (RFC 7644), each in the order and the dialect in which
//! the product is known to speak: probe, look up, create, then groups and members.

mod entra;
mod okta;

pub(super) use entra::entra;
pub(super) use okta::okta;

use serde_json::Value;

use crate::demo::client::Reply;
use crate::demo::expect::{Unexpected, ensure, says, text};
use crate::demo::scim::Scim;
use crate::demo::transcript::Went;

/// A look-up that must find nobody: the peer is told so by an empty list, never by a 404.
async fn finds_nothing(scim: &Scim, path: &str, filter: &str) -> Went<()> {
    let list = scim.filter(path, filter).await?;
    says(&list, "/totalResults", 0)?;
    says(&list, "/Resources", Vec::<Value>::new())?;
    Ok(((), "200, totalResults 0".to_owned()))
}

/// A created resource, and its id.
fn created(reply: Reply) -> Result<(Value, String), Unexpected> {
    let reply = reply.expect(201)?;
    let location = reply.location()?;
    let resource = reply.json()?;
    let id = text(&resource, "/id")?;
    says(&resource, "/meta/location", location.as_str())?;
    ensure(
        location.ends_with(&id),
        "the Location is another resource's",
    )?;
    Ok((resource, id))
}

/// Whether a group holds exactly these people, and its name.
async fn group_holds(scim: &Scim, group: &str, people: &[&str]) -> Result<String, Unexpected> {
    let found = scim
        .get(&format!("/Groups/{group}"))
        .await?
        .expect(200)?
        .json()?;
    let members = found.get("members").and_then(Value::as_array);
    let members: Vec<_> = members
        .into_iter()
        .flatten()
        .filter_map(|member| member.get("value")?.as_str())
        .collect();
    ensure(
        members == people,
        format!("the group's members are {members:?}, not {people:?}"),
    )?;
    text(&found, "/displayName")
}
