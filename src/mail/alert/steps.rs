//! What can be done about an alert: the very command, and the same request of the admin API.

use super::{Alert, Matter, Tripped};
use crate::directory::safeguard::{Danger, SafeguardState};

/// Something that can be done: by command, and by the admin API.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) what: &'static str,
    pub(super) command: String,
    pub(super) request: String,
}

impl Alert<'_> {
    /// What can be done about it, the first step first.
    pub(super) fn steps(&self) -> Vec<Step> {
        let slug = self.slug;
        match &self.matter {
            Matter::BreakGlass { .. } | Matter::BreakGlassUsed { .. } => vec![self.step(
                "To close it, and to end what came of it",
                format!("usher org break-glass {slug} --off"),
                "POST /break-glass/close",
            )],
            Matter::Certificate { connection, .. } => vec![self.step(
                "To read the provider's metadata again now",
                format!("usher connection metadata {} --refresh-now", connection.id),
                &format!("POST /connections/{}/metadata/refresh", connection.id),
            )],
            Matter::Links { .. } => vec![self.step(
                "To see them, and what there is to decide",
                format!("usher link list --org {slug}"),
                "GET /links",
            )],
            Matter::NewOwner { id, .. } => vec![self.step(
                "To see who it is",
                format!("usher user show --org {slug} {id}"),
                &format!("GET /users/{id}"),
            )],
            Matter::Owner { id, .. } => self.of_lost_owner(id),
            Matter::Recovery { id, .. } => vec![
                self.step(
                    "To confirm it, which is the operator's to do",
                    format!("usher org confirm-transfer {slug} {id}"),
                    &format!("POST /ownership-transfers/{id}/confirm"),
                ),
                self.step(
                    "To refuse it",
                    format!("usher org cancel-transfer {slug} {id}"),
                    &format!("POST /ownership-transfers/{id}/cancel"),
                ),
            ],
            Matter::Safeguard(tripped) => self.decisions(tripped),
            Matter::Token { connection, id, .. } => self.next_token(connection.id, id),
            Matter::Webhook { id, .. } => self.of_webhook(id),
        }
    }

    /// An admin asks for another owner, and the operator makes one.
    fn of_lost_owner(&self, id: &str) -> Vec<Step> {
        let slug = self.slug;
        let (what, body) = if self.to_operator {
            (
                "To make somebody else the owner",
                "{\"to\": \"USER_ID\", \"force\": true, \"reason\": \"TEXT\"}",
            )
        } else {
            (
                "To ask whoever runs this Usher for another owner, or, for them, to make one",
                "{\"to\": \"USER_ID\", \"reason\": \"TEXT\"}",
            )
        };
        vec![
            self.step(
                "To see who it is, and why they are out",
                format!("usher user show --org {slug} {id}"),
                &format!("GET /users/{id}"),
            ),
            self.step(
                what,
                format!("usher org transfer-ownership {slug} --to USER_ID --force --reason TEXT"),
                &format!("POST /ownership-transfers {body}"),
            ),
        ]
    }

    fn next_token(&self, connection: &str, id: &str) -> Vec<Step> {
        vec![
            self.step(
                "To issue the next one, which then goes to the identity provider",
                format!("usher token issue --connection {connection}"),
                &format!("POST /connections/{connection}/tokens"),
            ),
            self.step(
                "To take this one back once the next is in use",
                format!("usher token revoke --connection {connection} {id}"),
                &format!("POST /connections/{connection}/tokens/{id}/revoke"),
            ),
        ]
    }

    fn of_webhook(&self, id: &str) -> Vec<Step> {
        let slug = self.slug;
        vec![
            self.step(
                "To see how the last posts went",
                format!("usher webhook deliveries --org {slug} {id}"),
                &format!("GET /webhooks/{id}/deliveries"),
            ),
            self.step(
                "To post to it again, once it is mended",
                format!("usher webhook enable --org {slug} {id}"),
                &format!("POST /webhooks/{id}/enable"),
            ),
        ]
    }

    fn decisions(&self, tripped: &Tripped<'_>) -> Vec<Step> {
        let Tripped {
            id,
            danger,
            state,
            began_at,
            ..
        } = tripped;
        let connection = tripped.connection.id;
        let slug = self.slug;
        if *state == SafeguardState::Held {
            let decide = |what, word: &str| {
                self.step(
                    what,
                    format!("usher safeguard {word} --org {slug} {id}"),
                    &format!("POST /safeguards/{id}/{word}"),
                )
            };
            let (yes, no) = match danger {
                Danger::Promotions => ("To let them become admins", "To refuse it"),
                Danger::Removals => (
                    "To remove them now",
                    "To keep them until the directory says something else",
                ),
            };
            return vec![decide(yes, "approve"), decide(no, "reject")];
        }
        let window = format!(
            "POST /undo/preview {{\"window\": {{\"connection_id\": \"{connection}\", \"from\": \"{began_at}\"}}}}"
        );
        vec![self.step(
            "To see what undoing it would do, and the digest with which it is done",
            format!(
                "usher safeguard undo --org {slug} --connection {connection} --from {began_at}"
            ),
            &window,
        )]
    }

    /// A step, with its request of the admin API below the organization's path.
    fn step(&self, what: &'static str, command: String, request: &str) -> Step {
        let base = format!("{}/api/v1/organizations/{}", self.public_url, self.slug);
        let (method, path) = request.split_once(' ').unwrap_or_default();
        Step {
            what,
            command,
            request: format!("{method} {base}{path}"),
        }
    }
}
