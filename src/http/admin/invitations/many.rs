//! What is done with many invitations at once, each by itself.

use std::collections::BTreeSet;

use axum::extract::Path;
use axum::{Extension, Json};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::directory::scope::Scope;
use crate::http::RequestId;
use crate::http::admin::asked::Unread;
use crate::http::admin::invitations::Answered;
use crate::http::admin::invitations::actions::act;
use crate::http::auth::admin::Admin;
use crate::http::reply::problem::{Problem, Type};
use crate::id::UserId;
use crate::provisioning::invitations::actions::{Action, revoke_inviter_in};
use crate::provisioning::{Error, Kind};

/// Invitations that one request for many may name.
const MANY: usize = 500;

/// What is to be done with many invitations.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Many {
    /// The invitations, 500 at most.
    pub(in crate::http) ids: Vec<String>,
    /// What: `extend`, `resend` or `revoke`.
    pub(in crate::http) action: ManyAction,
    /// By how much they are extended: 7, 14 or 30.
    pub(in crate::http) days: Option<i64>,
}

/// What can be done with many.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ManyAction {
    /// Extend them.
    Extend,
    /// Send them again.
    Resend,
    /// Take them back.
    Revoke,
}

/// What became of each of many.
#[derive(Debug, Serialize, ToSchema)]
pub struct ManyDone {
    /// One for each that was named, in that order.
    pub(in crate::http) data: Vec<OneDone>,
}

/// What became of one of many.
#[derive(Debug, Serialize, ToSchema)]
pub struct OneDone {
    /// Its id, as it was named.
    pub(in crate::http) id: String,
    /// `done`, `duplicate` of an earlier one, or the rule that said no.
    pub(in crate::http) result: String,
    /// What that rule says; or what else was done than was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) detail: Option<String>,
}

/// Whose invitations are taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OfInviter {
    /// The id of the person who made them, a member or not.
    pub(in crate::http) inviter: String,
}

/// How many invitations were taken back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitationsRevoked)]
pub struct Revoked {
    /// Those that were open.
    pub(in crate::http) revoked: usize,
}

/// Revoke all open invitations of one inviter.
///
/// In one change: for when somebody should not have invited. Doing it again changes nothing.
#[utoipa::path(
    post, path = "/organizations/{slug}/invitations/revoke",
    operation_id = "revoke_invitations_of_inviter", tag = "Invitations",
    params(("slug" = String, Path, description = "The organization's slug")),
    request_body = OfInviter, responses((status = 200, body = Revoked)),
    security(("key" = ["invitations:write"])),
)]
pub(in crate::http) async fn revoke_of_inviter(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Json<Revoked>, Problem> {
    let scope = Scope::InvitationsWrite;
    admin.admit(&slug, scope).await?;
    let OfInviter { inviter } = body.json().await?;
    let inviter = inviter.parse::<UserId>().ok();
    let written = admin.change(&slug, scope, &request, move |change, _| {
        async move {
            let inviter = inviter.ok_or(Error::NotFound(Kind::User))?;
            let revoked = revoke_inviter_in(change, inviter).await?;
            Ok(Revoked { revoked })
        }
        .boxed()
    });
    Ok(Json(written.await?))
}

/// Do something with many invitations.
///
/// Each is done, or refused, by itself.
#[utoipa::path(
    post, path = "/organizations/{slug}/invitations/actions",
    operation_id = "act_on_invitations", tag = "Invitations",
    params(("slug" = String, Path, description = "The organization's slug")),
    request_body = Many, responses((status = 200, body = ManyDone)),
    security(("key" = ["invitations:write"])),
)]
pub(in crate::http) async fn many(
    admin: Admin,
    Extension(request): Extension<RequestId>,
    Path(slug): Path<String>,
    body: Unread,
) -> Result<Json<ManyDone>, Problem> {
    admin.admit(&slug, Scope::InvitationsWrite).await?;
    let Many { ids, action, days } = body.json().await?;
    if ids.len() > MANY {
        let detail = format!("ids may name {MANY} invitations, not {}", ids.len());
        return Err(Problem::new(Type::Invalid, detail));
    }
    let action = match (action, days) {
        (ManyAction::Extend, Some(days)) => Action::Extend {
            days,
            notify: false,
        },
        (ManyAction::Extend, None) => {
            return Err(Problem::new(Type::InvalidExtension, "days is missing"));
        }
        (ManyAction::Resend, _) => Action::Resend { rotate: false },
        (ManyAction::Revoke, _) => Action::Revoke,
    };
    let mut data = Vec::with_capacity(ids.len());
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id.to_lowercase()) {
            let (result, detail) = ("duplicate".to_owned(), None);
            data.push(OneDone { id, result, detail });
            continue;
        }
        let (result, detail) = match act(&admin, &request, &slug, &id, action.clone()).await {
            Ok(Json(done)) => ("done".to_owned(), revived(&done)),
            Err(problem) => (problem.slug().to_owned(), Some(problem.detail().to_owned())),
        };
        data.push(OneDone { id, result, detail });
    }
    Ok(Json(ManyDone { data }))
}

/// What is said of one that had expired, and was sent again.
fn revived(done: &Answered) -> Option<String> {
    let is_revived = done.extended == Some(true);
    let until = done.invitation.expires_at;
    is_revived.then(|| format!("it had expired, and is good until {until} now"))
}
