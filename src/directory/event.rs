//! Events: what happened in an organization, numbered without gaps in the order of commits. The
//! feed and the webhooks are two readers of the same rows, and the rows are the audit log.

use crate::directory::words::words;

words! {
    /// Who may read an event.
    Visibility {
        /// Admins only.
        Admin = "admin",
        /// The app behind, too.
        Feed = "feed",
    }
}

words! {
    /// What happened.
    EventKind {
        /// An app was registered for the organization.
        AppCreated = "app.created",
        /// An app that serves the organization was revoked, for good.
        AppRevoked = "app.revoked",
        /// An app that serves the organization, or did until now, was changed.
        AppUpdated = "app.updated",
        /// The audit log holds together up to here: a signed word for it.
        AuditCheckpoint = "audit.checkpoint",
        /// A certificate of a connection's identity provider ends soon, or has ended.
        ConnectionCertificateEnding = "connection.certificate_ending",
        /// A connection was set up.
        ConnectionCreated = "connection.created",
        /// A connection was deleted.
        ConnectionDeleted = "connection.deleted",
        /// What the identity provider published is trusted from now on.
        ConnectionMetadataApplied = "connection.metadata_applied",
        /// What the identity provider published is not wanted.
        ConnectionMetadataDismissed = "connection.metadata_dismissed",
        /// The identity provider's metadata are good no longer.
        ConnectionMetadataExpired = "connection.metadata_expired",
        /// The identity provider published something else: it waits for a yes.
        ConnectionMetadataProposed = "connection.metadata_proposed",
        /// What is published where the identity provider's metadata were is another provider's.
        ConnectionMetadataRefused = "connection.metadata_refused",
        /// A connection was stopped.
        ConnectionPaused = "connection.paused",
        /// A connection was resumed.
        ConnectionResumed = "connection.resumed",
        /// What lets a connection's SCIM client in ends soon, or has ended.
        ConnectionTokenEnding = "connection.token_ending",
        /// A connection's settings changed.
        ConnectionUpdated = "connection.updated",
        /// A code that lets an admin in at the console was mailed to them.
        ConsoleCodeMailed = "console.code_mailed",
        /// A link that lets the owner in at the console was made.
        ConsoleLinkIssued = "console.link_issued",
        /// Somebody said wrong digits at the console.
        ConsoleRefused = "console.refused",
        /// Somebody signed in at the console.
        ConsoleSignedIn = "console.signed_in",
        /// An organization began to prove a domain.
        DomainAdded = "domain.added",
        /// A domain's record was gone for days: it is trusted on that proof no more.
        DomainLapsed = "domain.lapsed",
        /// A domain's proof was removed, or the operator lists it on a connection no longer.
        DomainRemoved = "domain.removed",
        /// A domain was proved: its addresses are trusted at each connection.
        DomainVerified = "domain.verified",
        /// A grant that somebody gave was taken back.
        GrantEnded = "grant.ended",
        /// Somebody was given a role by hand, or was given one back.
        GrantGiven = "grant.given",
        /// A directory pushed a new group.
        GroupCreated = "group.created",
        /// A directory deleted a group.
        GroupDeleted = "group.deleted",
        /// A group gained members, and nothing else of it changed.
        GroupMemberAdded = "group.member_added",
        /// A group lost members, and nothing else of it changed.
        GroupMemberRemoved = "group.member_removed",
        /// A group changed.
        GroupUpdated = "group.updated",
        /// An invited person came.
        InvitationAccepted = "invitation.accepted",
        /// An invited person asks for a new invitation, or for one under another address.
        InvitationChangeRequested = "invitation.change_requested",
        /// Somebody was invited.
        InvitationCreated = "invitation.created",
        /// An invited person said no.
        InvitationDeclined = "invitation.declined",
        /// An invitation lives longer.
        InvitationExtended = "invitation.extended",
        /// An invitation cannot be accepted until an admin looks at it.
        InvitationNeedsAttention = "invitation.needs_attention",
        /// An invitation was taken back.
        InvitationRevoked = "invitation.revoked",
        /// No try to mail an invitation succeeded.
        InvitationSendFailed = "invitation.send_failed",
        /// A relay took an invitation's mail.
        InvitationSent = "invitation.sent",
        /// Another invitation, or the directory, took the place of one.
        InvitationSuperseded = "invitation.superseded",
        /// An invitation's role or projects changed.
        InvitationUpdated = "invitation.updated",
        /// A file of people was imported.
        ImportCompleted = "import.completed",
        /// A key of the admin API was issued.
        KeyIssued = "key.issued",
        /// A key of the admin API was revoked.
        KeyRevoked = "key.revoked",
        /// Rules were changed together, as a plan had shown it.
        MappingApplied = "mapping.applied",
        /// A rule was added.
        MappingCreated = "mapping.created",
        /// A rule is bound to another group than it was, or to one that was renamed.
        MappingGroupBound = "mapping.group_bound",
        /// The group that a rule by name is bound to has another name.
        MappingGroupRenamed = "mapping.group_renamed",
        /// A rule was removed.
        MappingRemoved = "mapping.removed",
        /// A rule was changed.
        MappingUpdated = "mapping.updated",
        /// The owner's way in without a connection is closed.
        OrganizationBreakGlassClosed = "organization.break_glass_closed",
        /// A code to come in without a connection was mailed to the owner.
        OrganizationBreakGlassCodeMailed = "organization.break_glass_code_mailed",
        /// The operator opened the owner's way in without a connection.
        OrganizationBreakGlassOpened = "organization.break_glass_opened",
        /// Somebody said a code to come in without a connection, and it was not good.
        OrganizationBreakGlassRefused = "organization.break_glass_refused",
        /// The owner came in without a connection.
        OrganizationBreakGlassUsed = "organization.break_glass_used",
        /// An organization was created.
        OrganizationCreated = "organization.created",
        /// Nobody but the owner is left who is active and an admin.
        OrganizationLastAdminLeft = "organization.last_admin_left",
        /// The owner's title is another person's.
        OrganizationOwnerChanged = "organization.owner_changed",
        /// A directory wanted to turn the owner away, and was refused.
        OrganizationOwnerKept = "organization.owner_kept",
        /// The owner cannot act any more.
        OrganizationOwnerUnavailable = "organization.owner_unavailable",
        /// Somebody is to own the organization, if they accept.
        OrganizationTransferBegun = "organization.transfer_begun",
        /// The owner said yes to the transfer of ownership.
        OrganizationTransferConfirmed = "organization.transfer_confirmed",
        /// A transfer of ownership is over, and the owner is the same.
        OrganizationTransferEnded = "organization.transfer_ended",
        /// An organization's policy changed.
        OrganizationUpdated = "organization.updated",
        /// A project was created.
        ProjectCreated = "project.created",
        /// A project has another name, is archived, or is live again.
        ProjectUpdated = "project.updated",
        /// The roles of many people are computed by rules that changed: all of them are.
        RecomputeFinished = "recompute.finished",
        /// The roles of many people are computed by rules that changed: it begins.
        RecomputeStarted = "recompute.started",
        /// A role was created.
        RoleCreated = "role.created",
        /// A role was removed.
        RoleRemoved = "role.removed",
        /// A role has another name for people.
        RoleUpdated = "role.updated",
        /// What a safeguard held is done, since somebody said yes.
        SafeguardApproved = "safeguard.approved",
        /// Nobody decided in time about what a safeguard held.
        SafeguardExpired = "safeguard.expired",
        /// What a safeguard held is not done, since somebody said no.
        SafeguardRejected = "safeguard.rejected",
        /// A directory took away or gave more within an hour than is usual.
        SafeguardTripped = "safeguard.tripped",
        /// A person signed in.
        SessionCreated = "session.created",
        /// A session was ended.
        SessionRevoked = "session.revoked",
        /// Digits were mailed to whom a link to set up a connection is for.
        SetupLinkCodeMailed = "setup_link.code_mailed",
        /// A link to set up a connection was made.
        SetupLinkCreated = "setup_link.created",
        /// Whom a link to set up a connection is for opened it in a browser.
        SetupLinkEntered = "setup_link.entered",
        /// Whoever has a link to set up a connection said that all is done.
        SetupLinkFinished = "setup_link.finished",
        /// Somebody said wrong digits to open a link to set up a connection.
        SetupLinkRefused = "setup_link.refused",
        /// A link to set up a connection was taken back.
        SetupLinkRevoked = "setup_link.revoked",
        /// A link to set up a connection was opened.
        SetupLinkVisited = "setup_link.visited",
        /// A sign-in was refused.
        SignInRefused = "sign_in.refused",
        /// A SCIM token was issued.
        TokenIssued = "token.issued",
        /// A SCIM token was revoked.
        TokenRevoked = "token.revoked",
        /// What a request or a window did to people was undone.
        UndoApplied = "undo.applied",
        /// A directory took over a person who was there.
        UserAdopted = "user.adopted",
        /// A person came.
        UserCreated = "user.created",
        /// A person was deleted.
        UserDeleted = "user.deleted",
        /// A person's personal data were erased, for good.
        UserErased = "user.erased",
        /// A person may sign in by a link up to their own role, since they and the owner said so.
        UserLinkConfirmed = "user.link_confirmed",
        /// A person proved a link to be theirs: it waits for the owner's yes.
        UserLinkProved = "user.link_proved",
        /// A directory names a privileged person: the link waits for a yes.
        UserLinkProposed = "user.link_proposed",
        /// The owner, or an admin, said that a link is not good for a person's own role.
        UserLinkRefused = "user.link_refused",
        /// Somebody said that a directory's resource is not that person.
        UserLinkRejected = "user.link_rejected",
        /// A person's roles in projects changed, and nothing else.
        UserProjectsChanged = "user.projects_changed",
        /// A suspended person is back.
        UserReactivated = "user.reactivated",
        /// A person's role changed.
        UserRoleChanged = "user.role_changed",
        /// A person may not sign in any more.
        UserSuspended = "user.suspended",
        /// A person's profile changed.
        UserUpdated = "user.updated",
        /// A webhook was set up.
        WebhookCreated = "webhook.created",
        /// A webhook was deleted.
        WebhookDeleted = "webhook.deleted",
        /// Nothing is posted to a webhook any more, since it is gone or failed for days.
        WebhookDisabled = "webhook.disabled",
        /// A webhook's settings or secret changed, or it was enabled again.
        WebhookUpdated = "webhook.updated",
    }
}

