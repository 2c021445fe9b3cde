//! Plans: what is read from large tables is read by an index, on the engine at hand.

use futures_util::FutureExt;
use usher::provisioning::{Error, change};

use crate::harness::TestGateway;

/// So many rows that reading them all would be dearer than an index.
const MANY: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sweep_and_the_inviter_have_an_index() {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    let invited = gateway.invite(org, "grace@acme.example", "editor").await;
    let row = invited.row().await;
    let store = &gateway.gateway.store;
    change(store, org, gateway.command(), move |change| {
        let row = row.clone();
        async move {
            for number in 0..MANY {
                let mut copy = row.clone();
                copy.id = change.id();
                copy.email_norm = format!("p{number}@acme.example");
                change.tx.insert_invitation(&copy).await?;
            }
            Ok::<_, Error>(())
        }
        .boxed()
    })
    .await
    .unwrap();
    // Said as the queries of the store say it.
    for (index, query) in [
        (
            "invitations_inviter_id",
            "SELECT * FROM invitations WHERE org_id = (SELECT id FROM organizations LIMIT 1)
             AND inviter_id = (SELECT id FROM users LIMIT 1) AND closed_at IS NULL ORDER BY id",
        ),
        (
            "invitations_closed_at",
            "SELECT * FROM invitations WHERE closed_at < 1 AND email <> ''
             ORDER BY closed_at, id LIMIT 200",
        ),
    ] {
        let plan = gateway.plan(query).await;
        assert!(plan.contains(index), "{index}:\n{plan}");
    }
}
