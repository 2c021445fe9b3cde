//! The types of problems: one list, each with its slug, status, title, and what to do.

use axum::http::StatusCode;

/// Declares the list of problem types: each with its slug, status, title, and what to do.
macro_rules! types {
    ($($variant:ident = $slug:literal, $status:literal, $title:literal, $help:literal;)+) => {
        /// A type of problem; its slug is stable and public.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the list says of each what it is")]
        pub enum Type { $($variant,)+ }

        impl Type {
            /// Every type, in the order of slugs.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The last part of the problem's `type`.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug,)+ }
            }

            /// The status it is answered with.
            pub fn status(self) -> StatusCode {
                let code = match self { $(Self::$variant => $status,)+ };
                StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// What happened, in a few words: the same for every problem of the type.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What to do about it.
            pub fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)+ }
            }
        }
    };
}

types! {
    AlreadyAccepted = "already_accepted", 409, "The invitation was accepted",
        "Change the person instead: their role, or suspend them.";
    AlreadyMember = "already_member", 409, "Somebody with this address is a member",
        "Change their role instead.";
    AmbiguousExpiry = "ambiguous_expiry", 422, "The expiry is said twice",
        "Say either expires_at or expires_in_days.";
    ArchivedProject = "archived_project", 422, "The project is archived",
        "Name a project that is live.";
    BodyTooLarge = "body_too_large", 413, "The body is too large",
        "Send less at once.";
    BodyTooSlow = "body_too_slow", 408, "The body did not arrive in time",
        "Send the request again.";
    ConnectionPaused = "connection_paused", 409, "The connection is paused",
        "Resume the connection first.";
    Decided = "decided", 409, "It was decided already",
        "Look at what became of it.";
    DeprovisionedByDirectory = "deprovisioned_by_directory", 409, "The directory turned the person away",
        "Reactivate the person at the identity provider.";
    DnsFailed = "dns_failed", 502, "The name server gave no answer",
        "Try again in a while; the operator may name another server (USHER_OUTBOUND__NAME_SERVER).";
    DomainNotAllowed = "domain_not_allowed", 422, "The organization does not invite this domain",
        "Invite an address of a domain that the detail names.";
    DomainTooSoon = "domain_too_soon", 429, "The domain's record was looked for just now",
        "Come again after the time that Retry-After says.";
    DomainUnverified = "domain_unverified", 409, "The domain's record is not there",
        "Publish the TXT record that the detail gives, and try again when it can be seen.";
    ExpiryInPast = "expiry_in_past", 422, "The expiry is in the past",
        "Choose a time that is still to come.";
    ExpiryTooFar = "expiry_too_far", 422, "The expiry is too far ahead",
        "Choose at most 30 days.";
    ExpiryTooSoon = "expiry_too_soon", 422, "The expiry is too near",
        "Choose at least one hour.";
    ExtensionLimit = "extension_limit", 422, "The invitation would live too long",
        "Extend it by less, or later; the detail says until when it may live.";
    IdempotencyInFlight = "idempotency_in_flight", 409, "The first request is not answered yet",
        "Ask again in a while, or look at what was done and use another Idempotency-Key.";
    IdempotencyMismatch = "idempotency_mismatch", 422, "The Idempotency-Key was used already",
        "Use another Idempotency-Key for another request.";
    ImportRefused = "import_refused", 422, "The file is not imported",
        "Mend what errors lists, row by row, and send the file again. Nobody was invited.";
    InsufficientScope = "insufficient_scope", 403, "The key may not do this",
        "Use a key that may; the detail says what this one lacks.";
    Internal = "internal", 500, "Something failed here",
        "Report the trace id to the operator: it leads to the log.";
    Invalid = "invalid", 422, "A value is refused",
        "The detail says which value is refused and why.";
    InvalidEmail = "invalid_email", 422, "The text is no e-mail address",
        "Correct the address.";
    InvalidExpiry = "invalid_expiry", 422, "The expiry is no time",
        "Send a date, or a time with its zone (RFC 3339).";
    InvalidExtension = "invalid_extension", 422, "An invitation is extended by 7, 14 or 30 days",
        "Choose one of the three.";
    InvalidParameter = "invalid_parameter", 400, "A query parameter is wrong",
        "Correct the parameter that the detail names.";
    InvitationClosed = "invitation_closed", 409, "The invitation is closed",
        "Invite the person again.";
    InvitationExists = "invitation_exists", 409, "There is an invitation to this address",
        "Send it again, or change its role; existing_id says which it is.";
    InvitationExpired = "invitation_expired", 409, "The invitation has expired",
        "Extend it first.";
    LastOwner = "last_owner", 409, "The owner stays",
        "Transfer the ownership first.";
    LinkImpossible = "link_impossible", 409, "The resource cannot be that person's",
        "The detail says what stands in the way.";
    MalformedBody = "malformed_body", 400, "The body cannot be read",
        "Send JSON of the shape that the API description gives.";
    MalformedRequest = "malformed_request", 400, "The request cannot be read",
        "Correct the request; the detail says what is wrong with it.";
    ManagedByDirectory = "managed_by_directory", 403, "The directory decides this",
        "Change it at the identity provider.";
    ManagedDomain = "managed_domain", 422, "A directory manages this domain",
        "Provision the person there.";
    MemberSuspended = "member_suspended", 409, "The person is suspended",
        "Reactivate the person instead.";
    MethodNotAllowed = "method_not_allowed", 405, "The path takes other methods",
        "The Allow header says which methods the path takes.";
    MustBeSuspended = "must_be_suspended", 409, "The person is active",
        "Suspend the person first.";
    NeedsAttention = "needs_attention", 409, "The invitation needs attention first",
        "Set its role and its projects, which sets it going again.";
    NoAddressChange = "no_address_change", 409, "Nobody asks for another address",
        "Read the invitation: its address_change says what waits for a decision.";
    NoWayIn = "no_way_in", 409, "The owner cannot be let in without a connection",
        "The detail says what stands in the way, and what to do instead.";
    NotAcceptable = "not_acceptable", 406, "The answer is JSON only",
        "Accept application/json.";
    NotFound = "not_found", 404, "There is no such thing",
        "Check the path. What belongs to another organization than the key is not there for it.";
    NotTransferable = "not_transferable", 409, "The ownership cannot be transferred so",
        "The detail says what stands in the way, and who can help.";
    OutcomeUnknown = "outcome_unknown", 500, "Whether it was done is not known",
        "Look at what was done before you ask again, with another Idempotency-Key.";
    OverrideNotAllowed = "override_not_allowed", 403, "The organization does not let its owner override the directory",
        "Reactivate the person at the identity provider, or change the organization's policy.";
    OverrideUnexplained = "override_unexplained", 422, "An override says why",
        "Say in reason why the directory's word is not to stand.";
    OwnerNotGrantable = "owner_not_grantable", 422, "Ownership is transferred, not granted",
        "Grant another role, or transfer the ownership.";
    PlanChanged = "plan_changed", 409, "The plan is not what was shown",
        "Look at the new plan in the report, and send its digest if it is right.";
    PlanRequired = "plan_required", 409, "Many people's roles would change",
        "Look at the plan, and send its digest along.";
    ResendTooOften = "resend_too_often", 429, "It was sent as often as may be",
        "Come again after the time that Retry-After says.";
    ResendTooSoon = "resend_too_soon", 429, "It was sent just now",
        "Come again after the time that Retry-After says.";
    RoleAboveCeiling = "role_above_ceiling", 422, "The role is above the connection's ceiling",
        "Choose a lower role, or raise the connection's highest role.";
    RoleAboveInviter = "role_above_inviter", 403, "The role is above your own",
        "Choose a role that is not above your own.";
    RoleInUse = "role_in_use", 409, "Something uses the role",
        "Name in replace_with the role that takes its place, after a look at the plan; errors lists what uses it.";
    RoleManagedByDirectory = "role_managed_by_directory", 409, "A group of the directory decides this role",
        "Change the group at the identity provider, or let the owner override it for a while.";
    RoleReserved = "role_reserved", 422, "Every organization needs the role",
        "Leave the role: admin and owner stay.";
    RolesBeingComputed = "roles_being_computed", 409, "Roles are being computed",
        "Try again when the recompute is done.";
    ScopeNotAllowed = "scope_not_allowed", 422, "The role takes no projects",
        "Grant the role without projects.";
    SignInAnew = "sign_in_anew", 403, "Say anew who you are",
        "Sign in at the console once more, and repeat it within five minutes.";
    SignInRefused = "sign_in_refused", 403, "The sign-in is refused",
        "The detail carries the reason's code.";
    Stale = "stale", 412, "It was changed meanwhile",
        "Read it again, and repeat the change on what is there now.";
    Taken = "taken", 409, "The name is taken",
        "Choose another name.";
    TooLong = "too_long", 422, "A text is too long",
        "Shorten the text that the detail names.";
    TooManyClients = "too_many_clients", 422, "Two OAuth clients are live already",
        "Revoke one of them first.";
    TooManyInvitations = "too_many_invitations", 429, "Too many invitations",
        "Come again after the time that Retry-After says.";
    TooManyProjects = "too_many_projects", 422, "Too many projects",
        "Name fewer projects.";
    TooManyRequests = "too_many_requests", 429, "Too many requests",
        "Come again after the time that Retry-After says.";
    TooManyTokens = "too_many_tokens", 422, "Two tokens are live already",
        "Revoke one of them first.";
    TransferOpen = "transfer_open", 409, "A transfer of ownership is under way",
        "Cancel it, or wait for its end.";
    Unauthorized = "unauthorized", 401, "The credential is not good",
        "Send a live key of this installation: Authorization: Bearer sk_...";
    Unavailable = "unavailable", 503, "Usher is busy",
        "Try again after the time that Retry-After says.";
    Unconfirmed = "unconfirmed", 409, "It touches many people and is not confirmed",
        "Read the detail, and confirm with the name that it gives.";
    UnknownApp = "unknown_app", 422, "There is no such app",
        "Create the app first.";
    UnknownProject = "unknown_project", 422, "There is no such project",
        "Create the project first.";
    UnknownRole = "unknown_role", 422, "There is no such role",
        "Name a role of the organization, or create it first.";
    UnsupportedMediaType = "unsupported_media_type", 415, "The body has another media type",
        "Send the body with the Content-Type that the detail names.";
}
