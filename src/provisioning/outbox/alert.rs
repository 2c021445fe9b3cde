//! The mail of an alert, composed of how things are when it is sent: of what is seen to by then, nobody is
//! told any more.

use jiff::Timestamp;
use uuid::Uuid;

use crate::directory::connection::ConnectionState;
use crate::directory::link::LinkState;
use crate::directory::oauth_client::TokenKind;
use crate::directory::ownership::TransferState;
use crate::directory::safeguard::{Danger, SafeguardState};
use crate::directory::webhook::{Disabling, WebhookState};
use crate::id::{
    BreakGlassId, ConnectionId, OrganizationId, SafeguardId, SessionId, TransferId, UserId,
    WebhookId,
};
use crate::limits;
use crate::mail::{Alert, Content, Matter, Tie, Tripped};
use crate::provisioning::Error;
use crate::provisioning::alerts::{Alarm, Told, still_reads};
use crate::provisioning::break_glass;
use crate::provisioning::metadata::bearers;
use crate::provisioning::outbox::composed::Composed;
use crate::provisioning::outbox::letterhead::{self, Letterhead};
use crate::store::Tx;
use crate::store::rows::{ConnectionRow, OrganizationRow, OutboxRow, TransferRow};

pub(super) async fn compose(
    tx: &mut Tx,
    letterhead: &Letterhead,
    row: &OutboxRow,
    now: Timestamp,
) -> Result<Composed, Error> {
    let Ok(told) = serde_json::from_str::<Told>(&row.detail.0) else {
        let reason = "not sent: the alert does not say what it is about";
        return Ok(Composed::Unmailable(reason));
    };
    if !still_reads(tx, row, &told).await? {
        return Ok(Composed::Over);
    }
    let to = match told.reader {
        Some(_) => letterhead::receiver(row),
        None => match letterhead.operator() {
            Some(operator) => Ok(operator.clone()),
            None => return Ok(Composed::Over),
        },
    };
    let to = match to {
        Ok(to) => to,
        Err(reason) => return Ok(Composed::Unmailable(reason)),
    };
    let Some(organization) = tx.organization(row.org_id).await? else {
        return Ok(Composed::Over);
    };
    let scene = Scene {
        organization,
        public_url: letterhead.public_url(),
        to_operator: told.reader.is_none(),
        now,
    };
    let Some(content) = scene.content(tx, &told.alarm).await? else {
        return Ok(Composed::Over);
    };
    Ok(letterhead.letter(row, to, content))
}

/// Whether whom an alert was owed to is not to get it any more.
pub(super) async fn is_over(tx: &mut Tx, row: &OutboxRow) -> Result<bool, Error> {
    match serde_json::from_str::<Told>(&row.detail.0) {
        Ok(told) => Ok(!still_reads(tx, row, &told).await?),
        Err(_) => Ok(true),
    }
}

/// What every alert is written with.
struct Scene<'l> {
    organization: OrganizationRow,
    public_url: &'l str,
    to_operator: bool,
    now: Timestamp,
}

