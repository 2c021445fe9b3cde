//! The judgement on one row after the other: every rule of single invitations, each broken one
//! told, with what may have been meant.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::directory::email::Address;
use crate::directory::invitation::{Refusal, may_grant};
use crate::directory::role::{OWNER_RANK, Role};
use crate::id::ProjectId;
use crate::limits;
use crate::provisioning::import::plan::{Common, Planned};
use crate::provisioning::invitations::{Draft, Found, Inviter, Known, Obstacle, Rules};
use crate::roster::nearest::nearest;
use crate::roster::report::Seen;
use crate::roster::{Code, Finding, Judged, Outcome, RawRow, SkipReason};

/// Roles that a suggestion lists.
const LISTED: usize = 10;

/// What rows are judged by, and what was met so far.
pub(super) struct Judge<'a> {
    rules: &'a Rules,
    known: &'a Known,
    inviter: &'a Inviter,
    common: &'a Common,
    now: Timestamp,
    seen: Seen<'a>,
    projects: HashMap<&'a str, Result<ProjectId, Wrong>>,
    suggestions: usize,
}

/// Why a word names nothing that can be had.
#[derive(Clone)]
struct Wrong {
    code: Code,
    message: String,
    meant: Option<String>,
}

impl Wrong {
    fn told(&self, row: &RawRow, column: &str, value: &str) -> Finding {
        Finding::of_cell(self.code, row.line, column, self.message.clone())
            .showing(value)
            .suggesting(self.meant.clone())
    }
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        rules: &'a Rules,
        known: &'a Known,
        inviter: &'a Inviter,
        common: &'a Common,
        now: Timestamp,
    ) -> Self {
        Self {
            rules,
            known,
            inviter,
            common,
            now,
            seen: Seen::default(),
            projects: HashMap::new(),
            suggestions: limits::CSV_SUGGESTIONS,
        }
    }

    /// What becomes of a row, and the invitation where it is one.
    pub(super) fn row(
        &mut self,
        row: &'a RawRow,
        address: Option<&Address>,
    ) -> (Judged, Option<Planned>) {
        if row.findings.iter().any(|it| it.code == Code::RaggedRow) {
            // Its cells stand in the wrong columns.
            return (Judged::new(row, Outcome::Create, Vec::new()), None);
        }
        let mut findings = Vec::new();
        let address = address.filter(|_| sound(row, "email"));
        if address.is_none() && sound(row, "email") {
            findings.push(no_address(row));
        }
        let projects = self.scope(row, &mut findings);
        let role = self.role(row, &mut findings);
        let mut replaces = None;
        let mut outcome = Outcome::Create;
        if let Some(address) = address {
            (outcome, replaces) = self.standing(row, address, &mut findings);
        }
        let mut judged = Judged::new(row, outcome, findings);
        if let Some(role) = role {
            judged = judged.of_role(&role.slug);
        }
        let planned = match (judged.outcome, address, role) {
            (Outcome::Create, Some(address), Some(role)) => Some(Planned {
                draft: Draft {
                    address: address.clone(),
                    role: role.clone(),
                    projects,
                    expires_at: self.common.expires_at,
                    message: self.common.message.clone(),
                    mailed: self.common.mailed,
                    override_reason: None,
                    import: None,
                },
                replaces,
            }),
            _ => None,
        };
        (judged, planned)
    }

    /// What the address is already: in this file, or in the organization.
    fn standing(
        &mut self,
        row: &'a RawRow,
        address: &Address,
        findings: &mut Vec<Finding>,
    ) -> (Outcome, Option<crate::store::rows::InvitationRow>) {
        let (rules, strict) = (self.rules, self.common.strict);
        let same = |a: &str, b: &str| match (role_of(rules, a), role_of(rules, b)) {
            (Ok(a), Ok(b)) => a.id == b.id,
            _ => a.eq_ignore_ascii_case(b),
        };
        if let Some((skip, more)) = self.seen.again(address.norm(), row, strict, same) {
            findings.extend(more);
            return (skip, None);
        }
        let skip = |reason| (Outcome::Skip { reason, of: None }, None);
        match self.known.of(address.norm(), self.now) {
            Found::Deprovisioned(_) => skip(SkipReason::DeprovisionedByDirectory),
            Found::Invited(_) => skip(SkipReason::InvitationExists),
            Found::Member(_, true) => skip(SkipReason::AlreadyMemberDirectoryManaged),
            Found::Member(_, false) => skip(SkipReason::AlreadyMember),
            Found::Suspended(_) => skip(SkipReason::MemberSuspended),
            Found::Expired(expired) => {
                findings.extend(self.domain(row, address));
                (Outcome::Create, Some(expired))
            }
            Found::Nobody => {
                findings.extend(self.domain(row, address));
                (Outcome::Create, None)
            }
        }
    }

    fn domain(&self, row: &RawRow, address: &Address) -> Option<Finding> {
        let (code, message) = match self.rules.domain(address) {
            Ok(None) => return None,
            Ok(Some(_)) => (
                Code::DirectoryManagedDomain,
                "a directory manages this domain; the person may come from there by themselves"
                    .to_owned(),
            ),
            Err(obstacle @ Obstacle::ManagedDomain(_)) => {
                (Code::DirectoryManagedDomain, obstacle.to_string())
            }
            Err(obstacle) => (Code::DomainNotAllowed, obstacle.to_string()),
        };
        let refused = self.rules.domain(address).is_err();
        let finding = Finding::of_cell(code, row.line, "email", message).showing(&row.email);
        Some(if refused { finding.grave() } else { finding })
    }

    /// The role that the cell names, where it names one; all that is wrong with it is told.
    fn role(&mut self, row: &RawRow, findings: &mut Vec<Finding>) -> Option<&'a Role> {
        if !sound(row, "role") {
            return None;
        }
        let Ok(role) = role_of(self.rules, &row.role) else {
            let wrong = self.unknown_role(&row.role);
            findings.push(wrong.told(row, "role", &row.role));
            return None;
        };
        // The rank and the scope are two things: who mends one must not learn of the other later.
        let scope = row.projects.len().min(limits::INVITATION_PROJECTS);
        let wrong = [
            may_grant(role, 0, self.inviter.rank).err(),
            may_grant(role, scope, OWNER_RANK).err(),
        ];
        let mut told = None;
        for refusal in wrong.into_iter().flatten() {
            if told.as_ref() != Some(&refusal) {
                findings.push(self.refused(row, &refusal));
            }
            told = Some(refusal);
        }
        Some(role)
    }

    fn refused(&self, row: &RawRow, refusal: &Refusal) -> Finding {
        let (code, column, value, meant) = match refusal {
            Refusal::ScopeNotAllowed(_) => (
                Code::ScopeNotAllowed,
                "projects",
                row.projects.join(","),
                "leave the cell empty, or choose a lower role".to_owned(),
            ),
            Refusal::RoleAboveInviter(_) => {
                let role = row.role.clone();
                (Code::RoleAboveInviter, "role", role, self.grantable())
            }
            _ => {
                let role = row.role.clone();
                (Code::OwnerNotGrantable, "role", role, self.grantable())
            }
        };
        Finding::of_cell(code, row.line, column, refusal.to_string())
            .showing(&value)
            .suggesting(Some(meant))
    }

    fn unknown_role(&mut self, text: &str) -> Wrong {
        let named: Vec<_> = named(self.rules, text).collect();
        if named.len() > 1 {
            let slugs: Vec<_> = named.iter().map(|role| role.slug.as_str()).collect();
            return Wrong {
                code: Code::UnknownRole,
                message: "several roles have this name".to_owned(),
                meant: Some(format!("say which: {}", slugs.join(", "))),
            };
        }
        let rules = self.rules;
        let roles = rules.roles.iter().filter(|role| role.rank < OWNER_RANK);
        let meant = self.meant(text, roles.map(|it| (it.slug.as_str(), it.name.as_str())));
        Wrong {
            code: Code::UnknownRole,
            message: "there is no such role in this organization".to_owned(),
            meant: Some(meant.unwrap_or_else(|| self.grantable())),
        }
    }

    /// The roles that the inviter may hand out, as a suggestion.
    fn grantable(&self) -> String {
        let may = |role: &&Role| may_grant(role, 0, self.inviter.rank).is_ok();
        let mut slugs: Vec<_> = self
            .rules
            .roles
            .iter()
            .filter(may)
            .map(|role| role.slug.as_str())
            .collect();
        if slugs.len() > LISTED {
            slugs.truncate(LISTED);
            slugs.push("...");
        }
        format!("one of: {}", slugs.join(", "))
    }

    /// The projects that the cell names; those that cannot be had are told.
    fn scope(&mut self, row: &'a RawRow, findings: &mut Vec<Finding>) -> Vec<ProjectId> {
        if !sound(row, "projects") {
            return Vec::new();
        }
        let mut ids = Vec::new();
        for slug in &row.projects {
            match self.project(slug) {
                Ok(id) => ids.push(id),
                Err(wrong) => findings.push(wrong.told(row, "projects", slug)),
            }
        }
        ids
    }

    fn project(&mut self, slug: &'a str) -> Result<ProjectId, Wrong> {
        if let Some(known) = self.projects.get(slug) {
            return known.clone();
        }
        let found = match self.rules.projects(&[slug.to_owned()]) {
            Ok(rows) => rows.first().map(|row| row.id),
            Err(_) => None,
        };
        let verdict = found.ok_or_else(|| self.no_project(slug));
        self.projects.insert(slug, verdict.clone());
        verdict
    }

    fn no_project(&mut self, slug: &str) -> Wrong {
        let rules = self.rules;
        let archived = rules.projects.iter().any(|row| row.slug == *slug);
        let live = rules.projects.iter().filter(|it| it.archived_at.is_none());
        let meant = self.meant(slug, live.map(|it| (it.slug.as_str(), it.name.as_str())));
        let (code, message, otherwise) = if archived {
            (
                Code::ArchivedProject,
                "the project is archived",
                "choose a live project",
            )
        } else {
            (
                Code::UnknownProject,
                "there is no such project in this organization",
                "create the project, or remove it from the cell",
            )
        };
        Wrong {
            code,
            message: message.to_owned(),
            meant: Some(meant.unwrap_or_else(|| otherwise.to_owned())),
        }
    }

    /// The slug of what was probably meant, by slug or by name; looked for in some cases only.
    fn meant<'b>(
        &mut self,
        text: &str,
        candidates: impl Iterator<Item = (&'b str, &'b str)>,
    ) -> Option<String> {
        self.suggestions = self.suggestions.checked_sub(1)?;
        let candidates: Vec<_> = candidates.collect();
        let by_slug = nearest(text, candidates.iter().map(|(slug, _)| *slug));
        let by_name = || {
            let name = nearest(text, candidates.iter().map(|(_, name)| *name))?;
            candidates.iter().find(|(_, it)| *it == name)
        };
        by_slug
            .or_else(|| by_name().map(|(slug, _)| *slug))
            .map(str::to_owned)
    }
}

