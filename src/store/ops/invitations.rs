//! The queries of invitations, imports and the outbox.

use crate::directory::delivery::Load;
use crate::directory::invitation::change::ChangeState;
use crate::id::ProjectId;
use crate::id::{
    ApiKeyId, DeliveryId, ImportId, InvitationChangeId, InvitationId, LeaseId, MailCodeId,
    OrganizationId, UserId,
};
use crate::store::invited::Invited;
use crate::store::ops::InvitationProject;
use crate::store::rows::{
    IdempotencyRow, ImportRow, InvitationChangeRow, InvitationRow, MailCodeRow, OutboxRow,
    ShareHookRow, UserRow,
};
use crate::store::tx::ops;
use crate::store::types::{Doc, Time};

ops! {
    /// The living people with these sign-in addresses.
    users_of_domain = users::of_domain(org: OrganizationId, domain: &str) -> i64;
    /// The query `users::by_emails`.
    users_by_emails = users::by_emails(org: OrganizationId, norms: &[String]) -> Vec<UserRow>;
    /// People with these addresses whom a directory deleted, the latest deleted last.
    buried_by_emails = users::buried(org: OrganizationId, norms: &[String]) -> Vec<UserRow>;
    /// The query `imports::insert`.
    insert_import = imports::insert(row: &ImportRow) -> ();
    /// The query `imports::by_id`.
    import = imports::by_id(org: OrganizationId, id: ImportId) -> Option<ImportRow>;
    /// Imports, the oldest first.
    imports = imports::list(org: OrganizationId, after: Option<ImportId>, limit: i64) -> Vec<ImportRow>;
    /// Forgets the rows of imports of before then, and keeps their counts; answers how many.
    forget_import_results = imports::forget_results(before: Time) -> usize;
    /// The query `invitations::insert`.
    insert_invitation = invitations::insert(row: &InvitationRow) -> ();
    /// The query `invitations::update`.
    update_invitation = invitations::update(row: &InvitationRow) -> ();
    /// The query `invitations::by_id`.
    invitation = invitations::by_id(org: OrganizationId, id: InvitationId) -> Option<InvitationRow>;
    /// The invitation that a link names: the link is what tells the organization.
    invitation_of_link = invitations::of_link(id: InvitationId) -> Option<InvitationRow>;
    /// The open invitations to these addresses: at most one each.
    open_invitations = invitations::open(org: OrganizationId, norms: &[String]) -> Vec<InvitationRow>;
    /// The open invitations of an import.
    open_invitations_of_import = invitations::open_of_import(org: OrganizationId, import: ImportId) -> Vec<InvitationRow>;
    /// All invitations of an import.
    invitations_of_import = imports::invitations(org: OrganizationId, import: ImportId) -> Vec<InvitationRow>;
    /// Open invitations whose inviter is this person.
    open_invitations_by = invitations::open_by(org: OrganizationId, inviter: UserId) -> Vec<InvitationRow>;
    /// Takes a pending invitation that is still of this version and has not expired; `false` where
    /// somebody was faster.
    accept_invitation = invitations::accept(org: OrganizationId, id: InvitationId, version: i64, user: UserId, via: &str, at: Time) -> bool;
    /// How many invitations were made since then: by one actor, to one address, or by anybody.
    invitations_since = invitations::made_since(org: OrganizationId, actor: Option<&str>, norm: Option<&str>, since: Time) -> i64;
    /// When the one of these was made that so many others were made before.
    invitation_made_at = invitations::made_at(org: OrganizationId, actor: Option<&str>, norm: Option<&str>, since: Time, before: i64) -> Option<Time>;
    /// A page of the invitations that somebody asks for.
    invitation_page = invitations::page(org: OrganizationId, asked: &Invited, now: Time) -> Vec<InvitationRow>;
    /// The projects of these invitations.
    invitation_projects = invitations::projects(org: OrganizationId, ids: &[InvitationId]) -> Vec<(InvitationId, ProjectId)>;
    /// The query `invitations::insert_projects`.
    insert_invitation_projects = invitations::insert_projects(rows: &[InvitationProject]) -> ();
    /// The query `invitations::forget_projects`.
    forget_invitation_projects = invitations::forget_projects(org: OrganizationId, id: InvitationId) -> ();
    /// Invitations that were closed before then and still name an address, in any organization.
    stale_invitations = invitations::stale(before: Time, limit: i64) -> Vec<InvitationRow>;
    /// The query `invitations::insert_code`.
    insert_mail_code = invitations::insert_code(row: &MailCodeRow) -> ();
    /// The query `invitations::code`.
    mail_code = invitations::code(org: OrganizationId, id: MailCodeId) -> Option<MailCodeRow>;
    /// The codes that were mailed for an invitation since then, the latest first.
    mail_codes_since = invitations::codes_since(org: OrganizationId, invitation: InvitationId, since: Time) -> Vec<MailCodeRow>;
    /// How many codes were mailed to an address since then, for any invitation.
    mail_codes_to = invitations::codes_to(org: OrganizationId, norm: &str, since: Time) -> i64;
    /// Notes a try of a code; `used` when it was right.
    try_mail_code = invitations::try_code(org: OrganizationId, id: MailCodeId, used: Option<Time>) -> ();
    /// The query `invitation_changes::insert`.
    insert_invitation_change = invitation_changes::insert(row: &InvitationChangeRow) -> ();
    /// The wishes for another address that nobody has decided, of these invitations: at most one each.
    open_invitation_changes = invitation_changes::open(org: OrganizationId, ids: &[InvitationId]) -> Vec<InvitationChangeRow>;
    /// When those of an invitation were made since then, the first one first.
    invitation_changes_since = invitation_changes::made_since(org: OrganizationId, invitation: InvitationId, since: Time) -> Vec<Time>;
    /// Decides one that is open; `false` where somebody was faster.
    decide_invitation_change = invitation_changes::decide(org: OrganizationId, id: InvitationChangeId, state: ChangeState, by: &str, at: Time) -> bool;
    /// Closes what is open of an invitation that is over.
    void_invitation_changes = invitation_changes::void(org: OrganizationId, invitation: InvitationId, at: Time) -> ();
    /// Forgets which addresses were named with an invitation's link.
    forget_invitation_changes = invitation_changes::forget(org: OrganizationId, invitation: InvitationId) -> ();
    /// The query `outbox::insert`.
    insert_delivery = outbox::insert(row: &OutboxRow) -> ();
    /// The query `outbox::by_id`.
    delivery = outbox::by_id(org: OrganizationId, id: DeliveryId) -> Option<OutboxRow>;
    /// What of a load is due in any organization and under nobody's lease, the longest due first.
    due_deliveries = outbox::due(load: Load, now: Time, limit: i64) -> Vec<OutboxRow>;
    /// Takes a row as it was seen for a while; `false` where somebody else did.
    claim_delivery = outbox::claim(row: &OutboxRow, lease: LeaseId, until: Time) -> bool;
    /// Marks that the mail is being handed over from here on, under a lease until then; `false` where
    /// the lease is lost.
    sending_delivery = outbox::sending(org: OrganizationId, id: DeliveryId, lease: LeaseId, until: Time) -> bool;
    /// Writes how it went, and lets go of the lease; `false` where the lease is lost.
    finish_delivery = outbox::finish(row: &OutboxRow, lease: LeaseId) -> bool;
    /// The deliveries of these invitations, the oldest first.
    deliveries_of_invitations = outbox::of_invitations(org: OrganizationId, ids: &[InvitationId]) -> Vec<OutboxRow>;
    /// Cancels what was not sent yet for an invitation; a mail that is being handed over stays.
    cancel_deliveries = outbox::cancel(org: OrganizationId, invitation: InvitationId, at: Time) -> ();
    /// Cancels the posts of an invitation that wait to be sent; one that is being sent stays.
    cancel_posts = outbox::cancel_posts(org: OrganizationId, invitation: InvitationId, at: Time) -> ();
    /// Forgets whom the mails of an invitation went to, and what they told.
    forget_recipients = outbox::forget_recipients(org: OrganizationId, invitation: InvitationId) -> ();
    /// Forgets so many of what apps were told, or were not told for good, before then; in all
    /// organizations.
    forget_logouts = outbox::forget_logouts(before: Time, limit: i64) -> usize;
    /// Forgets so many of the alerts that were mailed, or not for good, before then; in all organizations.
    forget_alerts = outbox::forget_alerts(before: Time, limit: i64) -> usize;
    /// Whether an alert that says just this to this receiver was owed since then.
    is_alerted = outbox::is_alerted(org: OrganizationId, recipient: &str, detail: &Doc, since: Time) -> bool;
    /// How many are owed now, in all organizations.
    owed_deliveries = outbox::owed() -> i64;
    /// Where the organization's shared links are posted to.
    share_hook = share_hooks::of(org: OrganizationId) -> Option<ShareHookRow>;
    /// The query `share_hooks::insert`.
    insert_share_hook = share_hooks::insert(row: &ShareHookRow) -> ();
    /// The query `share_hooks::forget`.
    forget_share_hook = share_hooks::forget(org: OrganizationId) -> ();
    /// What a key asked under this name.
    idempotency = idempotency::by_name(key: ApiKeyId, name: &str) -> Option<IdempotencyRow>;
    /// Writes that a key asks something under a name; `false` where it did already.
    claim_idempotency = idempotency::claim(row: &IdempotencyRow) -> bool;
    /// Writes what was answered.
    answer_idempotency = idempotency::answer(key: ApiKeyId, name: &str, sealed: &[u8]) -> ();
    /// The query `idempotency::forget`.
    forget_idempotency = idempotency::forget(key: ApiKeyId, name: &str) -> ();
    /// Forgets what was asked up to then; answers how many.
    forget_old_idempotency = idempotency::forget_old(until: Time) -> usize;
}
