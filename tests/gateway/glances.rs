//! What is a row or two by key is read where it is asked on one engine and without a transaction on the other: it
//! answers the same, on one snapshot, and a database that was restarted meanwhile is noticed.

use futures_util::FutureExt;
use usher::directory::connection::Profile;
use usher::id::OrganizationId;
use usher::store::{Error, Reach};

use crate::harness::{Cost, Statements, TestGateway};

const EVERY: [Reach; 3] = [Reach::One, Reach::Few, Reach::Many];

/// The organization's name as often as is asked for it.
async fn names(
    gateway: &TestGateway,
    reach: Reach,
    org: OrganizationId,
    times: usize,
) -> Vec<String> {
    let read = gateway.gateway.store.read_of(reach, move |tx| {
        async move {
            let mut names = Vec::new();
            for _ in 0..times {
                names.extend(tx.organization(org).await?.map(|row| row.name));
            }
            Ok::<_, Error>(names)
        }
        .boxed()
    });
    read.await.unwrap()
}

async fn start() -> (TestGateway, OrganizationId, Statements) {
    let (gateway, statements) = TestGateway::counted().await;
    let org = gateway.organization("acme").await;
    (gateway, org, statements)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn much_and_little_are_read_alike() {
    let (gateway, org, statements) = start().await;
    let is_file = gateway.place().file().is_some();
    for reach in EVERY {
        for times in 0..4 {
            let (read, cost) = statements.of(names(&gateway, reach, org, times)).await;
            assert_eq!(read, vec!["acme"; times], "{reach:?}");
            assert_eq!(cost.writes, 0);
            // Without a transaction there is one statement, and whoever has more begins anew.
            let alone = !is_file && reach == Reach::One;
            let begun = usize::from(!alone || times > 1);
            assert_eq!(cost.transactions, begun, "{reach:?} {times} {cost:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_is_told_and_leaves_nothing_behind() {
    let (gateway, org, _) = start().await;
    for reach in EVERY {
        let read = gateway.gateway.store.read_of(reach, move |tx| {
            async move {
                tx.organization(org).await?;
                Err::<(), _>(Error::TooMany)
            }
            .boxed()
        });
        assert!(matches!(read.await, Err(Error::TooMany)), "{reach:?}");
        let read = gateway.gateway.store.read_of(reach, move |_| {
            async move { panic!("as a defect would") }.boxed()
        });
        let read: Result<(), Error> = read.await;
        assert!(matches!(read, Err(Error::Engine(_))), "{reach:?}");
        let write = gateway.gateway.store.read_of(reach, move |tx| {
            async move {
                tx.set_schemas(org, usher::store::types::Doc("{}".into()))
                    .await
            }
            .boxed()
        });
        assert!(
            write.await.is_err(),
            "whoever reads changes nothing: {reach:?}"
        );
        assert_eq!(names(&gateway, reach, org, 2).await, ["acme", "acme"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_was_lost_is_replaced() {
    const ENDED: &str = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
        WHERE pid <> pg_backend_pid() AND application_name = current_setting('application_name')";
    let (gateway, org, _) = start().await;
    for reach in EVERY {
        let all = (0..8).map(|_| names(&gateway, reach, org, 1));
        futures_util::future::join_all(all).await;
        if gateway.place().file().is_none() {
            gateway.sql(ENDED).await;
        }
        assert_eq!(names(&gateway, reach, org, 1).await, ["acme"], "{reach:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_read_in_one_statement() {
    let (gateway, org, statements) = start().await;
    let okta = gateway
        .connect(org, "Okta", Profile::Okta, &["acme.example"])
        .await;
    let scim = gateway.scim(&okta);
    let ada = scim.user("ada@acme.example").await;
    let by_name = "/Users?filter=userName%20eq%20%22ada@acme.example%22".to_owned();
    for path in [format!("/Users/{ada}"), by_name] {
        scim.get(&path).await.expect(200);
        let (reply, cost) = statements.of(scim.get(&path)).await;
        reply.expect(200);
        let Cost { statements, .. } = &cost;
        assert_eq!(statements.len(), 1, "{path} {cost:#?}");
    }
}
