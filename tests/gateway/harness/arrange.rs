//! What a test starts from: organizations, connections, tokens.

use futures_util::FutureExt;
use serde_json::{Value, json};
use usher::directory::connection::{ConnectionState, Jit, Mode, Profile, Safeguard, Strictness};
use usher::id::{ConnectionId, OrganizationId, RoleId, ScimTokenId};
use usher::secret::Bearer;
use usher::store::rows::{ConnectionRow, DomainRow, OrganizationRow, RoleRow, ScimTokenRow};
use usher::store::types::{Doc, Time};
use usher::store::{self};

use super::TestGateway;

/// A connection and its token.
#[derive(Clone, Debug)]
pub(crate) struct Connected {
    pub(crate) org: OrganizationId,
    pub(crate) id: ConnectionId,
    pub(crate) token: String,
}

impl TestGateway {
    /// An organization with the seeded roles.
    pub(crate) async fn organization(&self, slug: &str) -> OrganizationId {
        self.organization_with(slug, json!({})).await
    }

    /// An organization with the seeded roles and this policy.
    pub(crate) async fn organization_with(&self, slug: &str, policy: Value) -> OrganizationId {
        let (ids, slug, policy) = (
            self.gateway.ids.clone(),
            slug.to_owned(),
            policy.to_string(),
        );
        let written = self.gateway.store.write(move |tx| {
            let (ids, slug, policy) = (ids.clone(), slug.clone(), policy.clone());
            async move {
                let org: OrganizationId = ids.next();
                let at = Time(ids.clock().now());
                let roles: Vec<_> = usher::directory::role::SEEDED
                    .iter()
                    .map(|(slug, name, rank)| RoleRow {
                        org_id: org,
                        id: ids.next(),
                        slug: (*slug).to_owned(),
                        name: (*name).to_owned(),
                        rank: *rank,
                        created_at: at,
                        removed_at: None,
                    })
                    .collect();
                let viewer = roles.iter().find(|role| role.slug == "viewer").unwrap().id;
                tx.insert_organization(&OrganizationRow {
                    id: org,
                    name: slug.clone(),
                    slug,
                    default_role_id: viewer,
                    event_seq: 0,
                    created_at: at,
                    policy: Doc(policy),
                    policy_rev: 0,
                })
                .await?;
                usher::provisioning::audit::begin(tx, org).await?;
                for role in roles {
                    tx.insert_role(&role).await?;
                }
                Ok::<_, store::Error>(org)
            }
            .boxed()
        });
        written.await.unwrap()
    }

    /// The id of a role.
    pub(crate) async fn role(&self, org: OrganizationId, slug: &str) -> RoleId {
        let slug = slug.to_owned();
        let read = self.gateway.store.read(move |tx| {
            let slug = slug.clone();
            async move {
                let roles = tx.roles(org).await?;
                Ok::<_, store::Error>(roles.into_iter().find(|role| role.slug == slug).unwrap().id)
            }
            .boxed()
        });
        read.await.unwrap()
    }

    /// A connection with a live token and these trusted domains.
    pub(crate) async fn connect(
        &self,
        org: OrganizationId,
        name: &str,
        profile: Profile,
        domains: &[&str],
    ) -> Connected {
        let admin = self.role(org, "admin").await;
        let ids = self.gateway.ids.clone();
        let bearer = Bearer::new("scim_", ids.entropy());
        let (token, hash, last4) = (
            bearer.reveal().to_owned(),
            bearer.hash(),
            bearer.last_four(),
        );
        let (name, domains): (_, Vec<String>) = (
            name.to_owned(),
            domains.iter().map(|d| (*d).to_owned()).collect(),
        );
        let written = self.gateway.store.write(move |tx| {
            let (ids, name, domains, last4) =
                (ids.clone(), name.clone(), domains.clone(), last4.clone());
            async move {
                let at = Time(ids.clock().now());
                let id: ConnectionId = ids.next();
                tx.insert_connection(&ConnectionRow {
                    org_id: org,
                    id,
                    name_folded: usher::scim::fold(&name),
                    name,
                    profile,
                    strictness: Strictness::Lenient,
                    jit: Jit::Auto,
                    mode: Mode::Authoritative,
                    safeguard: Safeguard::Observe,
                    default_role_id: None,
                    max_role_id: admin,
                    app_id: None,
                    state: ConnectionState::Active,
                    owner_confirmed_at: None,
                    idp_initiated: true,
                    idp_entity_id: None,
                    sso_url: None,
                    metadata: None,
                    scim_since: None,
                    scim_groups_since: None,
                    created_at: at,
                    updated_at: at,
                    schemas: Doc("[]".to_owned()),
                    tolerate_unknown_members: false,
                    sign_requests: None,
                    allow_cbc: None,
                    idp_endpoints: None,
                    testing: false,
                    single_logout: None,
                    demands: usher::directory::demands::Demands::default(),
                    went_live_at: None,
                    awaits_operator: false,
                })
                .await?;
                for domain in domains {
                    tx.add_domain(&DomainRow {
                        org_id: org,
                        connection_id: id,
                        domain,
                        source: "operator".to_owned(),
                        created_at: at,
                    })
                    .await?;
                }
                tx.insert_scim_token(&ScimTokenRow {
                    org_id: org,
                    id: ids.next::<ScimTokenId>(),
                    hash: hash.to_vec(),
                    connection_id: id,
                    prefix: "scim_".to_owned(),
                    last4,
                    scopes: "read write".to_owned(),
                    created_at: at,
                    expires_at: None,
                    revoked_at: None,
                    last_used_at: None,
                })
                .await?;
                Ok::<_, store::Error>(id)
            }
            .boxed()
        });
        Connected {
            org,
            id: written.await.unwrap(),
            token,
        }
    }
}