impl EventKind {
    /// Whether it may have changed by which rules roles are given.
    pub fn changes_rules(self) -> bool {
        matches!(
            self,
            Self::ConnectionCreated
                | Self::ConnectionDeleted
                | Self::ConnectionUpdated
                | Self::MappingCreated
                | Self::MappingRemoved
                | Self::MappingUpdated
                | Self::OrganizationCreated
                | Self::OrganizationUpdated
                | Self::ProjectCreated
                | Self::RoleCreated
                | Self::RoleRemoved
                | Self::RoleUpdated
        )
    }

    /// Who may read events of this kind.
    pub fn visibility(self) -> Visibility {
        match self {
            Self::AppCreated
            | Self::AppRevoked
            | Self::AppUpdated
            | Self::ConnectionCertificateEnding
            | Self::ConnectionMetadataApplied
            | Self::ConnectionMetadataDismissed
            | Self::ConnectionMetadataExpired
            | Self::ConnectionMetadataProposed
            | Self::ConnectionMetadataRefused
            | Self::ConnectionTokenEnding
            | Self::ConnectionUpdated
            | Self::ConsoleCodeMailed
            | Self::ConsoleLinkIssued
            | Self::ConsoleRefused
            | Self::ConsoleSignedIn
            | Self::DomainAdded
            | Self::DomainLapsed
            | Self::DomainRemoved
            | Self::GrantEnded
            | Self::GrantGiven
            | Self::KeyIssued
            | Self::KeyRevoked
            | Self::MappingCreated
            | Self::MappingGroupBound
            | Self::MappingGroupRenamed
            | Self::MappingRemoved
            | Self::MappingUpdated
            | Self::OrganizationBreakGlassClosed
            | Self::OrganizationBreakGlassCodeMailed
            | Self::OrganizationBreakGlassOpened
            | Self::OrganizationBreakGlassRefused
            | Self::OrganizationBreakGlassUsed
            | Self::OrganizationLastAdminLeft
            | Self::OrganizationOwnerKept
            | Self::OrganizationTransferBegun
            | Self::OrganizationTransferConfirmed
            | Self::OrganizationTransferEnded
            | Self::OrganizationUpdated
            | Self::ProjectCreated
            | Self::RecomputeFinished
            | Self::RecomputeStarted
            | Self::RoleCreated
            | Self::RoleRemoved
            | Self::SetupLinkCreated
            | Self::SetupLinkFinished
            | Self::SetupLinkRevoked
            | Self::SetupLinkVisited
            | Self::RoleUpdated
            | Self::SignInRefused
            | Self::TokenIssued
            | Self::TokenRevoked
            | Self::UserLinkProved
            | Self::UserLinkRefused
            | Self::WebhookCreated
            | Self::WebhookDeleted
            | Self::WebhookDisabled
            | Self::WebhookUpdated => Visibility::Admin,
            _ => Visibility::Feed,
        }
    }
}
