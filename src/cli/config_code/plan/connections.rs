//! The connections of an organization: whom they trust, and how they take what comes.

use std::collections::BTreeSet;

use serde_json::json;
use url::Url;

use crate::cli::config_code::document::{Connection, Organization};
use crate::cli::config_code::plan::{Action, Attribute, Changes, Differ, Setting, quoted};
use crate::directory::connection::ConnectionState;
use crate::directory::email::domain_form;
use crate::directory::metadata::RefreshMode;
use crate::provisioning::metadata::Published;
use crate::provisioning::settings::connections::ConnectionSettings;
use crate::provisioning::settings::roles::NO_ROLE;
use crate::scim::fold;

/// A connection, with its name.
type Named<'a> = (&'a String, &'a Connection);

impl Differ<'_> {
    /// Answers the names of the connections that are there afterwards, in the form in which they compare.
    pub(super) fn connections(
        &mut self,
        wanted: &Organization,
        present: &Organization,
    ) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for (name, connection) in &wanted.connections {
            let (place, form) = (format!("connections.{}", quoted(name)), fold(name));
            self.check(&place, connection);
            let mut known = present.connections.iter();
            match known.find(|(known, _)| fold(known) == form) {
                None => self.new_connection(&place, (name, connection)),
                Some(known) => self.connection(&place, (name, connection), known),
            }
            if !names.insert(form) {
                self.fault(&place, "another connection has this name");
            }
        }
        for name in present.connections.keys() {
            if names.insert(fold(name)) {
                self.leave("connection", name);
            }
        }
        names
    }

    /// What can be wrong with a connection whatever is there.
    fn check(&mut self, place: &str, wanted: &Connection) {
        let default = wanted.default_role.as_ref().filter(|it| *it != NO_ROLE);
        if let Some(role) = default {
            self.named_role(&format!("{place}.default_role"), role);
        }
        if let Some(role) = &wanted.max_role {
            self.named_role(&format!("{place}.max_role"), role);
        }
        for domain in &wanted.trusted_domains {
            if domain_form(domain).is_none() {
                let place = format!("{place}.trusted_domains");
                self.fault(&place, format_args!("{domain:?} is no domain"));
            }
        }
        let url = wanted.metadata_url.as_deref();
        let is_https = |url: &str| Url::parse(url).is_ok_and(|url| url.scheme() == "https");
        if url.is_some_and(|url| !is_https(url)) {
            let why = "metadata are read again by https alone";
            self.fault(&format!("{place}.metadata_url"), why);
        }
    }

    fn new_connection(&mut self, place: &str, (name, wanted): Named<'_>) {
        let (mut changes, nothing) = (Changes::default(), Connection::default());
        let mut settings = settings(&mut changes, wanted, &nothing);
        self.metadata(place, (wanted, &nothing), (&mut settings, &mut changes));
        settings.name = Some(name.clone());
        settings.trusted_domains.clone_from(&wanted.trusted_domains);
        let state = state(&mut changes, wanted, &nothing);
        if !wanted.trusted_domains.is_empty() {
            changes.of("trusted_domains", Some(&wanted.trusted_domains), None);
        }
        self.line(Action::Create, "connection", name, changes);
        self.plan.settings.push(Setting::Connection {
            settings: Box::new(settings),
            state,
        });
    }

    fn connection(&mut self, place: &str, (name, wanted): Named<'_>, known: Named<'_>) {
        let (known, present) = known;
        let mut changes = Changes::default();
        let renamed = changes.of("name", Some(name), Some(known));
        let mut settings = settings(&mut changes, wanted, present);
        self.metadata(place, (wanted, present), (&mut settings, &mut changes));
        settings.name = renamed;
        settings.trusted_domains = self.trusted(name, (wanted, present), &mut changes);
        let state = state(&mut changes, wanted, present);
        if !changes.is_nothing() {
            self.line(Action::Change, "connection", name, changes);
            self.plan.settings.push(Setting::ChangeConnection {
                name: known.clone(),
                settings: Box::new(settings),
                state,
            });
        }
    }

    /// The domains that are to be trusted from now on; none is taken away.
    fn trusted(
        &mut self,
        name: &str,
        (wanted, present): (&Connection, &Connection),
        changes: &mut Changes,
    ) -> Vec<String> {
        let (wanted, present) = (&wanted.trusted_domains, &present.trusted_domains);
        for domain in present.iter().filter(|it| !wanted.contains(it)) {
            self.leave("trusted domain", &format!("{name}: {domain}"));
        }
        let missing = wanted.iter().filter(|it| !present.contains(it));
        let missing: Vec<String> = missing.cloned().collect();
        if !missing.is_empty() {
            let mut all = [present.as_slice(), missing.as_slice()].concat();
            all.sort();
            changes.0.push(Attribute {
                name: "trusted_domains",
                old: Some(json!(present)),
                new: Some(json!(all)),
            });
        }
        missing
    }

    /// Metadata that are read again where they are published are newer there than in a file: of those only
    /// another address, or another provider, counts.
    fn metadata(
        &mut self,
        place: &str,
        (wanted, present): (&Connection, &Connection),
        (settings, changes): (&mut ConnectionSettings, &mut Changes),
    ) {
        let url = changes.of(
            "metadata_url",
            wanted.metadata_url.as_ref(),
            present.metadata_url.as_ref(),
        );
        let provider = changes.of(
            "idp_entity_id",
            wanted.idp_entity_id.as_ref(),
            present.idp_entity_id.as_ref(),
        );
        let differs = wanted.idp_metadata.is_some() && wanted.idp_metadata != present.idp_metadata;
        let is_published = wanted.metadata_url.is_some() && url.is_none();
        if url.is_none() && provider.is_none() && (!differs || is_published) {
            return;
        }
        let Some(text) = &wanted.idp_metadata else {
            let place = format!("{place}.idp_metadata");
            let why = "it is needed where metadata_url or idp_entity_id is another one than now";
            return self.fault(&place, why);
        };
        if differs {
            changes.hidden("idp_metadata");
        }
        let published = wanted
            .metadata_url
            .as_ref()
            .or(present.metadata_url.as_ref());
        settings.idp_metadata = Some(text.clone());
        settings.idp_entity_id.clone_from(&wanted.idp_entity_id);
        settings.idp_metadata_source = published.map(|url| Published {
            url: url.clone(),
            ..Published::default()
        });
    }
}

