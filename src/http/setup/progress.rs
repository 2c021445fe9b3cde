//! How far a connection is set up: each step is done by what was seen, not by what was clicked.

use axum::Json;
use axum::extract::Path;

use crate::directory::role::ADMIN_RANK;
use crate::directory::setup::Step;
use crate::directory::sign_in::SignInOutcome;
use crate::http::admin::asked::Asked;
use crate::http::admin::connections::{self, Connection};
use crate::http::admin::mappings::{self, Mapping};
use crate::http::admin::scim_requests;
use crate::http::admin::{domains, projects, roles, sign_ins, tokens};
use crate::http::auth::admin::Admin;
use crate::http::console::living;
use crate::http::reply::problem::Problem;
use crate::provisioning::request_log::view::ScimRequest;
use crate::provisioning::settings::domains::Domain;
use crate::provisioning::settings::tokens::Token;
use crate::provisioning::setup::Visit;
use crate::provisioning::sign_in_log::SignIn;

/// What is there of a connection, and what was seen of its identity provider.
pub(super) struct Progress {
    /// The connection, once there is one.
    pub(super) connection: Option<Connection>,
    /// The domains that the organization proves.
    pub(super) domains: Vec<Domain>,
    /// The latest sign-ins that were tried.
    pub(super) sign_ins: Vec<SignIn>,
    /// What its SCIM client comes with.
    pub(super) tokens: Vec<Token>,
    /// What it asked lately.
    pub(super) requests: Vec<ScimRequest>,
    /// Which group gives which role.
    pub(super) mappings: Vec<Mapping>,
    /// Roles to choose from: slugs and names.
    pub(super) roles: Vec<(String, String)>,
    /// Projects to choose from: slugs and names.
    pub(super) projects: Vec<(String, String)>,
    /// The steps that are covered, and whether each is done.
    pub(super) steps: Vec<(Step, bool)>,
}

/// How many of each are read.
const FEW: usize = 5;

impl Progress {
    /// Reads it; what only one step shows is read for that step.
    pub(super) async fn read(
        admin: &Admin,
        visit: &Visit,
        step: Option<Step>,
    ) -> Result<Self, Problem> {
        let slug = || Path(visit.slug.clone());
        let mut progress = Self::of_organization(admin, visit, step).await?;
        if let Some(id) = visit.link.connection_id {
            let path = || Path((visit.slug.clone(), id.to_string()));
            let Json(connection) = connections::show(admin.clone(), path()).await?;
            progress.connection = Some(connection);
            let few = || format!("connection={id}&limit={FEW}");
            let Json(tried) = sign_ins::list(admin.clone(), slug(), Asked::of(&few())?).await?;
            progress.sign_ins = tried.data;
            let Json(tokens) = tokens::list(admin.clone(), path(), Asked::of("")?).await?;
            progress.tokens = tokens.data;
            let Json(asked) =
                scim_requests::list(admin.clone(), slug(), Asked::of(&few())?).await?;
            progress.requests = asked.data;
            let Json(rules) =
                mappings::list(admin.clone(), slug(), Asked::of("limit=200")?).await?;
            progress.mappings = rules.data;
            progress.mappings.retain(|rule| rule.connection_id == id);
        }
        let covered = Step::ALL.into_iter();
        let covered = covered.filter(|step| visit.link.purpose.covers(*step));
        progress.steps = covered.map(|step| (step, progress.is_done(step))).collect();
        Ok(progress)
    }

    async fn of_organization(
        admin: &Admin,
        visit: &Visit,
        step: Option<Step>,
    ) -> Result<Self, Problem> {
        let slug = || Path(visit.slug.clone());
        let domains = domains::all(admin, &visit.slug).await?;
        let (mut givable, mut projects_there) = (Vec::new(), Vec::new());
        if step == Some(Step::Groups) {
            let Json(all) = roles::list(admin.clone(), slug(), Asked::of("limit=200")?).await?;
            let mut all = all.data;
            all.retain(|role| role.rank < ADMIN_RANK);
            all.sort_by_key(|role| role.rank);
            givable = all.into_iter().map(|role| (role.slug, role.name)).collect();
            let Json(all) = projects::list(admin.clone(), slug(), Asked::of("limit=200")?).await?;
            projects_there = living(all.data);
        }
        Ok(Self {
            connection: None,
            domains,
            sign_ins: Vec::new(),
            tokens: Vec::new(),
            requests: Vec::new(),
            mappings: Vec::new(),
            roles: givable,
            projects: projects_there,
            steps: Vec::new(),
        })
    }

    /// Whether a step is done.
    pub(super) fn is_done(&self, step: Step) -> bool {
        match step {
            Step::Domain => self.domains.iter().any(|it| it.state == "verified"),
            Step::Saml => {
                let connection = self.connection.as_ref();
                connection.is_some_and(|it| it.idp_entity_id.is_some())
            }
            Step::Test => self.is_tested(),
            Step::Scim => self.is_reached(),
            Step::Groups => !self.mappings.is_empty(),
            Step::Done => false,
        }
    }

    /// Whether a sign-in passed every check.
    pub(super) fn is_tested(&self) -> bool {
        let good = |it: &SignIn| match it.outcome {
            SignInOutcome::Tested | SignInOutcome::SignedIn => true,
            SignInOutcome::Asked | SignInOutcome::Refused => false,
        };
        self.sign_ins.iter().any(good)
    }

    /// Whether the SCIM client came with a token that is good.
    pub(super) fn is_reached(&self) -> bool {
        self.tokens
            .iter()
            .any(|it| it.live && it.last_used_at.is_some())
    }

    /// What stands for all of it: pages that wait look whether it is another.
    pub(super) fn mark(&self) -> String {
        let done: String = self
            .steps
            .iter()
            .map(|(_, done)| if *done { '1' } else { '0' })
            .collect();
        let latest = self.sign_ins.first().map(|it| it.id.to_string());
        let asked = self.requests.first().map(|it| it.id.to_string());
        format!(
            "{done} {} {}",
            latest.unwrap_or_default(),
            asked.unwrap_or_default()
        )
    }
}
