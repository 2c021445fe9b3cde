//! Who is meant: the ids by which a person, their resources and their invitations are named, and the
//! names and addresses that they bore, as far as anything tells.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::directory::email::Address;
use crate::id::{OrganizationId, UserId};
use crate::limits::AUDIT_PAGE;
use crate::provisioning::Error;
use crate::provisioning::audit::data;
use crate::scim::fold;
use crate::store::Tx;
use crate::store::rows::{EventRow, IdentityRow, InvitationRow, ScimUserRow, UserRow};

/// The members of an event's data that say whom an object is about.
const NAMING: [&str; 4] = ["user_id", "proposed_user_id", "scim_id", "invitation_id"];

/// The members that name who else takes part in a transfer of ownership.
const PARTIES: [&str; 2] = ["former_owner_id", "owner_id"];

/// The members by whose values somebody is found elsewhere.
const NAMES: [&str; 5] = [
    "email",
    "other_email",
    "user_name",
    "external_id",
    "name_id",
];

/// A person, as rows speak of them.
#[derive(Clone, Debug, Default)]
pub(in crate::provisioning) struct Whom {
    ids: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl Whom {
    /// A person by what the store has of them and what their events told.
    pub(in crate::provisioning) async fn gather(
        tx: &mut Tx,
        user: &UserRow,
        resources: &[ScimUserRow],
        identities: &[IdentityRow],
    ) -> Result<Self, Error> {
        let mut whom = Self::default();
        whom.ids.insert(user.id.to_string());
        for name in [&user.email, &user.email_norm, &user.last_external_id] {
            whom.name(name.as_deref());
        }
        whom.name(user.last_user_name_folded.as_deref());
        for row in resources {
            whom.ids.insert(row.id.to_string());
            whom.name(Some(&row.user_name));
            whom.name(row.external_id.as_deref());
            let document: Value = serde_json::from_str(&row.document.0).unwrap_or_default();
            whom.addresses(&document);
        }
        for row in identities {
            whom.name(row.name_id.as_deref());
            whom.name(row.email_norm.as_deref());
        }
        let (org, id) = (user.org_id, user.id.to_string());
        let mut after = 0;
        loop {
            let rows = tx.events_mentioning(org, &id, after, AUDIT_PAGE).await?;
            let Some(last) = rows.last().map(|row| row.seq) else {
                return Ok(whom);
            };
            for row in &rows {
                let data = data(row)?;
                if data.get("user_id").and_then(Value::as_str) == Some(&id) {
                    whom.told(&data);
                }
            }
            after = last;
        }
    }

    fn name(&mut self, name: Option<&str>) {
        let Some(name) = name.filter(|name| !name.trim().is_empty()) else {
            return;
        };
        self.names.insert(fold(name));
        if let Some(address) = Address::parse(name) {
            self.names.insert(address.norm().to_owned());
        }
    }

    /// Every text in a document that is an address.
    fn addresses(&mut self, value: &Value) {
        match value {
            Value::Object(members) => members.values().for_each(|it| self.addresses(it)),
            Value::Array(items) => items.iter().for_each(|it| self.addresses(it)),
            Value::String(text) if text.contains('@') => self.name(Some(text)),
            _ => {}
        }
    }

    /// The names in an event about the person, and the resource that it is about.
    fn told(&mut self, data: &Value) {
        for name in NAMES {
            self.name(data.get(name).and_then(Value::as_str));
        }
        if let Some(id) = data.get("scim_id").and_then(Value::as_str) {
            self.ids.insert(id.to_owned());
        }
        for change in data
            .get("changes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let attribute = change.get("attribute").and_then(Value::as_str);
            if attribute.is_some_and(|it| NAMES.contains(&it)) {
                self.name(change.get("old").and_then(Value::as_str));
                self.name(change.get("new").and_then(Value::as_str));
            }
        }
    }

    /// These invitations are the person's.
    pub(in crate::provisioning) fn invited(&mut self, rows: &[InvitationRow]) {
        self.ids.extend(rows.iter().map(|row| row.id.to_string()));
    }

    /// The ids by which rows speak of the person.
    pub(super) fn ids(&self) -> impl Iterator<Item = &String> {
        self.ids.iter()
    }

    /// The names that the person bore, folded.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.names.iter()
    }

