//! The sequences that are in the program: what `idp-fixtures/` has of each vendor, by file.

/// A file below `idp-fixtures/`, and what it says.
macro_rules! sequence {
    ($file:literal) => {
        (
            $file,
            include_str!(concat!("../../../idp-fixtures/", $file)),
        )
    };
}

/// What Entra sends.
pub(super) const ENTRA: &[(&str, &str)] = &[
    sequence!("entra/flag-off/scim/001-test-connection.json"),
    sequence!("entra/flag-off/scim/002-create-user.json"),
    sequence!("entra/flag-off/scim/003-create-with-nulls.json"),
    sequence!("entra/flag-off/scim/004-update-path-by-path.json"),
    sequence!("entra/flag-off/scim/005-values-not-there-yet.json"),
    sequence!("entra/flag-off/scim/006-disable-and-enable.json"),
    sequence!("entra/flag-off/scim/007-disabled-keeps-nothing.json"),
    sequence!("entra/flag-off/scim/008-manager.json"),
    sequence!("entra/flag-off/scim/009-create-group.json"),
    sequence!("entra/flag-off/scim/010-add-members.json"),
    sequence!("entra/flag-off/scim/011-remove-members.json"),
    sequence!("entra/flag-off/scim/012-hard-delete.json"),
    sequence!("entra/flag-off/scim/013-lost-answer.json"),
    sequence!("entra/flag-off/scim/014-next-cycle.json"),
    sequence!("entra/flag-off/scim/015-inbound-dialect.json"),
    sequence!("entra/flag-off/scim/016-validator.json"),
    sequence!("entra/flag-on/scim/001-update-in-one-operation.json"),
    sequence!("entra/flag-on/scim/002-disable.json"),
    sequence!("entra/flag-on/scim/003-members.json"),
    sequence!("entra/flag-on/scim/004-unknown-members.json"),
    sequence!("entra/flag-on/scim/005-soft-deleted-on-arrival.json"),
];

/// What Okta sends.
pub(super) const OKTA: &[(&str, &str)] = &[
    sequence!("okta/aiw/scim/001-update-by-put.json"),
    sequence!("okta/aiw/scim/002-deactivate-by-put.json"),
    sequence!("okta/aiw/scim/003-group-by-put.json"),
    sequence!("okta/aiw/scim/004-highest-role.json"),
    sequence!("okta/oin/scim/001-lookup.json"),
    sequence!("okta/oin/scim/002-create-user.json"),
    sequence!("okta/oin/scim/003-deactivate.json"),
    sequence!("okta/oin/scim/004-password-sync.json"),
    sequence!("okta/oin/scim/005-group-push.json"),
    sequence!("okta/oin/scim/006-group-members.json"),
    sequence!("okta/oin/scim/007-import.json"),
    sequence!("okta/oin/scim/008-errors.json"),
    sequence!("okta/oin/scim/009-unlink.json"),
];

/// What others send, and the letter of the standard.
pub(super) const GENERIC: &[(&str, &str)] = &[
    sequence!("authentik/scim/001-users-and-groups.json"),
    sequence!("generic/scim/001-discovery.json"),
    sequence!("generic/scim/007-strict.json"),
    sequence!("generic/scim/008-versions.json"),
    sequence!("generic/scim/009-paths-and-attributes.json"),
    sequence!("generic/scim/010-nested-groups.json"),
    sequence!("jumpcloud/scim/001-activation.json"),
    sequence!("jumpcloud/scim/002-remove-by-value.json"),
    sequence!("keycloak/scim/001-users.json"),
    sequence!("onelogin/scim/001-users-and-groups.json"),
    sequence!("pingfederate/scim/001-lookup-by-address.json"),
    sequence!("pingone/scim/001-two-primaries.json"),
    sequence!("pingone/scim/002-updates-by-put.json"),
    sequence!("rippling/scim/001-probe-and-repeat.json"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;

    #[test]
    fn every_file_is_in_the_program() {
        let known: BTreeSet<String> = [ENTRA, OKTA, GENERIC]
            .concat()
            .iter()
            .map(|(file, _)| format!("idp-fixtures/{file}"))
            .collect();
        let mut there = BTreeSet::new();
        let mut folders = vec![std::path::PathBuf::from("idp-fixtures")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let is_sequence = folder.ends_with("scim");
                if path.is_dir() {
                    folders.push(path);
                } else if is_sequence {
                    there.insert(path.to_string_lossy().into_owned());
                }
            }
        }
        assert_eq!(known, there);
    }
}