impl Scene<'_> {
    fn org(&self) -> OrganizationId {
        self.organization.id
    }

    async fn content(&self, tx: &mut Tx, alarm: &Alarm) -> Result<Option<Content>, Error> {
        match alarm {
            Alarm::BreakGlassOpened { break_glass_id } => self.way_in(tx, *break_glass_id).await,
            Alarm::BreakGlassUsed { session_id } => self.way_in_used(tx, *session_id).await,
            Alarm::CertificateEnding {
                connection_id,
                fingerprint,
                ..
            } => self.certificate(tx, *connection_id, fingerprint).await,
            Alarm::LinkProposed { connection_id } => self.links(tx, *connection_id).await,
            Alarm::OwnerChanged { user_id } => self.new_owner(tx, *user_id).await,
            Alarm::OwnerUnavailable { user_id } => self.owner(tx, *user_id).await,
            Alarm::RecoveryAsked { transfer_id } => self.recovery(tx, *transfer_id).await,
            Alarm::SafeguardTripped { safeguard_id } => self.safeguard(tx, *safeguard_id).await,
            Alarm::TokenEnding {
                connection_id,
                token_id,
                ..
            } => self.token(tx, *connection_id, *token_id).await,
            Alarm::WebhookDisabled { webhook_id } => self.webhook(tx, *webhook_id).await,
        }
    }

    fn about(&self, matter: Matter<'_>) -> Content {
        let alert = Alert {
            organization: &self.organization.name,
            slug: &self.organization.slug,
            public_url: self.public_url,
            matter,
            to_operator: self.to_operator,
        };
        alert.content()
    }

    /// A connection that still is there and works.
    async fn connection(
        &self,
        tx: &mut Tx,
        id: ConnectionId,
    ) -> Result<Option<ConnectionRow>, Error> {
        let row = tx.connection(self.org(), id).await?;
        Ok(row.filter(|row| row.state == ConnectionState::Active))
    }

    async fn certificate(
        &self,
        tx: &mut Tx,
        id: ConnectionId,
        fingerprint: &str,
    ) -> Result<Option<Content>, Error> {
        let Some(connection) = self.connection(tx, id).await? else {
            return Ok(None);
        };
        let trusted = tx.certificates(self.org(), id).await?;
        let Some(row) = trusted.iter().find(|it| it.fingerprint == fingerprint) else {
            return Ok(None);
        };
        let id = id.to_string();
        Ok(Some(self.about(Matter::Certificate {
            connection: tie(&connection, &id),
            ends_at: row.not_after.0,
            is_over: row.not_after.0 <= self.now,
        })))
    }

    /// It may be closed by then.
    async fn way_in(&self, tx: &mut Tx, id: BreakGlassId) -> Result<Option<Content>, Error> {
        let Some(row) = tx.break_glass(self.org(), id).await? else {
            return Ok(None);
        };
        let owner = break_glass::owner_of(tx, &row, self.now).await?;
        let matter = Matter::BreakGlass {
            until: row.expires_at.0,
            reason: &row.reason,
        };
        Ok(owner.map(|_| self.about(matter)))
    }

    /// Told whatever came of it since.
    async fn way_in_used(&self, tx: &mut Tx, id: SessionId) -> Result<Option<Content>, Error> {
        let session = tx.session(self.org(), id).await?;
        let at = session.map(|it| it.created_at.0);
        Ok(at.map(|at| self.about(Matter::BreakGlassUsed { at })))
    }

    /// However many wait by then; none may.
    async fn links(&self, tx: &mut Tx, id: ConnectionId) -> Result<Option<Content>, Error> {
        let Some(connection) = self.connection(tx, id).await? else {
            return Ok(None);
        };
        let most = limits::ALERT_LINKS;
        let waiting = tx.unlinked_scim_users(self.org(), Some(LinkState::Proposed), None, most);
        let waiting = waiting.await?;
        let people = waiting.iter().filter(|it| it.connection_id == id).count();
        let of = id.to_string();
        let matter = Matter::Links {
            connection: tie(&connection, &of),
            people,
        };
        Ok((people > 0).then(|| self.about(matter)))
    }

    /// Another one may own it by now: that is told by itself.
    async fn new_owner(&self, tx: &mut Tx, id: UserId) -> Result<Option<Content>, Error> {
        let owner = tx.user(self.org(), id).await?;
        let Some(owner) = owner.filter(|it| it.owner) else {
            return Ok(None);
        };
        let id = id.to_string();
        let email = owner.email.as_deref();
        Ok(Some(self.about(Matter::NewOwner { id: &id, email })))
    }

    /// It may be decided by then.
    async fn recovery(&self, tx: &mut Tx, id: TransferId) -> Result<Option<Content>, Error> {
        let row = tx.transfer(self.org(), id).await?;
        let waits = |row: &TransferRow| {
            row.state.at(row.expires_at.0, self.now) == TransferState::AwaitingOperator
        };
        let Some(row) = row.filter(waits) else {
            return Ok(None);
        };
        let chosen = tx.user(self.org(), row.chosen_id).await?;
        let id = id.to_string();
        Ok(Some(self.about(Matter::Recovery {
            id: &id,
            email: chosen.as_ref().and_then(|it| it.email.as_deref()),
            reason: row.reason.as_deref(),
        })))
    }

    /// The owner may have been let in again, or be another one by now.
    async fn owner(&self, tx: &mut Tx, id: UserId) -> Result<Option<Content>, Error> {
        let owner = tx.user(self.org(), id).await?;
        let Some(owner) = owner.filter(|it| it.owner) else {
            return Ok(None);
        };
        let is_out = !owner.is_active();
        let comes_by =
            owner.managed_by.is_some() || !tx.identities_of(self.org(), id).await?.is_empty();
        if !is_out && comes_by {
            return Ok(None);
        }
        let id = id.to_string();
        Ok(Some(self.about(Matter::Owner { id: &id, is_out })))
    }

    async fn safeguard(&self, tx: &mut Tx, id: SafeguardId) -> Result<Option<Content>, Error> {
        let Some(row) = tx.safeguard(self.org(), id).await? else {
            return Ok(None);
        };
        let is_news = match row.state {
            SafeguardState::Held | SafeguardState::Observed => true,
            SafeguardState::Approved | SafeguardState::Rejected => false,
            SafeguardState::Expired => row.kind == Danger::Removals,
        };
        let connection = tx.connection(self.org(), row.connection_id).await?;
        let Some(connection) = connection.filter(|_| is_news) else {
            return Ok(None);
        };
        let (of, id) = (connection.id.to_string(), id.to_string());
        Ok(Some(self.about(Matter::Safeguard(Tripped {
            connection: tie(&connection, &of),
            id: &id,
            danger: row.kind,
            state: row.state,
            people: row.people,
            threshold: row.threshold,
            began_at: row.began_at.0,
            expires_at: row.expires_at.map(|at| at.0),
        }))))
    }

    async fn token(
        &self,
        tx: &mut Tx,
        id: ConnectionId,
        token: Uuid,
    ) -> Result<Option<Content>, Error> {
        let Some(connection) = self.connection(tx, id).await? else {
            return Ok(None);
        };
        let there = bearers::standing(tx, self.org(), id, token).await?;
        let Some((kind, Some(ends_at))) = there else {
            return Ok(None);
        };
        let ends_at = ends_at.0;
        let (of, token) = (id.to_string(), token.to_string());
        Ok(Some(self.about(Matter::Token {
            connection: tie(&connection, &of),
            id: &token,
            is_client: kind == TokenKind::OauthClient,
            ends_at,
            is_over: ends_at <= self.now,
        })))
    }

    async fn webhook(&self, tx: &mut Tx, id: WebhookId) -> Result<Option<Content>, Error> {
        let row = tx.webhook(self.org(), id).await?;
        let Some(row) = row.filter(|it| it.state == WebhookState::Disabled) else {
            return Ok(None);
        };
        let id = id.to_string();
        let failing = row.disabled_cause == Some(Disabling::Failing);
        let since = row.failing_since.filter(|_| failing);
        Ok(Some(self.about(Matter::Webhook {
            id: &id,
            name: &row.name,
            host: &row.host,
            failing_since: since.map(|at| at.0),
        })))
    }
}

fn tie<'a>(connection: &'a ConnectionRow, id: &'a str) -> Tie<'a> {
    Tie {
        name: &connection.name,
        id,
    }
}
