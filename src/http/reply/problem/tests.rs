//! Each refusal becomes a problem of its own.

use super::*;

#[test]
fn the_list_is_in_order_and_every_type_is_a_refusal() {
    assert!(Type::ALL.is_sorted_by_key(|kind| kind.slug()));
    for kind in Type::ALL {
        let status = kind.status();
        assert!(
            status.is_client_error() || status.is_server_error(),
            "{kind:?}"
        );
    }
}

#[test]
fn a_rule_has_one_name_everywhere() {
    for violation in [
        Violation::AboveCeiling {
            role: "a".into(),
            ceiling: "b".into(),
        },
        Violation::ArchivedProject("p".into()),
        Violation::Decided("approved"),
        Violation::DomainTooSoon {
            again_at: Timestamp::UNIX_EPOCH,
        },
        Violation::DomainUnverified {
            name: "n".into(),
            value: "v".into(),
            found: "f".into(),
        },
        Violation::Invalid("v".into()),
        Violation::LastOwner,
        Violation::ManagedByDirectory,
        Violation::MustBeSuspended,
        Violation::OwnerNotGrantable,
        Violation::RoleInUse {
            role: "r".into(),
            uses: vec![("rule", "a rule gives it".into())],
        },
        Violation::RoleManagedByDirectory {
            group: "g".into(),
            position: 1,
            connection: "c".into(),
        },
        Violation::RoleReserved("admin".into()),
        Violation::ScopeNotAllowed,
        Violation::TooManyClients,
        Violation::TooManyTokens,
        Violation::Unconfirmed {
            people: 21,
            name: "n".into(),
        },
        Violation::UnknownApp("a".into()),
        Violation::UnknownProject("p".into()),
        Violation::UnknownRole("r".into()),
    ] {
        assert_eq!(of_rule(&violation).kind.slug(), violation.slug());
    }
}

#[test]
fn every_refusal_of_the_frame_becomes_a_problem_of_its_status() {
    for status in [400, 401, 404, 405, 406, 408, 413, 415, 429, 500, 503] {
        let code = StatusCode::from_u16(status).unwrap();
        assert_eq!(Problem::bare(code).kind.status(), code);
        let answer = finished(
            code.into_response(),
            "https://usher.example",
            "id",
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(answer.status(), code);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    }
    let fine = finished(
        StatusCode::OK.into_response(),
        "https://usher.example",
        "id",
        Timestamp::UNIX_EPOCH,
    );
    assert_eq!(fine.status(), StatusCode::OK);
}