/// What is to be set, but for the name, the metadata and the domains.
fn settings(
    changes: &mut Changes,
    wanted: &Connection,
    present: &Connection,
) -> ConnectionSettings {
    macro_rules! of {
        ($field:ident) => {
            changes.of(
                stringify!($field),
                wanted.$field.as_ref(),
                present.$field.as_ref(),
            )
        };
    }
    let refresh = present.metadata_refresh.unwrap_or(RefreshMode::Propose);
    let demands = present.demands.clone().unwrap_or_default();
    let demanded = changes.of("demands", wanted.demands.as_ref(), Some(&demands));
    ConnectionSettings {
        profile: of!(profile),
        metadata_refresh: changes.of(
            "metadata_refresh",
            wanted.metadata_refresh.as_ref(),
            Some(&refresh),
        ),
        jit: of!(jit),
        default_role: of!(default_role),
        max_role: of!(max_role),
        strictness: of!(strictness),
        safeguard: of!(safeguard),
        mode: of!(mode),
        idp_initiated: of!(idp_initiated),
        tolerate_unknown_members: of!(tolerate_unknown_members),
        sign_requests: of!(sign_requests),
        allow_cbc: of!(allow_cbc),
        single_logout: of!(single_logout),
        testing: of!(testing),
        demands: demanded.map(|it| it.change()).unwrap_or_default(),
        ..ConnectionSettings::default()
    }
}

/// Whether it is to be paused, or to work again.
fn state(
    changes: &mut Changes,
    wanted: &Connection,
    present: &Connection,
) -> Option<ConnectionState> {
    let now = present.state.unwrap_or(ConnectionState::Active);
    changes.of("state", wanted.state.as_ref(), Some(&now))
}