/// Whether the row has no error of its own in this column.
fn sound(row: &RawRow, column: &str) -> bool {
    let of_column = |it: &&Finding| it.column.as_deref() == Some(column);
    !row.findings.iter().filter(of_column).any(Finding::is_error)
}

/// The role of a slug or of a name, whatever the case; a slug comes before a name.
fn role_of<'a>(rules: &'a Rules, text: &str) -> Result<&'a Role, ()> {
    let folded = text.to_lowercase();
    if let Some(role) = rules.roles.by_slug(&folded) {
        return Ok(role);
    }
    let mut named = named(rules, text);
    match (named.next(), named.next()) {
        (Some(role), None) => Ok(role),
        _ => Err(()),
    }
}

fn named<'a>(rules: &'a Rules, text: &str) -> impl Iterator<Item = &'a Role> {
    let folded = text.to_lowercase();
    rules
        .roles
        .iter()
        .filter(move |role| role.name.to_lowercase() == folded)
}

fn no_address(row: &RawRow) -> Finding {
    Finding::of_cell(
        Code::InvalidEmail,
        row.line,
        "email",
        Obstacle::InvalidEmail.to_string(),
    )
    .showing(&row.email)
    .suggesting(address_within(&row.email))
}

/// The address that a text holds among other things: `Ada <ada@acme.example>`, `mailto:`, a comma
/// for a point.
fn address_within(text: &str) -> Option<String> {
    let inner = text.rsplit_once('<').map_or(text, |(_, inner)| inner);
    let inner = inner.split_once('>').map_or(inner, |(inner, _)| inner);
    let inner = inner.trim_start_matches("mailto:");
    let spaceless: String = inner.chars().filter(|c| !c.is_whitespace()).collect();
    let ended = spaceless.trim_matches(['.', ',', ';', ':', '\'', '"', '(', ')']);
    let tries = [ended.to_owned(), ended.replace(',', ".")];
    let found = tries.into_iter().find(|it| Address::parse(it).is_some());
    found.filter(|it| it != text)
}
