//! The queries of the console: who is there, and what lets somebody in.

use crate::id::{ConsoleLinkId, ConsoleSessionId, MailCodeId, OrganizationId, SetupLinkId, UserId};
use crate::secret::Hash;
use crate::store::rows::{
    ConsoleCodeRow, ConsoleLinkRow, ConsoleSessionRow, SetupCodeRow, SetupLinkRow,
};
use crate::store::tx::ops;
use crate::store::types::Time;

ops! {
    /// The query `console::insert_session`.
    insert_console_session = console::insert_session(row: &ConsoleSessionRow) -> ();
    /// The session of this cookie, of whomever: the cookie tells it.
    console_session = console::session_by_hash(hash: &Hash) -> Option<ConsoleSessionRow>;
    /// The query `console::touch_session`.
    touch_console_session = console::touch_session(id: ConsoleSessionId, at: Time) -> ();
    /// The query `console::end_session`.
    end_console_session = console::end_session(id: ConsoleSessionId, at: Time) -> ();
    /// Ends what a person has open at the console.
    end_console_sessions_of = console::end_sessions_of(org: OrganizationId, user: UserId, at: Time) -> ();
    /// The query `console::session_by_id`.
    console_session_by_id = console::session_by_id(id: ConsoleSessionId) -> Option<ConsoleSessionRow>;
    /// Forgets what was over before then, of whomever, but for who was there of this organization, or as the operator.
    forget_console = console::forget(before: Time, kept: Option<OrganizationId>) -> ();
    /// The query `console::insert_link`.
    insert_console_link = console::insert_link(row: &ConsoleLinkRow) -> ();
    /// The link of this token, of whomever: the token tells it.
    console_link = console::link_by_hash(hash: &Hash) -> Option<ConsoleLinkRow>;
    /// Uses a link up; whether it was good until now.
    use_console_link = console::use_link(id: ConsoleLinkId, at: Time) -> bool;
    /// Ends the links that let a person in.
    end_console_links_of = console::end_links_of(org: OrganizationId, user: UserId, at: Time) -> ();
    /// The query `console::insert_code`.
    insert_console_code = console::insert_code(row: &ConsoleCodeRow) -> ();
    /// The query `console::update_code`.
    update_console_code = console::update_code(row: &ConsoleCodeRow) -> ();
    /// A code that was mailed.
    console_code = console::code(org: OrganizationId, id: MailCodeId) -> Option<ConsoleCodeRow>;
    /// What was mailed to a person since then, the latest first.
    console_codes_since = console::codes_since(org: OrganizationId, user: UserId, since: Time) -> Vec<ConsoleCodeRow>;
    /// The query `setup_links::insert`.
    insert_setup_link = setup_links::insert(row: &SetupLinkRow) -> ();
    /// The query `setup_links::update`.
    update_setup_link = setup_links::update(row: &SetupLinkRow) -> ();
    /// The query `setup_links::by_id`.
    setup_link = setup_links::by_id(org: OrganizationId, id: SetupLinkId) -> Option<SetupLinkRow>;
    /// The link of this token, in whichever organization: the token tells it.
    setup_link_by_hash = setup_links::by_hash(hash: &Hash) -> Option<SetupLinkRow>;
    /// The links of an organization, in the order of ids.
    setup_links = setup_links::all(org: OrganizationId) -> Vec<SetupLinkRow>;
    /// The query `setup_links::insert_code`.
    insert_setup_code = setup_links::insert_code(row: &SetupCodeRow) -> ();
    /// The query `setup_links::update_code`.
    update_setup_code = setup_links::update_code(row: &SetupCodeRow) -> ();
    /// A code that was mailed for one.
    setup_code = setup_links::code(org: OrganizationId, id: MailCodeId) -> Option<SetupCodeRow>;
    /// What was mailed for one since then, the latest first.
    setup_codes_since = setup_links::codes_since(org: OrganizationId, id: SetupLinkId, since: Time) -> Vec<SetupCodeRow>;
    /// What was mailed in an organization since then, the latest first, and for whom.
    setup_codes_mailed = setup_links::mailed_since(org: OrganizationId, since: Time) -> Vec<(SetupCodeRow, Option<String>)>;
    /// Forgets codes that were over before then, and whom those links were for that were over before that.
    forget_setup = setup_links::forget(codes: Time, contacts: Time) -> ();
}
