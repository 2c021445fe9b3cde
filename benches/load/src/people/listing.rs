//! Lists (RFC 7644 §3.4.2), read as far as they are needed.

use serde::Deserialize;

use crate::failure::{Wrong, ensure};
use crate::http::{Asked, Connection, encoded};

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct Listing {
    #[serde(rename = "totalResults")]
    pub(crate) total: u64,
    #[serde(rename = "startIndex")]
    pub(crate) start: Option<u64>,
    /// Left out where nothing is found.
    #[serde(rename = "Resources", default)]
    pub(crate) resources: Vec<Listed>,
}

/// Somebody on a page.
#[derive(Debug, Deserialize)]
pub(crate) struct Listed {
    pub(crate) id: String,
    #[serde(rename = "userName", default)]
    pub(crate) user_name: String,
    pub(crate) active: Option<bool>,
}

/// A user or a group, as it is answered by itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Resource {
    pub(crate) id: String,
    #[serde(rename = "userName", default)]
    pub(crate) user_name: String,
    pub(crate) active: Option<bool>,
    pub(crate) title: Option<String>,
    #[serde(default)]
    pub(crate) members: Vec<Member>,
}

/// A member of a group.
#[derive(Debug, Deserialize)]
pub(crate) struct Member {
    pub(crate) value: String,
}

/// The page of users that begins at an index.
pub(crate) async fn page(
    connection: &mut Connection,
    start: u64,
    count: u64,
) -> Result<Listing, Wrong> {
    let path = format!("/Users?startIndex={start}&count={count}");
    connection
        .ask(Asked::get(path))
        .await?
        .expect(&[200])?
        .json()
}

/// How many users there are.
pub(crate) async fn total(connection: &mut Connection) -> Result<u64, Wrong> {
    Ok(page(connection, 1, 1).await?.total)
}

/// What a filter finds among users or groups.
pub(crate) async fn found(
    connection: &mut Connection,
    endpoint: &str,
    attribute: &str,
    value: &str,
) -> Result<Listing, Wrong> {
    let filter = encoded(&format!("{attribute} eq \"{value}\""));
    let members = if endpoint == "/Groups" {
        "&excludedAttributes=members"
    } else {
        ""
    };
    let path = format!("{endpoint}?filter={filter}{members}");
    connection
        .ask(Asked::get(path))
        .await?
        .expect(&[200])?
        .json()
}

/// The ids of so many users of the list, from its beginning; without those whose name begins so, if any.
pub(crate) async fn ids(
    connection: &mut Connection,
    wanted: usize,
    without: Option<&str>,
) -> Result<Vec<String>, Wrong> {
    const PAGE: u64 = 1_000;
    let (mut ids, mut start) = (Vec::new(), 1);
    while ids.len() < wanted {
        let page = page(connection, start, PAGE).await?;
        if page.resources.is_empty() {
            break;
        }
        ensure(page.start.is_none_or(|said| said == start), || {
            format!(
                "the page at {start} says that it is the one at {:?}",
                page.start
            )
        })?;
        start += page.resources.len() as u64;
        let others = page.resources.into_iter();
        let ours = |user: &Listed| without.is_none_or(|name| !user.user_name.starts_with(name));
        let others = others.filter(ours);
        ids.extend(others.map(|user| user.id));
    }
    ids.truncate(wanted);
    Ok(ids)
}
