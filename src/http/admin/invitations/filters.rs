//! Which invitations a list is to show, and where its pages begin.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::directory::invitation::Standing;
use crate::http::admin::paging::{Place, limit};
use crate::http::reply::problem::Problem;
use crate::id::{ImportId, InvitationId, OrganizationId, UserId};
use crate::provisioning::Error;
use crate::provisioning::invitations::view::Invitation;
use crate::store::Tx;
use crate::store::invited::{Invited, Order};
use crate::store::types::Time;

/// What a list of invitations is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filters {
    /// How many items, 1 to 200; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    pub(in crate::http) limit: Option<u64>,
    /// Go on after this one: what `next` was.
    pub(in crate::http) after: Option<String>,
    /// How they stand: `pending` unless said, `any` for all.
    pub(in crate::http) state: Option<String>,
    /// How their addresses begin.
    pub(in crate::http) email: Option<String>,
    /// The slug of their role.
    pub(in crate::http) role: Option<String>,
    /// The slug of a project that they are for.
    pub(in crate::http) project: Option<String>,
    /// The id of the person who made them.
    #[param(value_type = Option<String>)]
    pub(in crate::http) inviter: Option<UserId>,
    /// The id of the import that made them.
    #[param(value_type = Option<String>)]
    pub(in crate::http) import: Option<ImportId>,
    /// `created_at` (unless said) or `expires_at`.
    pub(in crate::http) sort: Option<String>,
}

/// Where the last page ended: when that one expires, and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(Option<Time>, InvitationId);

impl Filters {
    /// Whether the list is in the order of expiry.
    pub(in crate::http) fn by_expiry(&self) -> bool {
        self.sort.as_deref() == Some("expires_at")
    }

    /// Where the page begins and how long it may be.
    pub(in crate::http) fn place(&self) -> Result<Place<Cursor>, Problem> {
        if !matches!(
            self.sort.as_deref(),
            None | Some("created_at" | "expires_at")
        ) {
            let message = "created_at or expires_at is possible";
            return Err(Problem::parameter("sort", "unknown", message));
        }
        let odd = |prefix: &String| prefix.len() > 254 || prefix.contains(char::is_control);
        if self.email.as_ref().is_some_and(odd) {
            let message = "it begins no address";
            return Err(Problem::parameter("email", "malformed", message));
        }
        self.standing()?;
        let after = match &self.after {
            None => None,
            Some(text) => {
                let misread = || Problem::parameter("after", "malformed", "take it from `next`");
                Some(self.cursor_of(text).ok_or_else(misread)?)
            }
        };
        Ok(Place {
            limit: limit(self.limit)?,
            after,
        })
    }

    fn standing(&self) -> Result<Option<Standing>, Problem> {
        match self.state.as_deref() {
            None => Ok(Some(Standing::Pending)),
            Some("any") => Ok(None),
            Some(word) => match word.parse() {
                Ok(standing) => Ok(Some(standing)),
                Err(error) => Err(Problem::parameter("state", "unknown", error)),
            },
        }
    }

    fn cursor_of(&self, text: &str) -> Option<Cursor> {
        if !self.by_expiry() {
            return Some(Cursor(None, text.parse().ok()?));
        }
        let (micros, id) = text.split_once('_')?;
        let at = jiff::Timestamp::from_microsecond(micros.parse().ok()?).ok()?;
        Some(Cursor(Some(Time(at)), id.parse().ok()?))
    }

    /// What `after` is to be for the page after this one.
    pub(in crate::http) fn cursor(last: &Invitation, by_expiry: bool) -> String {
        if by_expiry {
            format!("{}_{}", last.expires_at.as_microsecond(), last.id)
        } else {
            last.id.to_string()
        }
    }

    /// The search; none where a role or a project is named that is not there.
    pub(in crate::http) async fn invited(
        &self,
        tx: &mut Tx,
        org: OrganizationId,
        place: Place<Cursor>,
    ) -> Result<Option<Invited>, Error> {
        let role = match &self.role {
            None => None,
            Some(slug) => {
                let roles = tx.roles(org).await?;
                let Some(row) = roles.into_iter().find(|row| row.slug == *slug) else {
                    return Ok(None);
                };
                Some(row.id)
            }
        };
        let project = match &self.project {
            None => None,
            Some(slug) => {
                let projects = tx.projects(org).await?;
                let Some(row) = projects.into_iter().find(|row| row.slug == *slug) else {
                    return Ok(None);
                };
                Some(row.id)
            }
        };
        let order = match (self.by_expiry(), place.after) {
            (false, after) => Order::Creation(after.map(|Cursor(_, id)| id)),
            (true, after) => Order::Expiry(after.and_then(|Cursor(at, id)| Some((at?, id)))),
        };
        Ok(Some(Invited {
            standing: self.standing().unwrap_or_default(),
            email_prefix: self.email.as_ref().map(|prefix| prefix.to_lowercase()),
            role,
            project,
            inviter: self.inviter,
            import: self.import,
            order,
            limit: i64::try_from(place.reading()).unwrap_or(i64::MAX),
        }))
    }
}
