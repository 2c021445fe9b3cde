//! The people of an organization as a file. It is made while it is sent, so that it is as long as it is.

use axum::body::{Body, Bytes};
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{FutureExt, stream};

use crate::directory::scope::Scope;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::UserId;
use crate::provisioning::people_view::file;
use crate::roster::people;

/// Where the file goes on.
enum Place {
    After(Option<UserId>),
    End,
}

/// Download the people of an organization as a CSV file.
///
/// A line each, in the order of ids, in UTF-8; a role in a project is `slug=role`. Each part of it is read for
/// itself: where the key is revoked meanwhile, it is cut off.
#[utoipa::path(
    get, path = "/organizations/{slug}/users.csv", operation_id = "download_users", tag = "Users",
    params(("slug" = String, Path, description = "The organization's slug")),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")),
    security(("key" = ["users:read"])),
)]
pub(in crate::http) async fn download(
    admin: Admin,
    Path(slug): Path<String>,
) -> Result<Response, Problem> {
    admin.admit(&slug, Scope::UsersRead).await?;
    let name = format!("attachment; filename=\"users-{slug}.csv\"");
    let parts = stream::try_unfold(Place::After(None), move |place| {
        let (admin, slug) = (admin.clone(), slug.clone());
        async move {
            let Place::After(after) = place else {
                return Ok(None);
            };
            let read = admin.read(&slug, Scope::UsersRead, move |tx, admitted| {
                async move { file::part(tx, admitted.organization.id, after).await }.boxed()
            });
            let (bytes, next) = read.await.map_err(|_| Cut)?;
            let place = next.map_or(Place::End, |id| Place::After(Some(id)));
            Ok::<_, Cut>(Some((Bytes::from(bytes), place)))
        }
    });
    let head = stream::once(async { Ok(Bytes::from(people::begin())) });
    let body = Body::from_stream(futures_util::StreamExt::chain(head, parts));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, body).into_response())
}

/// The rest could not be read; the answer ends without its end.
#[derive(Debug, thiserror::Error)]
#[error("the rest of the file could not be read")]
struct Cut;
