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

/// Grants, standing and roles of any kind: two connections, ends before and after now, ceilings, titles.
#[derive(Debug)]
struct Any {
    world: World,
    standing: Standing,
    grants: Vec<Grant>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

const SOURCES: [GrantSource; 7] = [
    GrantSource::Bootstrap,
    GrantSource::Csv,
    GrantSource::DirectoryGroup,
    GrantSource::Invite,
    GrantSource::Manual,
    GrantSource::Override,
    GrantSource::SamlGroup,
];
const ROLES: [&str; 4] = ["viewer", "editor", "admin", "owner"];

type Pick = (usize, usize, usize, u8, i64, Option<bool>);

fn any_case() -> impl Strategy<Value = (Any, usize)> {
    let pick = (
        0_usize..7,
        0_usize..4,
        0_usize..2,
        0_u8..4,
        1_i64..3,
        prop::option::weighted(0.2, any::<bool>()),
    );
    let flags = (any::<bool>(), any::<bool>(), 0_u8..4, 0_usize..5, 0_u8..8);
    let picks = prop::collection::vec(pick, 0..10);
    let case = (picks, flags, (0_usize..4, 0_usize..4), any::<usize>());
    case.prop_map(|(picks, flags, ceilings, seed)| (Any::of(&picks, flags, ceilings), seed))
}

impl Any {
    fn of(
        picks: &[Pick],
        (additive, owner, governed, default, active): (bool, bool, u8, usize, u8),
        ceilings: (usize, usize),
    ) -> Self {
        let world = World::new();
        let connections = [world.connection, world.ids.next()];
        let projects: [ProjectId; 2] = [world.ids.next(), world.ids.next()];
        let hour = jiff::SignedDuration::from_hours(1);
        let grants = picks
            .iter()
            .map(|&(source, role, connection, scope, position, ends)| {
                let scope = projects
                    .iter()
                    .zip([1, 2])
                    .filter(|(_, bit)| scope & bit != 0);
                let scope: Vec<_> = scope.map(|(project, _)| *project).collect();
                let mut grant = world.grant(SOURCES[source], ROLES[role], &scope);
                grant.rule = grant.rule.map(|_| (connections[connection], position));
                grant.ends_at = ends.map(|later| if later { world.now + hour } else { world.now });
                grant
            });
        let grants = grants.collect();
        let rank = |role: usize| world.roles.by_slug(ROLES[role]).unwrap().rank;
        let governs = connections
            .iter()
            .zip([1, 2])
            .filter(|(_, bit)| governed & bit != 0);
        let standing = Standing {
            active: active > 0,
            owner,
            governed_by: governs.map(|(id, _)| *id).collect(),
            connection_default: ROLES.get(default).map(|role| world.role(role)),
            organization_default: world.role(ROLES[ceilings.0]),
            mode: if additive {
                Mode::Additive
            } else {
                Mode::Authoritative
            },
            ceilings: [
                (connections[0], rank(ceilings.0)),
                (connections[1], rank(ceilings.1)),
            ]
            .into(),
        };
        Self {
            world,
            standing,
            grants,
        }
    }

    fn resolve(&self) -> Resolution {
        resolve(
            &self.standing,
            &self.grants,
            &self.world.roles,
            self.world.now,
        )
    }
}

proptest! {
    /// Whatever the grants are, the order in which they are read decides nothing: not the role, not what
    /// decided it, not one verdict.
    #[test]
    fn resolver_is_order_independent((mut case, seed) in any_case()) {
        let before = case.resolve();
        let count = case.grants.len().max(1);
        for turn in [true, false, true] {
            if turn {
                case.grants.rotate_left(seed % count.max(2) % count);
            } else {
                case.grants.reverse();
            }
            let after = case.resolve();
            prop_assert_eq!(&before.entitlement, &after.entitlement);
            prop_assert_eq!(&before.because, &after.because);
            prop_assert_eq!(&before.verdicts, &after.verdicts);
        }
        let mut seed = seed;
        for at in (1..case.grants.len()).rev() {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            case.grants.swap(at, (seed >> 33) % (at + 1));
        }
        prop_assert_eq!(&before.verdicts, &case.resolve().verdicts);
        prop_assert_eq!(&before.entitlement, &case.resolve().entitlement);
    }

    /// No grant, ceiling or default gives the owner's role: the title does, alone.
    #[test]
    fn owner_never_grantable((case, _) in any_case()) {
        let owners = case.world.role("owner");
        let resolution = case.resolve();
        let is_owners = resolution.entitlement.role == Some(owners);
        prop_assert_eq!(is_owners, case.standing.owner && case.standing.active);
        if !case.standing.owner {
            prop_assert!(!resolution.entitlement.projects.values().any(|role| *role == owners));
        }
    }

    /// Each grant has a verdict, and what is said to have decided has won.
    #[test]
    fn what_decides_has_won((case, _) in any_case()) {
        let resolution = case.resolve();
        prop_assert_eq!(resolution.verdicts.len(), case.grants.len());
        if let Because::Grant(id) = resolution.because {
            prop_assert_eq!(resolution.verdicts.get(&id), Some(&Verdict::Won));
            let decided = case.grants.iter().find(|grant| grant.id == id).unwrap();
            prop_assert_eq!(resolution.entitlement.role, Some(decided.role_id));
            prop_assert!(decided.projects.is_empty());
            prop_assert!(decided.ends_at.is_none_or(|end| end > case.world.now));
        }
    }
}
