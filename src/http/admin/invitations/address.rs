//! What admins say to somebody who asks to be invited at another address.

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::directory::invitation::change::Decision;
use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::conditional::IfMatch;
use crate::http::admin::invitations::{one, seen};
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::Problem;
use crate::id::{InvitationId, UserId};
use crate::provisioning::invitations::change_decision::{Offer, decide_in};
use crate::provisioning::invitations::view::{Invitation, views};
use crate::provisioning::{Error, Kind};

/// What is said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddressDecision)]
pub struct Said {
    /// `approve` or `reject`.
    pub(in crate::http) decision: Decision,
}

/// An invitation, and what goes with the decision this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct Decided {
    /// The invitation.
    #[serde(flatten)]
    pub(in crate::http) invitation: Invitation,
    /// What the invitation was for, where the other address is a member's: nothing of them changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) offer: Option<Offered>,
    /// What should be known: `directory_managed_domain`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(in crate::http) warnings: Vec<&'static str>,
}

/// What a member could be given.
#[derive(Debug, Serialize, ToSchema)]
pub struct Offered {
    /// The member.
    #[schema(value_type = String, format = "uuid")]
    pub(in crate::http) user_id: UserId,
    /// The slug of the role.
    pub(in crate::http) role: String,
    /// The slugs of the projects; empty means the whole organization.
    pub(in crate::http) projects: Vec<String>,
}

impl From<Offer> for Offered {
    fn from(offer: Offer) -> Self {
        Self {
            user_id: offer.user,
            role: offer.role,
            projects: offer.projects,
        }
    }
}

/// Decide about another address.
///
/// Approved, the invitation goes to the address that its `address_change` names: by a new link, and
/// until the same time; older links are dead. Where that is a member's already, the invitation is
/// closed, and the answer offers what it was for. Rejected, it stays as it is.
#[utoipa::path(
    post, path = "/organizations/{slug}/invitations/{id}/address-change",
    operation_id = "decide_address_change", tag = "Invitations",
    params(("slug" = String, Path, description = "The organization's slug"),
        ("id" = String, Path, description = "The invitation's id"), IfMatch),
    request_body = Said, responses((status = 200, body = Decided)),
    security(("key" = ["invitations:write"])),
)]
pub(in crate::http) async fn decide(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path((slug, id)): Path<(String, String)>,
    body: Unread,
) -> Result<Json<Decided>, Problem> {
    let scope = Scope::InvitationsWrite;
    admin.admit(&slug, scope).await?;
    let Said { decision } = body.json().await?;
    let id = id.parse::<InvitationId>().ok();
    let admin = admin.if_still(seen(id));
    let done = admin.change(&slug, scope, &request, move |change, access| {
        async move {
            let inviter = access.inviter(change.tx).await?;
            let id = id.ok_or(Error::NotFound(Kind::Invitation))?;
            let decided = decide_in(change, Some(inviter), id, decision).await?;
            let (org, now) = (change.org, change.now);
            Ok(Decided {
                invitation: one(views(change.tx, org, vec![decided.row], now).await?)?,
                offer: decided.offer.map(Offered::from),
                warnings: decided.warnings,
            })
        }
        .boxed()
    });
    Ok(Json(done.await?))
}
