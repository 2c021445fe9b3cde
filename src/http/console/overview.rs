//! What needs somebody: of an organization, everything that waits for a decision, ends soon or fails, each with the
//! way to it; and what happened last.

use askama::Template;
use axum::extract::Path;
use axum::routing::get;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use tokio::try_join;

use crate::directory::connection::ConnectionState;
use crate::directory::metadata::WarningKind;
use crate::http::Gateway;
use crate::http::admin::asked::Asked;
use crate::http::admin::connections::Connection;
use crate::http::admin::paging::{Listing, Page};
use crate::http::admin::{
    connections, invitations, keys, link_confirmations, links, organizations, safeguards,
};
use crate::http::console::domains::{self, Proof};
use crate::http::console::events::{self, Told};
use crate::http::console::filters;
use crate::http::console::frame::page;
use crate::http::console::webhooks::{self, Hook};
use crate::http::console::{Answer, Frame, Section, Visitor};
use crate::http::reply::problem::Problem;
use crate::provisioning::invitations::view::Invitation;
use crate::provisioning::safeguards::view::SafeguardView;
use crate::provisioning::settings::keys::Key;
use crate::provisioning::settings::organizations::Organization;

/// Keys that end within this are told of, and those that ended within it.
const ENDING: SignedDuration = SignedDuration::from_hours(24 * 30);
/// Invitations that expire within this are told of.
const EXPIRING: SignedDuration = SignedDuration::from_hours(24 * 3);
/// Items that are asked for at once.
const MOST: u64 = 200;
/// How often more are asked for: whoever has more of them looks at their own page.
const PAGES: usize = 25;
/// Events that are shown.
const EVENTS: u64 = 10;

/// The routes.
pub(super) fn routes() -> Router<Gateway> {
    Router::new().route("/console/organizations/{slug}", get(shown))
}

/// Something that needs somebody.
struct Alarm {
    /// How it stands, as a badge.
    state: &'static str,
    what: String,
    /// Where something is done about it.
    href: String,
    /// What the time is.
    when: &'static str,
    at: Option<Timestamp>,
}

/// How many there are of something, and the way to them.
struct Number {
    name: &'static str,
    count: usize,
    href: String,
}

#[derive(Template)]
#[template(path = "console/overview.html")]
struct Overview {
    frame: Frame,
    it: Organization,
    alarms: Vec<Alarm>,
    numbers: Vec<Number>,
    /// Whether everything is still to be set up.
    is_new: bool,
    events: Vec<Told>,
}

/// Of which organization what needs somebody is gathered, by whom, and when.
struct Scene<'v> {
    visitor: &'v Visitor,
    slug: &'v str,
    now: Timestamp,
}

impl Scene<'_> {
    fn path(&self) -> Path<String> {
        Path(self.slug.to_owned())
    }

    fn href(&self, place: &str) -> String {
        format!("/console/organizations/{}{place}", self.slug)
    }

    fn alarm(&self, state: &'static str, what: String, place: &str) -> Alarm {
        Alarm {
            state,
            what,
            href: self.href(place),
            when: "",
            at: None,
        }
    }
}

impl Alarm {
    /// With a time, and what that is.
    fn at(self, when: &'static str, at: Option<Timestamp>) -> Self {
        Self { when, at, ..self }
    }
}

