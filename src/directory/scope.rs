//! Scopes: what a key of the admin API may do. A key carries words, or `*` for all of them.

use std::collections::BTreeSet;

use crate::directory::UnknownWord;
use crate::directory::words::words;

words! {
    /// One thing that a key may do.
    Scope {
        /// See the data of events that only admins may read.
        AuditRead = "audit:read",
        /// Read the apps behind; the operator's alone.
        AppsRead = "apps:read",
        /// Register apps, and change and revoke them; the operator's alone.
        AppsWrite = "apps:write",
        /// Read connections.
        ConnectionsRead = "connections:read",
        /// Issue and revoke what connections' SCIM clients come with, and remove connections.
        ConnectionsWrite = "connections:write",
        /// Read the domains that organizations prove.
        DomainsRead = "domains:read",
        /// Prove domains, and stop trusting them.
        DomainsWrite = "domains:write",
        /// Read the event feed.
        EventsRead = "events:read",
        /// Read the groups that directories push, and who is in them.
        GroupsRead = "groups:read",
        /// Read imports.
        ImportsRead = "imports:read",
        /// Import people, and take imports back.
        ImportsWrite = "imports:write",
        /// See the links of invitations.
        InvitationsLink = "invitations:link",
        /// Read invitations.
        InvitationsRead = "invitations:read",
        /// Invite people, and change invitations.
        InvitationsWrite = "invitations:write",
        /// Read keys, without their secrets.
        KeysRead = "keys:read",
        /// Issue keys that may do no more than this one, and revoke keys.
        KeysWrite = "keys:write",
        /// Read which resources of directories wait for somebody to say whose they are.
        LinksRead = "links:read",
        /// Say whose resources of directories are.
        LinksWrite = "links:write",
        /// Read mappings.
        MappingsRead = "mappings:read",
        /// Change mappings, and with them people's roles.
        MappingsWrite = "mappings:write",
        /// Read organizations.
        OrganizationsRead = "organizations:read",
        /// Change organizations.
        OrganizationsWrite = "organizations:write",
        /// Read transfers of ownership.
        OwnershipRead = "ownership:read",
        /// Begin transfers of ownership, which the owner confirms, and cancel them.
        OwnershipWrite = "ownership:write",
        /// Read projects.
        ProjectsRead = "projects:read",
        /// Create projects, rename and archive them.
        ProjectsWrite = "projects:write",
        /// Read roles.
        RolesRead = "roles:read",
        /// Create roles, and rename them.
        RolesWrite = "roles:write",
        /// Read safeguards, and where directories and what is in force differ.
        SafeguardsRead = "safeguards:read",
        /// Decide about what safeguards hold, and undo what directories did.
        SafeguardsWrite = "safeguards:write",
        /// Read what SCIM clients asked.
        ScimRequestsRead = "scim-requests:read",
        /// Make links by which somebody without an account sets up a connection, and take them back.
        SetupWrite = "setup:write",
        /// Read sign-ins, and which check said no.
        SignInsRead = "sign-ins:read",
        /// Erase users, for good.
        UsersErase = "users:erase",
        /// Export everything that is kept of users.
        UsersExport = "users:export",
        /// Read users, and why they hold the role they hold.
        UsersRead = "users:read",
        /// Give and take roles by hand, suspend people, and let them in again.
        UsersWrite = "users:write",
        /// Read webhooks, and what they were sent.
        WebhooksRead = "webhooks:read",
        /// Set webhooks, by which whoever is behind them reads the event feed.
        WebhooksWrite = "webhooks:write",
    }
}

impl Scope {
    /// Whether a person is to have said a short while ago who they are before they use it: it bears on who comes
    /// in from now on, or cannot be taken back.
    pub fn wants_fresh(self) -> bool {
        match self {
            Self::AppsWrite
            | Self::ConnectionsWrite
            | Self::DomainsWrite
            | Self::KeysWrite
            | Self::LinksWrite
            | Self::OwnershipWrite
            | Self::SafeguardsWrite
            | Self::SetupWrite
            | Self::UsersErase => true,
            Self::AuditRead
            | Self::AppsRead
            | Self::ConnectionsRead
            | Self::DomainsRead
            | Self::EventsRead
            | Self::GroupsRead
            | Self::ImportsRead
            | Self::ImportsWrite
            | Self::InvitationsLink
            | Self::InvitationsRead
            | Self::InvitationsWrite
            | Self::KeysRead
            | Self::LinksRead
            | Self::MappingsRead
            | Self::MappingsWrite
            | Self::OrganizationsRead
            | Self::OrganizationsWrite
            | Self::OwnershipRead
            | Self::ProjectsRead
            | Self::ProjectsWrite
            | Self::RolesRead
            | Self::RolesWrite
            | Self::SafeguardsRead
            | Self::ScimRequestsRead
            | Self::SignInsRead
            | Self::UsersExport
            | Self::UsersRead
            | Self::UsersWrite
            | Self::WebhooksRead
            | Self::WebhooksWrite => false,
        }
    }

