//! What a transaction sends without waiting for it fails all the same: whoever asked is told why, and nothing stands.

use futures_util::FutureExt;
use jiff::Timestamp;
use usher::id::OrganizationId;
use usher::store::rows::UserRow;
use usher::store::types::Time;
use usher::store::{Error, Key, Tx};
use uuid::Uuid;

use crate::harness::TestGateway;

/// Somebody; everybody has the same address.
fn somebody(org: OrganizationId, id: u128) -> UserRow {
    let address = "ada@acme.example".to_owned();
    UserRow {
        email: Some(address.clone()),
        email_norm: Some(address),
        ..UserRow::fresh(org, Uuid::from_u128(id).into(), Time(Timestamp::UNIX_EPOCH))
    }
}

async fn twice(tx: &mut Tx, org: OrganizationId) -> Result<(), Error> {
    tx.insert_user(&somebody(org, 1)).await?;
    tx.insert_user(&somebody(org, 2)).await
}

async fn start() -> (TestGateway, OrganizationId) {
    let gateway = TestGateway::start().await;
    let org = gateway.organization("acme").await;
    (gateway, org)
}

async fn is_there(gateway: &TestGateway, org: OrganizationId, id: u128) -> bool {
    let read = gateway.gateway.store.read(move |tx| {
        async move {
            let user = tx.user(org, Uuid::from_u128(id).into()).await?;
            Ok::<_, Error>(user.is_some())
        }
        .boxed()
    });
    read.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_told_at_the_end_at_the_latest() {
    let (gateway, org) = start().await;
    let written = gateway
        .gateway
        .store
        .write(move |tx| async move { twice(tx, org).await }.boxed())
        .await;
    assert!(
        matches!(written, Err(Error::Taken(Key::UserEmail))),
        "{written:?}"
    );
    assert!(!is_there(&gateway, org, 1).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_passes_over_it_is_not_told_that_it_was_done() {
    let (gateway, org) = start().await;
    let written = gateway.gateway.store.write(move |tx| {
        async move {
            let _ = twice(tx, org).await;
            Ok::<_, Error>(())
        }
        .boxed()
    });
    let told = written.await.is_ok();
    assert_eq!(is_there(&gateway, org, 1).await, told);
    assert!(!is_there(&gateway, org, 2).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_falls_alone() {
    let (gateway, org) = start().await;
    let written = gateway.gateway.store.write(move |tx| {
        async move {
            tx.open_step().await?;
            let fallen = match twice(tx, org).await {
                Ok(()) => tx.keep_step().await,
                Err(error) => Err(error),
            };
            tx.undo_step().await?;
            tx.insert_user(&somebody(org, 3)).await?;
            Ok::<_, Error>(fallen)
        }
        .boxed()
    });
    let fallen = written.await.unwrap();
    assert!(
        matches!(fallen, Err(Error::Taken(Key::UserEmail))),
        "{fallen:?}"
    );
    for (id, there) in [(1, false), (2, false), (3, true)] {
        assert_eq!(is_there(&gateway, org, id).await, there, "{id}");
    }
}