/// `GET /console/organizations/{slug}`.
async fn shown(visitor: Visitor, Path(slug): Path<String>) -> Answer {
    let scene = Scene {
        visitor: &visitor,
        slug: &slug,
        now: visitor.gateway.ids.clock().now(),
    };
    let admin = || visitor.admin();
    // None waits for another: the page is there as soon as the slowest is.
    let (Json(it), connections, hooks, proofs, keys) = try_join!(
        organizations::show(admin(), scene.path()),
        all(|asked| connections::list(admin(), scene.path(), asked)),
        webhooks::all(&visitor, &slug),
        domains::all(&visitor, &slug),
        all(|asked| keys::list(admin(), scene.path(), asked)),
    )?;
    let (mut alarms, invited, events) = try_join!(
        of_decisions(&scene),
        of_invitations(&scene),
        events::latest(&visitor, &slug, EVENTS),
    )?;
    if it.owner.is_none() {
        let what = "Nobody owns the organization".to_owned();
        alarms.push(scene.alarm("missing", what, "/settings"));
    }
    alarms.extend(connections.iter().flat_map(|it| of_connection(&scene, it)));
    alarms.extend(hooks.iter().filter_map(|it| of_webhook(&scene, it)));
    alarms.extend(proofs.iter().filter_map(|it| of_domain(&scene, it)));
    alarms.extend(keys.iter().filter_map(|it| of_key(&scene, it)));
    alarms.extend(invited);
    let number = |name, count, place| Number {
        name,
        count,
        href: scene.href(place),
    };
    let proved = proofs.iter().filter(|it| it.state == "verified").count();
    let shown = Overview {
        frame: Frame::of(&visitor, &slug, Section::Overview),
        it,
        alarms,
        numbers: vec![
            number("Connections", connections.len(), "/connections"),
            number("Verified domains", proved, "/domains"),
            number("Webhooks", hooks.len(), "/webhooks"),
        ],
        is_new: connections.is_empty(),
        events,
    };
    Ok(page(&shown))
}

