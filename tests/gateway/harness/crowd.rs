//! A crowd: thousands of users, written as rows beside one that came by the public door.

use futures_util::FutureExt;
use serde_json::{Value, json};
use usher::id::ScimUserId;
use usher::provisioning::{Error, change};
use usher::store::types::Doc;

use super::{Connected, TestGateway};

/// Rows of one transaction.
const CHUNK: usize = 5_000;

impl TestGateway {
    /// So many users of a connection, active and linked to people; answers their ids.
    pub(crate) async fn crowd(&self, of: &Connected, count: usize) -> Vec<String> {
        let model = self.scim(of).user("model@acme.example").await;
        let model: ScimUserId = model.parse().unwrap();
        let mut ids = vec![model.to_string()];
        while ids.len() < count {
            let (from, to) = (ids.len(), count.min(ids.len() + CHUNK));
            ids.extend(self.copies(of, model, from..to).await);
        }
        ids
    }

    async fn copies(
        &self,
        of: &Connected,
        model: ScimUserId,
        numbers: std::ops::Range<usize>,
    ) -> Vec<String> {
        let (org, connection) = (of.org, of.id);
        let written = change(&self.gateway.store, org, self.command(), move |change| {
            let numbers = numbers.clone();
            async move {
                let row = change.tx.scim_user(org, connection, model).await?.unwrap();
                let person = change.tx.user(org, row.user_id.unwrap()).await?.unwrap();
                let document: Value = serde_json::from_str(&row.document.0).unwrap();
                let search: Value = serde_json::from_str(&row.search.0).unwrap();
                let mut ids = Vec::with_capacity(numbers.len());
                for number in numbers {
                    let name = format!("p{number}@acme.example");
                    let (mut row, mut person) = (row.clone(), person.clone());
                    let (mut document, mut search) = (document.clone(), search.clone());
                    (document["userName"], search["userName"]) = (json!(name), json!(name));
                    (person.id, row.id) = (change.id(), change.id());
                    (person.email, person.email_norm) = (Some(name.clone()), Some(name.clone()));
                    row.user_id = Some(person.id);
                    (row.user_name, row.user_name_folded) = (name.clone(), name);
                    row.document = Doc(document.to_string());
                    row.search = Doc(search.to_string());
                    change.tx.insert_user(&person).await?;
                    change.tx.insert_scim_user(&row).await?;
                    ids.push(row.id.to_string());
                }
                Ok::<_, Error>(ids)
            }
            .boxed()
        });
        written.await.unwrap()
    }
}