    /// The addresses among them.
    pub(in crate::provisioning) fn emails(&self) -> Vec<String> {
        let emails = self.names.iter().filter(|name| name.contains('@'));
        emails.cloned().collect()
    }

    /// Whether a text is an address of theirs.
    pub(super) fn is_address(&self, text: &str) -> bool {
        text.contains('@') && self.names.contains(&fold(text.trim()))
    }

    /// The events that speak of the person, in their order.
    pub(in crate::provisioning) async fn events(
        &self,
        tx: &mut Tx,
        org: OrganizationId,
    ) -> Result<Vec<EventRow>, Error> {
        let mut found = std::collections::BTreeMap::new();
        let emails = self.emails();
        for text in self.ids.iter().chain(&emails) {
            let mut after = 0;
            loop {
                let rows = tx.events_mentioning(org, text, after, AUDIT_PAGE).await?;
                let Some(last) = rows.last() else { break };
                after = last.seq;
                found.extend(rows.into_iter().map(|row| (row.seq, row)));
            }
        }
        Ok(found.into_values().collect())
    }

    /// Whether a personal value of an event is the person's: the innermost object around it that says whom it
    /// is about means them, or it is an address of theirs.
    pub(super) fn is_meant(&self, data: &Value, place: &str) -> bool {
        let value = data.pointer(place).and_then(Value::as_str);
        if value.is_some_and(|text| self.is_address(text)) {
            return true;
        }
        // Why the ownership moved speaks of either.
        let mut parties = PARTIES.iter().filter_map(|name| data.get(*name)?.as_str());
        if place == "/transfer_reason" && parties.any(|id| self.ids.contains(id)) {
            return true;
        }
        let mut around = place;
        while let Some((outer, _)) = around.rsplit_once('/') {
            around = outer;
            let names = NAMING
                .iter()
                .filter_map(|name| data.pointer(outer)?.get(*name)?.as_str());
            let mut names = names.peekable();
            if names.peek().is_some() {
                return names.any(|id| self.ids.contains(id));
            }
        }
        false
    }

    /// Whether an event is about the person.
    pub(in crate::provisioning) fn is_about(&self, data: &Value) -> bool {
        let mut named = NAMING.iter().filter_map(|name| data.get(*name)?.as_str());
        named.any(|id| self.ids.contains(id))
    }
}

/// The name that stands where a person's was.
pub(super) fn pseudonym(user: UserId) -> String {
    format!("erased-{user}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_innermost_name_decides() {
        let mut whom = Whom::default();
        whom.ids.insert("u".to_owned());
        whom.name(Some("Ada@Acme.example"));
        let data = json!({
            "user_id": "u", "display_name": "Ada",
            "people": [{"user_id": "v", "display_name": "Ada", "email": "ADA@acme.example"}],
            "changes": [{"attribute": "email", "old": "x"}],
        });
        let moved =
            |owner| json!({"user_id": "v", "owner_id": owner, "transfer_reason": "she left"});
        for (owner, meant) in [("u", true), ("w", false)] {
            assert_eq!(whom.is_meant(&moved(owner), "/transfer_reason"), meant);
            assert!(!whom.is_meant(&moved(owner), "/display_name"));
        }
        for (place, meant) in [
            ("/display_name", true),
            ("/changes/0/old", true),
            ("/people/0/display_name", false),
            ("/people/0/email", true),
        ] {
            assert_eq!(whom.is_meant(&data, place), meant, "{place}");
        }
        assert!(!whom.is_meant(&json!({"display_name": "Ada"}), "/display_name"));
    }
}
