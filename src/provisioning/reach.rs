//! How high a session reaches, whatever the person may do elsewhere.

use crate::directory::role::{Catalogue, OWNER_RANK};
use crate::id::RoleId;
use crate::store::rows::{ConnectionRow, IdentityRow, UserRow};

/// How high a session reaches: to the ceiling of the connection that made it, unless the link was
/// confirmed by the very person. An owner reaches higher only through a connection that was
/// confirmed for owners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    ceiling: RoleId,
    confirmed: bool,
}

impl Reach {
    /// The reach of a sign-in of this person by this link.
    pub fn of(user: &UserRow, connection: &ConnectionRow, link: Option<&IdentityRow>) -> Self {
        let confirmed = if user.owner {
            connection.owner_confirmed_at.is_some()
        } else {
            link.is_some_and(|link| link.user_id == user.id && link.confirmed_by == Some(user.id))
        };
        Self {
            ceiling: connection.max_role_id,
            confirmed,
        }
    }

    /// The reach of a session that a mailbox made: everything below the owner's title.
    pub fn of_mailbox(default: RoleId, roles: &Catalogue) -> Self {
        let below = roles.iter().find(|role| role.rank < OWNER_RANK);
        Self {
            ceiling: below.map_or(default, |role| role.id),
            confirmed: false,
        }
    }

    /// The reach of a session that the operator let the owner begin: as high as they are.
    pub fn of_break_glass(default: RoleId) -> Self {
        Self {
            ceiling: default,
            confirmed: true,
        }
    }

    /// The role that the session has where the person has this one.
    pub fn cap(self, role: RoleId, roles: &Catalogue) -> RoleId {
        if self.confirmed || roles.rank(role) <= roles.rank(self.ceiling) {
            role
        } else {
            self.ceiling
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::role::Role;

    fn roles() -> (Catalogue, [RoleId; 3]) {
        let id = |n: u128| RoleId::from(uuid::Uuid::from_u128(n));
        let ids = [id(1), id(2), id(3)];
        let role = |id, slug: &str, rank| Role {
            id,
            slug: slug.to_owned(),
            name: slug.to_owned(),
            rank,
        };
        let [viewer, editor, admin] = ids;
        let list = vec![
            role(viewer, "viewer", 10),
            role(editor, "editor", 50),
            role(admin, "admin", 80),
        ];
        (Catalogue::new(list), ids)
    }

    #[test]
    fn a_session_reaches_to_its_connections_ceiling_unless_the_person_confirmed_the_link() {
        let (roles, [viewer, editor, admin]) = roles();
        for (confirmed, role, expected) in [
            (false, viewer, viewer),
            (false, editor, editor),
            (false, admin, editor),
            (true, admin, admin),
        ] {
            let reach = Reach {
                ceiling: editor,
                confirmed,
            };
            assert_eq!(reach.cap(role, &roles), expected);
        }
    }

    #[test]
    fn a_ceiling_that_is_no_role_gives_nothing_high() {
        let (roles, [_, _, admin]) = roles();
        let nobody = RoleId::from(uuid::Uuid::from_u128(9));
        let reach = Reach {
            ceiling: nobody,
            confirmed: false,
        };
        assert_eq!(reach.cap(admin, &roles), nobody);
    }
}