    /// What a key is told that lacks it.
    pub fn lacking(self) -> &'static str {
        match self {
            Self::AuditRead => "this key lacks the scope audit:read",
            Self::AppsRead => "this key lacks the scope apps:read",
            Self::AppsWrite => "this key lacks the scope apps:write",
            Self::ConnectionsRead => "this key lacks the scope connections:read",
            Self::ConnectionsWrite => "this key lacks the scope connections:write",
            Self::DomainsRead => "this key lacks the scope domains:read",
            Self::DomainsWrite => "this key lacks the scope domains:write",
            Self::EventsRead => "this key lacks the scope events:read",
            Self::GroupsRead => "this key lacks the scope groups:read",
            Self::ImportsRead => "this key lacks the scope imports:read",
            Self::ImportsWrite => "this key lacks the scope imports:write",
            Self::InvitationsLink => "this key lacks the scope invitations:link",
            Self::InvitationsRead => "this key lacks the scope invitations:read",
            Self::InvitationsWrite => "this key lacks the scope invitations:write",
            Self::KeysRead => "this key lacks the scope keys:read",
            Self::KeysWrite => "this key lacks the scope keys:write",
            Self::LinksRead => "this key lacks the scope links:read",
            Self::LinksWrite => "this key lacks the scope links:write",
            Self::MappingsRead => "this key lacks the scope mappings:read",
            Self::MappingsWrite => "this key lacks the scope mappings:write",
            Self::OrganizationsRead => "this key lacks the scope organizations:read",
            Self::OrganizationsWrite => "this key lacks the scope organizations:write",
            Self::OwnershipRead => "this key lacks the scope ownership:read",
            Self::OwnershipWrite => "this key lacks the scope ownership:write",
            Self::ProjectsRead => "this key lacks the scope projects:read",
            Self::ProjectsWrite => "this key lacks the scope projects:write",
            Self::RolesRead => "this key lacks the scope roles:read",
            Self::RolesWrite => "this key lacks the scope roles:write",
            Self::SafeguardsRead => "this key lacks the scope safeguards:read",
            Self::SafeguardsWrite => "this key lacks the scope safeguards:write",
            Self::ScimRequestsRead => "this key lacks the scope scim-requests:read",
            Self::SetupWrite => "this key lacks the scope setup:write",
            Self::SignInsRead => "this key lacks the scope sign-ins:read",
            Self::UsersErase => "this key lacks the scope users:erase",
            Self::UsersExport => "this key lacks the scope users:export",
            Self::UsersRead => "this key lacks the scope users:read",
            Self::UsersWrite => "this key lacks the scope users:write",
            Self::WebhooksRead => "this key lacks the scope webhooks:read",
            Self::WebhooksWrite => "this key lacks the scope webhooks:write",
        }
    }
}

/// The word for every scope, those to come too.
pub const EVERYTHING: &str = "*";

/// What a key may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes {
    everything: bool,
    words: BTreeSet<Scope>,
}

impl Scopes {
    /// The scopes as the store holds them: words between spaces. A word of another version of this
    /// program allows nothing.
    pub fn stored(text: &str) -> Self {
        let words = text.split_whitespace();
        Self {
            everything: words.clone().any(|word| word == EVERYTHING),
            words: words.filter_map(|word| word.parse().ok()).collect(),
        }
    }

    /// Whether they allow all that others do.
    pub fn cover(&self, others: &Self) -> bool {
        self.everything || (!others.everything && others.words.is_subset(&self.words))
    }

    /// Whether they allow nothing.
    pub fn is_nothing(&self) -> bool {
        !self.everything && self.words.is_empty()
    }

    /// Whether they allow this.
    pub fn allow(&self, scope: Scope) -> bool {
        self.everything || self.words.contains(&scope)
    }
}

impl std::str::FromStr for Scopes {
    type Err = UnknownWord;

    /// The scopes as somebody asks for them: words between spaces or commas, each a known one.
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        let mut scopes = Self::default();
        let between = |c: char| c.is_whitespace() || c == ',';
        for word in text.split(between).filter(|word| !word.is_empty()) {
            if word == EVERYTHING {
                scopes.everything = true;
            } else {
                scopes.words.insert(word.parse()?);
            }
        }
        Ok(scopes)
    }
}

impl std::fmt::Display for Scopes {
    /// The form that the store holds.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.everything {
            return f.write_str(EVERYTHING);
        }
        let words: Vec<_> = self.words.iter().map(|scope| scope.as_str()).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_words_or_everything() {
        for (text, users, events) in [
            ("*", true, true),
            ("users:read", true, false),
            ("users:read  events:read", true, true),
            ("users:write users:read2", false, false),
            ("", false, false),
        ] {
            let scopes = Scopes::stored(text);
            assert_eq!(scopes.allow(Scope::UsersRead), users, "{text}");
            assert_eq!(scopes.allow(Scope::EventsRead), events, "{text}");
        }
    }

    #[test]
    fn scopes_cover_those_that_do_no_more() {
        for (text, others, expected) in [
            ("*", "*", true),
            ("*", "users:read", true),
            ("users:read events:read", "users:read", true),
            ("users:read", "users:read events:read", false),
            ("users:read", "*", false),
            ("users:read", "", true),
        ] {
            let (text, others) = (Scopes::stored(text), Scopes::stored(others));
            assert_eq!(text.cover(&others), expected, "{text} {others}");
        }
    }

    #[test]
    fn what_is_asked_for_must_be_known() {
        let asked: Scopes = "users:read, events:read".parse().unwrap();
        assert_eq!(asked.to_string(), "events:read users:read");
        assert_eq!(Scopes::stored(&asked.to_string()), asked);
        assert_eq!("users:read *".parse::<Scopes>().unwrap().to_string(), "*");
        assert!("users:red".parse::<Scopes>().is_err());
    }

    #[test]
    fn each_refusal_names_its_scope() {
        for word in Scope::WORDS {
            let scope: Scope = word.parse().unwrap();
            assert!(scope.lacking().ends_with(&format!(" {word}")));
        }
    }
}
