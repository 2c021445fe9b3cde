//! `usher-load run`: workload after workload against one server.

use std::rc::Rc;

use crate::bench::Bench;
use crate::clock;
use crate::command::{RunArguments, Server, SignInArguments};
use crate::failure::Failure;
use crate::http::Connection;
use crate::people::{People, total};
use crate::report::{Engine, Report, print};
use crate::saml::{Exchange, IdentityProvider, Parts};
use crate::workload::{Name, Setting};

/// The command.
pub(crate) async fn command(asked: RunArguments) -> Result<u64, Failure> {
    let watched = asked.processes.watched()?;
    let bench = asked.size.bench(watched, asked.server.patience())?;
    let plan = Plan {
        server: &asked.server,
        workloads: &asked.workloads,
        group_sizes: &asked.groups.group_sizes,
        sign_in: Some(&asked.sign_in),
        engine: asked.printed.targets.then_some(asked.printed.engine),
    };
    let report = plan.perform(&bench).await?;
    print(asked.printed.json, &report, &report.table())?;
    Ok(bench.wrong.get())
}

/// What is to be measured.
pub(crate) struct Plan<'a> {
    pub(crate) server: &'a Server,
    pub(crate) workloads: &'a [Name],
    pub(crate) group_sizes: &'a [usize],
    pub(crate) sign_in: Option<&'a SignInArguments>,
    /// Whose targets are shown.
    pub(crate) engine: Option<Engine>,
}

impl Plan<'_> {
    /// Measures everything.
    pub(crate) async fn perform(&self, bench: &Bench) -> Result<Report, Failure> {
        let mut setting = self.setting()?;
        let before = bench
            .watched
            .has_processes()
            .then(|| bench.watched.memory());
        let (mut lines, mut users) = (Vec::new(), None);
        if let Some(origin) = &setting.scim {
            users = Some(total(&mut Connection::new(origin, bench.patience)).await?);
        }
        for name in self.workloads {
            if name.needs_people() && setting.people.is_none() {
                let mut connection = Connection::new(&setting.scim()?, bench.patience);
                setting.people = Some(People::read(&mut connection).await?);
            }
            lines.extend(name.measure(bench, &setting).await?);
        }
        let asked = self.server.base_url.as_deref();
        let acs = self.sign_in.and_then(|sign_in| sign_in.acs.as_deref());
        let mut report = Report::new(asked.or(acs).unwrap_or_default(), bench, before);
        report.users = users;
        report.workloads = lines;
        if let Some(engine) = self.engine {
            report.against(engine);
        }
        Ok(report)
    }

    fn setting(&self) -> Result<Setting, Failure> {
        let is_scim = self.workloads.iter().any(|name| name.is_scim());
        let scim = if is_scim || self.server.base_url.is_some() {
            Some(self.server.origin()?)
        } else {
            None
        };
        let sign_in = self.sign_in;
        let identity_provider = sign_in
            .map(SignInArguments::identity_provider)
            .transpose()?;
        Ok(Setting {
            scim,
            people: None,
            tag: clock::tag(),
            group_sizes: self.group_sizes.to_vec(),
            identity_provider: identity_provider.flatten().map(Rc::new),
            visitors: sign_in.map(|sign_in| sign_in.visitors).unwrap_or_default(),
            exchange: sign_in.and_then(SignInArguments::exchange).map(Rc::new),
        })
    }
}

impl SignInArguments {
    /// The identity provider, if all of it was given.
    fn identity_provider(&self) -> Result<Option<IdentityProvider>, Failure> {
        let all = (
            &self.acs,
            &self.idp_key,
            &self.idp_cert,
            &self.idp_entity_id,
            &self.sp_entity_id,
        );
        let (Some(acs_url), Some(key), Some(certificate), Some(entity_id), Some(audience)) = all
        else {
            return Ok(None);
        };
        let parts = Parts {
            key,
            certificate,
            entity_id,
            acs_url,
            audience,
            size: self.response_bytes,
        };
        IdentityProvider::read(&parts).map(Some)
    }

    /// The app, if all of it was given.
    fn exchange(&self) -> Option<Exchange> {
        Some(Exchange {
            client_id: self.client_id.clone()?,
            client_secret: self.client_secret.clone()?,
            redirect_uri: self.redirect_uri.clone()?,
        })
    }
}
