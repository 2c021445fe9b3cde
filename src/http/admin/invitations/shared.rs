//! An invitation's link that an admin passes on by hand, and whether a message is ours.

use std::sync::Arc;

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::conditional::IfMatch;
use crate::http::admin::invitations::seen;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::InvitationId;
use crate::provisioning::invitations::share::{Passed, Verdict, Way, pass_on, verify_in};
use crate::provisioning::{Error, Kind};

/// How a link is to be passed on.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// Whether the link leads to the organization's alternate public URL.
    #[serde(default)]
    pub(in crate::http) alternate: bool,
    /// Whether the message is posted to the organization's share webhook, too.
    #[serde(default)]
    pub(in crate::http) post: bool,
}

/// Share an invitation.
///
/// A link to pass on outside of mail, good for three days at most, and the message around it with
/// the phrase that the link's page shows, too. Whoever follows it is asked for a code that is
/// mailed to the invited address.
#[utoipa::path(
    post, path = "/organizations/{slug}/invitations/{id}/share",
    operation_id = "share_invitation", tag = "Invitations",
    params(("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The invitation's id"), IfMatch),
    request_body = Share, responses((status = 200, body = Passed)),
    security(("key" = ["invitations:link"])),
)]
pub(in crate::http) async fn share(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Passed>, Problem> {
    let scope = Scope::InvitationsLink;
    admin.admit(&slug, scope).await?;
    let Share { alternate, post } = body.json().await?;
    let id = id.parse::<InvitationId>().ok();
    let links = Arc::clone(&admin.gateway().links);
    let admin = admin.if_still(seen(id));
    let shared = admin.change(&slug, scope, &request, move |change, access| {
        let links = Arc::clone(&links);
        async move {
            let inviter = access.inviter(change.tx).await?;
            let id = id.ok_or(Error::NotFound(Kind::Invitation))?;
            pass_on(change, &links, Some(&inviter), id, Way { alternate, post }).await
        }
        .boxed()
    });
    Ok(Json(shared.await?))
}

/// A message that somebody got.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Received {
    /// What it says.
    pub(in crate::http) text: String,
}

/// Verify a message.
///
/// Whether a link in it is one that this organization issued, for whom and until when, and whether
/// the message says the phrase that goes with it.
#[utoipa::path(
    post, path = "/organizations/{slug}/invitations/verify-message",
    operation_id = "verify_message", tag = "Invitations",
    params(("slug" = String, Path, description = "The organization's slug")),
    request_body = Received, responses((status = 200, body = Verdict)),
    security(("key" = ["invitations:read"])),
)]
pub(in crate::http) async fn verify(
    admin: Admin,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Json<Verdict>, Problem> {
    let scope = Scope::InvitationsRead;
    admin.admit(&slug, scope).await?;
    let Received { text } = body.json().await?;
    let (text, links) = (Arc::<str>::from(text), Arc::clone(&admin.gateway().links));
    let verdict = admin.read(&slug, scope, move |tx, admitted| {
        let (text, links) = (Arc::clone(&text), Arc::clone(&links));
        async move {
            let org = admitted.organization.id;
            verify_in(tx, &links, org, &text, admitted.now).await
        }
        .boxed()
    });
    Ok(Json(verdict.await?))
}
