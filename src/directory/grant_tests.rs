//! The resolver's table: what decides, and that the order of grants never matters.

use super::*;
use proptest::prelude::*;

use crate::clock::Clock;
use crate::directory::role::Role;
use crate::id::{Entropy, Ids};

struct World {
    ids: Ids,
    roles: Catalogue,
    connection: ConnectionId,
    now: Timestamp,
}

impl World {
    fn new() -> Self {
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let ids = Ids::new(Clock::fixed(now), Entropy::seeded(5));
        let roles = crate::directory::role::SEEDED
            .iter()
            .map(|(slug, name, rank)| Role {
                id: ids.next(),
                slug: (*slug).into(),
                name: (*name).into(),
                rank: *rank,
            })
            .collect();
        Self {
            connection: ids.next(),
            roles: Catalogue::new(roles),
            ids,
            now,
        }
    }

    fn role(&self, slug: &str) -> RoleId {
        self.roles.by_slug(slug).unwrap().id
    }

    fn grant(&self, source: GrantSource, role: &str, projects: &[ProjectId]) -> Grant {
        let directory = matches!(source, GrantSource::DirectoryGroup | GrantSource::SamlGroup);
        Grant {
            id: self.ids.next(),
            user_id: self.ids.next(),
            role_id: self.role(role),
            source,
            source_ref: String::new(),
            projects: projects.to_vec(),
            granted_at: self.now,
            ends_at: None,
            rule: directory.then_some((self.connection, 1)),
        }
    }

    fn standing(&self) -> Standing {
        Standing {
            active: true,
            owner: false,
            governed_by: BTreeSet::new(),
            connection_default: None,
            organization_default: self.role("viewer"),
            mode: Mode::Authoritative,
            ceilings: [(self.connection, 80)].into(),
        }
    }

    fn slug(&self, standing: &Standing, grants: &[Grant]) -> Option<String> {
        let mut answers = Vec::new();
        let mut grants = grants.to_vec();
        for _ in 0..grants.len().max(1) {
            let by = usize::from(!grants.is_empty());
            grants.rotate_left(by);
            answers.push(resolve(standing, &grants, &self.roles, self.now));
        }
        assert!(
            answers
                .windows(2)
                .all(|w| w[0].entitlement == w[1].entitlement)
        );
        assert!(answers.windows(2).all(|w| w[0].verdicts == w[1].verdicts));
        let role = answers.remove(0).entitlement.role?;
        Some(self.roles.role(role).unwrap().slug.clone())
    }
}

#[test]
fn the_first_layer_with_a_live_grant_decides() {
    use GrantSource::{Csv, DirectoryGroup, Invite, Manual, Override, SamlGroup};
    let w = World::new();
    let project: ProjectId = w.ids.next();
    for (name, grants, role) in [
        ("nothing", vec![], Some("viewer")),
        (
            "one group",
            vec![(DirectoryGroup, "editor")],
            Some("editor"),
        ),
        (
            "two groups",
            vec![(DirectoryGroup, "viewer"), (DirectoryGroup, "editor")],
            Some("editor"),
        ),
        (
            "group below manual",
            vec![(Manual, "admin"), (DirectoryGroup, "viewer")],
            Some("viewer"),
        ),
        (
            "manual below invite",
            vec![(Manual, "viewer"), (Invite, "admin")],
            Some("viewer"),
        ),
        ("csv", vec![(Csv, "editor")], Some("editor")),
        (
            "override",
            vec![(Override, "viewer"), (DirectoryGroup, "admin")],
            Some("viewer"),
        ),
        (
            "sign-in group",
            vec![(SamlGroup, "editor"), (Manual, "viewer")],
            Some("editor"),
        ),
        (
            "above the ceiling",
            vec![(DirectoryGroup, "owner")],
            Some("viewer"),
        ),
    ] {
        let grants: Vec<_> = grants
            .into_iter()
            .map(|(s, r)| w.grant(s, r, &[]))
            .collect();
        assert_eq!(w.slug(&w.standing(), &grants).as_deref(), role, "{name}");
    }
    let scoped = [w.grant(DirectoryGroup, "editor", &[project])];
    assert_eq!(
        w.slug(&w.standing(), &scoped),
        None,
        "project roles only: no organization role"
    );
}

#[test]
fn guards_come_before_every_grant() {
    let w = World::new();
    let grants = [w.grant(GrantSource::DirectoryGroup, "editor", &[])];
    let inactive = Standing {
        active: false,
        owner: true,
        ..w.standing()
    };
    assert_eq!(w.slug(&inactive, &grants), None);
    let owner = Standing {
        owner: true,
        ..w.standing()
    };
    assert_eq!(w.slug(&owner, &grants).as_deref(), Some("owner"));
    let governed = Standing {
        governed_by: [w.connection].into(),
        ..w.standing()
    };
    let signed_in = [w.grant(GrantSource::SamlGroup, "editor", &[])];
    assert_eq!(w.slug(&governed, &signed_in).as_deref(), Some("viewer"));
    let mut ended = w.grant(GrantSource::Override, "admin", &[]);
    ended.ends_at = Some(w.now);
    assert_eq!(w.slug(&w.standing(), &[ended]).as_deref(), Some("viewer"));
}

#[test]
fn projects_add_up_and_additive_mode_takes_the_highest() {
    use GrantSource::{DirectoryGroup, Manual};
    let w = World::new();
    let (a, b): (ProjectId, ProjectId) = (w.ids.next(), w.ids.next());
    let grants = [
        w.grant(DirectoryGroup, "viewer", &[a, b]),
        w.grant(Manual, "editor", &[b]),
        w.grant(Manual, "admin", &[]),
        w.grant(DirectoryGroup, "viewer", &[]),
    ];
    let resolution = resolve(&w.standing(), &grants, &w.roles, w.now);
    let expected = [(a, w.role("viewer")), (b, w.role("editor"))].into();
    assert_eq!(resolution.entitlement.projects, expected);
    assert_eq!(w.slug(&w.standing(), &grants).as_deref(), Some("viewer"));
    let additive = Standing {
        mode: Mode::Additive,
        ..w.standing()
    };
    assert_eq!(w.slug(&additive, &grants).as_deref(), Some("admin"));
}

proptest! {
    /// Whatever the grants are, the order in which they are read decides nothing.
    #[test]
    fn resolver_is_order_independent(
        picks in prop::collection::vec((0_usize..6, 0_usize..3, any::<bool>()), 0..8),
        turns in 0_usize..8,
        additive in any::<bool>(),
    ) {
        use GrantSource::{Csv, DirectoryGroup, Invite, Manual, Override, SamlGroup};
        let w = World::new();
        let project: ProjectId = w.ids.next();
        let sources = [Csv, DirectoryGroup, Invite, Manual, Override, SamlGroup];
        let roles = ["viewer", "editor", "admin"];
        let mut grants: Vec<_> = picks
            .iter()
            .map(|(source, role, scoped)| {
                let projects = if *scoped { vec![project] } else { Vec::new() };
                w.grant(sources[*source], roles[*role], &projects)
            })
            .collect();
        let standing = Standing {
            mode: if additive { Mode::Additive } else { Mode::Authoritative },
            ..w.standing()
        };
        let before = resolve(&standing, &grants, &w.roles, w.now).entitlement;
        let turns = turns.min(grants.len());
        grants.rotate_left(turns);
        prop_assert_eq!(&before, &resolve(&standing, &grants, &w.roles, w.now).entitlement);
        grants.reverse();
        prop_assert_eq!(&before, &resolve(&standing, &grants, &w.roles, w.now).entitlement);
    }
}