/// All that there is, page by page, as far as somebody could look at it at all.
async fn all<T, F>(ask: impl Fn(Asked<Listing>) -> F) -> Result<Vec<T>, Problem>
where
    F: Future<Output = Result<Json<Page<T>>, Problem>>,
{
    let (mut all, mut after) = (Vec::new(), None);
    for _ in 0..PAGES {
        let listing = Listing {
            limit: Some(MOST),
            after,
        };
        let Json(page) = ask(Asked(listing)).await?;
        all.extend(page.data);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(all)
}

/// What waits for somebody's yes or no.
async fn of_decisions(scene: &Scene<'_>) -> Result<Vec<Alarm>, Problem> {
    let admin = || scene.visitor.admin();
    let asked = Asked::of("state=held&limit=200")?;
    let Json(held) = safeguards::list(admin(), scene.path(), asked).await?;
    let mut alarms: Vec<_> = held.data.iter().map(|it| of_safeguard(scene, it)).collect();
    let proposed = Asked::of("state=proposed&limit=200")?;
    let Json(proposed) = links::list(admin(), scene.path(), proposed).await?;
    if !proposed.data.is_empty() {
        let what = many(
            &proposed,
            "resource of a directory waits: somebody says whose it is",
            "resources of directories wait: somebody says whose they are",
        );
        alarms.push(scene.alarm("proposed", what, "/links"));
    }
    let proved = all(|asked| link_confirmations::list(admin(), scene.path(), asked)).await?;
    alarms.extend(proved.iter().map(|it| {
        let who = it.email.as_deref().unwrap_or("Somebody");
        let what = format!("{who} proved a sign-in to be theirs, and waits for the owner's yes");
        scene
            .alarm("waiting", what, "/links")
            .at("until", Some(it.expires_at))
    }));
    Ok(alarms)
}

fn of_safeguard(scene: &Scene<'_>, it: &SafeguardView) -> Alarm {
    let what = format!(
        "A safeguard holds {} and waits for a decision: {} people within an hour, where {} are \
         few enough",
        it.kind, it.people, it.threshold
    );
    let place = format!("/safeguards/{}", it.id);
    scene
        .alarm("held", what, &place)
        .at("decided by time", it.expires_at)
}

fn of_connection(scene: &Scene<'_>, it: &Connection) -> Vec<Alarm> {
    let place = format!("/connections/{}", it.id);
    let alarm = |state, what: &str| scene.alarm(state, format!("{}: {what}", it.name), &place);
    let mut alarms = Vec::new();
    if it.state == ConnectionState::Paused {
        alarms.push(alarm(
            "paused",
            "the connection is paused, and nobody signs in by it",
        ));
    }
    if it.testing {
        let what = "sign-ins are only tried, and nobody comes in by the connection";
        alarms.push(alarm("testing", what));
    }
    alarms.extend(it.warnings.iter().map(|warning| {
        let (state, what, when) = match warning.kind {
            WarningKind::CertificateExpired => (
                "expired",
                "a certificate of the identity provider has ended",
                "on",
            ),
            WarningKind::CertificateExpires => (
                "ends_soon",
                "a certificate of the identity provider ends",
                "on",
            ),
            WarningKind::MetadataExpired => (
                "expired",
                "the identity provider's metadata are good no longer",
                "since",
            ),
            WarningKind::TokenExpired => ("expired", "a token of the SCIM client has ended", "on"),
            WarningKind::TokenExpires => ("ends_soon", "a token of the SCIM client ends", "on"),
        };
        alarm(state, what).at(when, Some(warning.at))
    }));
    alarms
}

fn of_webhook(scene: &Scene<'_>, it: &Hook) -> Option<Alarm> {
    let (state, what, since) = match (it.disabled_at, it.failing_since) {
        (Some(at), _) => ("disabled", "nothing is posted there any more", at),
        (None, Some(at)) => ("failing", "every post there fails", at),
        (None, None) => return None,
    };
    let what = format!("{}: {what}", it.name);
    Some(
        scene
            .alarm(state, what, &it.place())
            .at("since", Some(since)),
    )
}

fn of_domain(scene: &Scene<'_>, it: &Proof) -> Option<Alarm> {
    let since = it.missing_since?;
    let what = format!("{}: the TXT record that proves it is gone", it.domain);
    Some(
        scene
            .alarm("missing", what, "/domains")
            .at("since", Some(since)),
    )
}

fn of_key(scene: &Scene<'_>, it: &Key) -> Option<Alarm> {
    let end = it.expires_at.filter(|_| it.revoked_at.is_none())?;
    let left = end.duration_since(scene.now);
    if left.abs() > ENDING {
        return None;
    }
    let name = it.name.as_deref().unwrap_or(&it.last4);
    let (state, what) = if left.is_positive() {
        ("ends_soon", format!("The key {name} ends"))
    } else {
        ("expired", format!("The key {name} has ended"))
    };
    Some(scene.alarm(state, what, "/keys").at("on", Some(end)))
}

/// Invitations that will not be accepted if nobody looks at them.
async fn of_invitations(scene: &Scene<'_>) -> Result<Vec<Alarm>, Problem> {
    let asked = Asked::of("state=needs_attention&limit=200")?;
    let Json(odd) = invitations::list(scene.visitor.admin(), scene.path(), asked).await?;
    let asked = Asked::of("state=pending&sort=expires_at&limit=200")?;
    let Json(mut pending) = invitations::list(scene.visitor.admin(), scene.path(), asked).await?;
    let mut alarms = Vec::new();
    if !odd.data.is_empty() {
        let what = many(
            &odd,
            "invitation needs attention",
            "invitations need attention",
        );
        let place = "/invitations?state=needs_attention";
        alarms.push(scene.alarm("needs_attention", what, place));
    }
    let asks = |it: &&Invitation| it.address_change.is_some();
    alarms.extend(pending.data.iter().filter(asks).map(|it| {
        let what = format!(
            "Whoever was invited as {} asks for another address",
            it.email
        );
        scene.alarm("waiting", what, &format!("/invitations/{}", it.id))
    }));
    let is_last = pending.data.iter().all(|it| is_soon(scene, it));
    pending.data.retain(|it| is_soon(scene, it));
    pending.has_more = pending.has_more && is_last;
    if let Some(first) = pending.data.first() {
        let what = many(
            &pending,
            "invitation expires within three days",
            "invitations expire within three days",
        );
        let at = Some(first.expires_at);
        let alarm = scene.alarm("ends_soon", what, "/invitations");
        alarms.push(alarm.at("the first one", at));
    }
    Ok(alarms)
}

fn is_soon(scene: &Scene<'_>, it: &Invitation) -> bool {
    it.expires_at.duration_since(scene.now) < EXPIRING
}

/// How many there are on a page, and perhaps beyond it, in words.
fn many<T>(page: &Page<T>, one: &str, several: &str) -> String {
    match (page.data.len(), page.has_more) {
        (1, false) => format!("1 {one}"),
        (count, false) => format!("{count} {several}"),
        (count, true) => format!("More than {count} {several}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_says_whether_it_is_all() {
        let page = |count, has_more| Page {
            data: vec![(); count],
            next: None,
            has_more,
        };
        for (count, has_more, expected) in [
            (1, false, "1 waits"),
            (2, false, "2 wait"),
            (200, true, "More than 200 wait"),
        ] {
            assert_eq!(many(&page(count, has_more), "waits", "wait"), expected);
        }
    }
}
