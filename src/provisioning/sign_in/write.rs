//! What a sign-in leaves behind once every check has passed: the person as described, the link
//! with the groups that were named, the session, and the message's ids.

use serde_json::{Value, json};

use crate::directory::event::EventKind;
use crate::directory::sign_in::SignInOutcome;
use crate::id::{SessionId, UserId};
use crate::provisioning::sessions::ABSOLUTE;
use crate::provisioning::sign_in::subject::Subject;
use crate::provisioning::sign_in::{Attempt, Whose, groups, mark, message_ids};
use crate::provisioning::sign_in_log::Told;
use crate::provisioning::{Change, Error};
use crate::saml::profile::Profile;
use crate::saml::trace::Step;
use crate::secret::Bearer;
use crate::store::rows::{ConnectionRow, IdentityRow, SessionRow, UserRow};
use crate::store::types::{Doc, Time};

/// A sign-in that is let in.
pub(super) struct Arriving<'a> {
    pub(super) connection: &'a ConnectionRow,
    pub(super) subject: &'a Subject,
    pub(super) attempt: &'a Attempt,
}

impl Arriving<'_> {
    /// Writes the person, as far as nobody else manages them, and the link; answers what an admin should know
    /// of their groups, which may have been named before.
    pub(super) async fn person(
        &self,
        change: &mut Change<'_>,
        came: &Whose,
    ) -> Result<(IdentityRow, Option<String>), Error> {
        let user = &came.user;
        if came.is_new {
            change.tx.insert_user(user).await?;
            let data = json!({
                "user_id": user.id,
                "connection_id": self.connection.id,
                "email": user.email,
                "display_name": user.display_name,
                "provisional": user.provisional_since.is_some(),
            });
            change.record_of(user.id, EventKind::UserCreated, data);
        } else {
            self.describe(change, user).await?;
        }
        change.touch(user.id);
        let link = self.link(change, user, came.link.clone()).await?;
        let profile = &self.attempt.profile;
        let warning =
            groups::note(change, self.connection, (&link, came.were_named), profile).await?;
        Ok((link, warning))
    }

    /// Names come from the assertion only where no directory manages the person; the address
    /// never does.
    async fn describe(&self, change: &mut Change<'_>, user: &UserRow) -> Result<(), Error> {
        if user.managed_by.is_some() {
            return Ok(());
        }
        let profile = &self.attempt.profile;
        let mut next = user.clone();
        next.display_name = full_name(profile).or(next.display_name);
        next.given_name = profile.given_name.clone().or(next.given_name);
        next.family_name = profile.family_name.clone().or(next.family_name);
        let changes = differences(user, &next);
        if changes.is_empty() {
            return Ok(());
        }
        next.updated_at = change.time();
        change.tx.update_user(&next).await?;
        let data = json!({
            "user_id": user.id,
            "connection_id": self.connection.id,
            "display_name": next.display_name,
            "changes": changes,
        });
        change.record_of(user.id, EventKind::UserUpdated, data);
        Ok(())
    }

    /// Makes the link, or notes that it was used. Groups that were named replace what was known;
    /// groups that were not leave it as it was.
    async fn link(
        &self,
        change: &mut Change<'_>,
        user: &UserRow,
        link: Option<IdentityRow>,
    ) -> Result<IdentityRow, Error> {
        let groups = groups::named(&self.attempt.profile);
        match link {
            Some(link) => self.used(change, user, link, groups).await,
            None => self.made(change, user, groups).await,
        }
    }

    async fn used(
        &self,
        change: &mut Change<'_>,
        user: &UserRow,
        mut link: IdentityRow,
        groups: Option<Doc>,
    ) -> Result<IdentityRow, Error> {
        let (org, now, norm) = (change.org, change.time(), self.subject.norm());
        if link.user_id != user.id {
            change
                .tx
                .relink_identity(org, link.id, user.id, norm, now)
                .await?;
            link.user_id = user.id;
            link.confirmed_by = None;
        } else if let Some(norm) = norm.filter(|norm| link.email_norm.as_deref() != Some(norm)) {
            change.tx.readdress_identity(org, link.id, norm).await?;
        }
        change.tx.touch_identity(org, link.id, now, groups).await?;
        Ok(link)
    }

    async fn made(
        &self,
        change: &mut Change<'_>,
        user: &UserRow,
        groups: Option<Doc>,
    ) -> Result<IdentityRow, Error> {
        let name_id = self.attempt.assertion.name_id.clone();
        let of = |part: fn(&crate::saml::assertion::NameId) -> Option<String>| {
            name_id.as_ref().and_then(part)
        };
        let row = IdentityRow {
            org_id: change.org,
            id: change.id(),
            connection_id: self.connection.id,
            subject_key: self.subject.key.clone(),
            user_id: user.id,
            name_id: of(|id| Some(id.value.clone())),
            format: of(|id| id.format.clone()),
            name_qualifier: of(|id| id.name_qualifier.clone()),
            sp_name_qualifier: of(|id| id.sp_name_qualifier.clone()),
            email_norm: self.subject.norm().map(str::to_owned),
            groups_known_at: groups.is_some().then(|| change.time()),
            group_values: groups,
            confirmed_by: None,
            created_at: change.time(),
            last_seen_at: change.time(),
            groups_stale_since: None,
            groups_stale_why: None,
        };
        change.tx.insert_identity(&row).await?;
        Ok(row)
    }

    /// The session: at most as long as the identity provider's own (SAML Core 2.7.2).
    pub(super) fn session(
        &self,
        change: &Change<'_>,
        user: &UserRow,
        link: &IdentityRow,
        secret: &Bearer,
    ) -> SessionRow {
        let assertion = &self.attempt.assertion;
        let end = change.now.checked_add(ABSOLUTE).unwrap_or(change.now);
        let theirs = assertion.session_not_on_or_after.unwrap_or(end);
        let authenticated = assertion.authn_instant.unwrap_or(assertion.issue_instant);
        let name = assertion.name_id.clone();
        SessionRow {
            org_id: change.org,
            id: change.id(),
            hash: secret.hash().to_vec(),
            user_id: user.id,
            connection_id: Some(self.connection.id),
            identity_id: Some(link.id),
            session_index: assertion.session_index.clone(),
            context_class: assertion.authn_context_class.clone(),
            authenticated_at: Time(authenticated.min(change.now)),
            created_at: change.time(),
            last_seen_at: change.time(),
            expires_at: Time(end.min(theirs)),
            ended_at: None,
            ended_cause: None,
            name_id: name.as_ref().map(|name| name.value.clone()),
            name_id_format: name.as_ref().and_then(|name| name.format.clone()),
            name_qualifier: name.as_ref().and_then(|name| name.name_qualifier.clone()),
            sp_name_qualifier: name.and_then(|name| name.sp_name_qualifier),
            certificate: Some(assertion.certificate.clone()),
            chain_id: None,
            break_glass_id: None,
        }
    }

    /// Keeps the session, the message, and the sign-in with its checks, of which one may carry a warning.
    pub(super) async fn keep(
        &self,
        change: &mut Change<'_>,
        session: &SessionRow,
        (outcome, is_asked): (SignInOutcome, bool),
        warning: Option<String>,
    ) -> Result<(), Error> {
        change.tx.insert_session(session).await?;
        self.remember(change, session.id).await?;
        let of = (session.user_id, outcome, is_asked);
        self.log(change, of, warning).await
    }

    /// Logs the sign-in with its checks.
    async fn log(
        &self,
        change: &mut Change<'_>,
        (user, outcome, is_asked): (UserId, SignInOutcome, bool),
        warning: Option<String>,
    ) -> Result<(), Error> {
        let mut trace = self.attempt.trace.clone();
        trace.at(Step::Replay);
        trace.at(Step::Person);
        if let Some(warning) = warning {
            trace.warns(warning);
        }
        let told = Told {
            of: (change.org, self.connection.id),
            request_id: change.context.cause.clone(),
            outcome,
            reason: None,
            started_at_provider: Some(!is_asked),
            verified: true,
            user_id: Some(user),
            subject: self.attempt.profile.shown(&self.attempt.assertion),
            trace,
        };
        let row = told.row(&change.context.ids, change.now);
        Ok(change.tx.insert_sign_in(&row).await?)
    }

    /// Remembers the message, for as long as it could be posted again.
    async fn remember(&self, change: &mut Change<'_>, session: SessionId) -> Result<(), Error> {
        let assertion = &self.attempt.assertion;
        let (until, made) = (Time(assertion.replay_until), Some(mark(session)));
        let ids = message_ids(assertion);
        let (org, ids) = (change.org, ids.each_ref().map(String::as_str));
        let remembered = change
            .tx
            .remember_messages(org, self.connection.id, &ids, (until, made));
        Ok(remembered.await?)
    }
}

/// Tells that a session began.
pub(super) fn tell(change: &mut Change<'_>, session: &SessionRow) {
    let data = json!({
        "user_id": session.user_id,
        "connection_id": session.connection_id,
        "session_id": session.id,
    });
    change.record(EventKind::SessionCreated, data);
}

/// The name to show: as asserted, or made of its parts.
pub(super) fn full_name(profile: &Profile) -> Option<String> {
    let parts = || {
        let parts: Vec<_> = [&profile.given_name, &profile.family_name]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    };
    profile.display_name.clone().or_else(parts)
}

fn differences(old: &UserRow, new: &UserRow) -> Vec<Value> {
    [
        ("display_name", &old.display_name, &new.display_name),
        ("given_name", &old.given_name, &new.given_name),
        ("family_name", &old.family_name, &new.family_name),
    ]
    .into_iter()
    .filter(|(_, old, new)| old != new)
    .map(|(name, old, new)| json!({"attribute": name, "old": old, "new": new}))
    .collect()
}
