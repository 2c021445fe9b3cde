//! What must be reached: CPU ms an operation, of the server and its database together.

use clap::ValueEnum;

/// The database behind the server.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Engine {
    Postgres,
    Sqlite,
}

/// From 1,000 users to a million W2 to W6 may grow by this factor at most.
pub(crate) const GROWTH: f64 = 1.3;

/// A workload, by the beginning of its name, with its targets on SQLite and on PostgreSQL.
const TARGETS: [(&str, f64, f64); 15] = [
    ("W1", 0.20, 0.45),
    ("W2", 0.05, 0.13),
    ("W3", 0.07, 0.17),
    ("W4", 0.25, 0.55),
    ("W5", 0.25, 0.55),
    ("W6-create", 12.0, 20.0),
    ("W6-member", 0.25, 0.55),
    ("W7-walk", 0.8, 1.0),
    ("W7-start", 0.8, 1.0),
    ("W7-", 5.0, 8.0),
    ("W8", 0.7, 1.5),
    ("W9", 100.0, 180.0),
    ("S1", 0.9, 1.2),
    ("S2", 1.3, 1.8),
    ("hello", 0.0115, 0.0115),
];

/// Targets of a deep page once there are a million users.
const DEEP: (f64, f64) = (40.0, 60.0);
/// From how many users on they hold: a million may be missing a few.
const MANY: u64 = 990_000;

/// What a workload may cost, with so many users.
pub(crate) fn target(workload: &str, engine: Engine, users: u64) -> Option<f64> {
    let of = |sqlite, postgres| match engine {
        Engine::Postgres => postgres,
        Engine::Sqlite => sqlite,
    };
    if users >= MANY && (workload == "W7-middle" || workload == "W7-end") {
        return Some(of(DEEP.0, DEEP.1));
    }
    let mut known = TARGETS.iter();
    let (_, sqlite, postgres) = known.find(|(name, ..)| workload.starts_with(name))?;
    Some(of(*sqlite, *postgres))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_finds_its_target() {
        for (workload, users, sqlite) in [
            ("W4-entra", 1_000, 0.25),
            ("W6-member-10000", 1_000, 0.25),
            ("W6-create", 1_000, 12.0),
            ("W7-walk", 1_000_000, 0.8),
            ("W7-middle", 100_000, 5.0),
            ("W7-end", 1_000_000, 40.0),
        ] {
            assert_eq!(
                target(workload, Engine::Sqlite, users),
                Some(sqlite),
                "{workload}"
            );
        }
        assert_eq!(target("raw", Engine::Postgres, 1), None);
    }
}
