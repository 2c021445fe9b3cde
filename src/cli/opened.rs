//! What a command that reads or writes the store works with.

use jiff::Timestamp;
use uuid::Uuid;

use crate::app;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::config::Config;
use crate::id::{Ids, OrganizationId};
use crate::oidc::keys::KeySet;
use crate::provisioning::installation::{Installation, Opener};
use crate::provisioning::invitations::Links;
use crate::provisioning::settings::organizations;
use crate::provisioning::{Context, Source};
use crate::store::Store;

/// The open store, and where the answer goes.
pub(super) struct Opened {
    /// The settings.
    pub(super) config: Config,
    /// The store.
    pub(super) store: Store,
    /// What invitations' links are made with.
    pub(super) links: Links,
    /// The keys that sign tokens.
    pub(super) keys: KeySet,
    /// Ids, randomness and time.
    pub(super) ids: Ids,
    /// Where the answer goes.
    pub(super) output: Output,
}

impl Opened {
    /// Opens the store that the settings name, with its master key.
    pub(super) async fn open(config: Config, output: Output) -> Result<Self, Failure> {
        let ids = app::ids();
        let installation = app::open(&config, &ids, Opener::Command).await?;
        let links = app::links(&config, &installation)?;
        let Installation { store, keys, .. } = installation;
        Ok(Self {
            config,
            store,
            links,
            keys,
            ids,
            output,
        })
    }

    /// The instant of this command.
    pub(super) fn now(&self) -> Timestamp {
        self.ids.clock().now()
    }

    /// The context of the change that this command asks for.
    pub(super) fn context(&self) -> Context {
        let cause = self.ids.next::<Uuid>().to_string();
        Context {
            ids: self.ids.clone(),
            source: Source::Command,
            cause,
        }
    }

    /// The organization of a slug.
    pub(super) async fn organization(&self, slug: &str) -> Result<OrganizationId, Failure> {
        Ok(organizations::find(&self.store, slug).await?.id)
    }

    /// The public URL, without a trailing slash.
    pub(super) fn public_url(&self) -> &str {
        self.config.server.public_url.as_str()
    }
}
