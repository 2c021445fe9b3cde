//! Usher: a SCIM 2.0 and SAML identity-provisioning gateway. A SaaS product puts it in front of
//! itself; its customers point their identity providers at it, and it keeps the one user store
//! that says who is in, with which role, and why.
//!
//! # Layers
//!
//! `scim`, `saml` and `oidc` speak; `directory` defines; `store` keeps; `provisioning` changes;
//! `http` and `worker` carry. Each may import only what stands above it in this table; a test reads every
//! import and compares.
//!
//! | layer | module | knows nothing of |
//! |---|---|---|
//! | 0 | [`clock`], [`id`], [`secret`], [`limits`] | everything else |
//! | 0 | [`scim`], [`saml`], [`oidc`], [`roster`] | HTTP, SQL, organizations, each other |
//! | 1 | [`directory`] | SQL, HTTP |
//! | 1 | [`mail`] (composing, not sending) | SMTP |
//! | 2 | [`store`] | who calls it |
//! | 3 | [`provisioning`] | HTTP |
//! | 4 | [`http`], [`worker`] | commands, each other |
//! | 5 | [`app`], [`cli`], [`config`], [`demo`], [`serve`] | |
//!
//! Reads may go from `http` to the store; writes only through `provisioning`, and every change
//! ends in its `settle`.
//!
//! # Words
//!
//! | word | means |
//! |---|---|
//! | Organization | the tenant; everything belongs to exactly one |
//! | Connection | one organization's tie to one identity provider: SAML half, SCIM half, mappings |
//! | SCIM client | the caller of `/scim/{connection}/v2`, known by its bearer |
//! | User, Group, Member | RFC 7643's resources; a Member is a User, or a Group, in a Group |
//! | Mapping | a connection's rule: this group gives this role |
//! | Grant | a role that a person has from one source |
//! | Entitlement | what the grants add up to; derived, never typed in |
//! | Draft | what a channel says a user or group should be |
//! | Source | who asks for a change |
//! | Event | what happened, numbered without gaps in each organization |
//!
//! # Three walks
//!
//! **A directory adds a member.** `PATCH /scim/{connection}/v2/Groups/{id}` arrives in
//! `http::scim::groups`; [`scim::patch`] turns what Okta and Entra really send into one form and
//! refuses bad paths before any SQL; [`provisioning::scim_change()`] opens one transaction in which
//! the token is checked and the organization's row taken; [`provisioning::groups`] applies the
//! member operations as rows, so that a group of any size is never read; `settle` finds which
//! people's roles differ now and appends the events. Commit, then 204.
//!
//! **A person signs in from their identity provider.** `POST /saml/{connection}/acs` is decoded,
//! passes the strict gate before any signature library sees it, is verified one certificate at a
//! time, and only the octets that were signed are read: [`saml`] has a type for each step, and
//! only the last can be given to provisioning. There the person is found or created, the message
//! remembered, the session begun, all in one transaction; the browser goes to the application's
//! `initiate_login_uri`, which starts `/oauth/authorize` by itself.
//!
//! **A person leaves.** `PATCH active=false` suspends them and ends their sessions and codes in
//! the transaction that answers it: a code that was issued a second ago buys nothing any more.
//!
//! # Decisions that the standards leave open
//!
//! - A comparison with an absent attribute is false, but `ne` holds; `eq null` means not present.
//! - A PUT or PATCH that does not say `active` never changes it; a PUT without `members` keeps
//!   them.
//! - A User's version does not move with its groups; a Group's does with its members, also when a
//!   member is deleted.
//! - `Group.members.display` is read from the member; the group's version does not move with it.
//! - `ServiceProviderConfig` answers without a token (RFC 7643 §5 recommends it); every other
//!   path asks for one first.
//! - The defaults of a connection and of an organization are folded in by the resolver and leave
//!   no grant rows: changing a default needs no rewriting of people.
//! - A SCIM client's access token is opaque and looked up, so that it dies with its client at once.
//!   It is for one connection, never renewed, and also given while the connection is paused: that
//!   is told where every other token is told it, at the SCIM door.
//! - A client that is registered with a secret may send it in the header or in the form unless it
//!   is bound to one of them; one with keys has no secret.
//! - A person whom a directory adopts keeps what others granted; the directory's groups come first.
//! - Rate limits of the admin API are off unless they are set, and each process counts for itself. A stranger uses up
//!   those of their address and of the key that they made up, never that of an organization; the console, which calls
//!   the operations themselves, is not counted.
//! - The console is a second face of the admin API: its pages call the API's own operations, as whoever is signed in
//!   there. An admin may do what an organization's key may, never above their own role as their sign-in caps it; a
//!   key that they issue is good while they are an admin. Whom a live connection trusts an organization's key does
//!   not change, and an admin at the console does, who said within five minutes who they are; the owner's
//!   confirmation is void then. Whoever makes somebody an admin said so, too, whatever makes them one: a role, a rule
//!   that goes, somebody who is let in again. That is judged where roles come out, in `settle`.
//! - A mailed code lets an admin in at the console while no connection of the organization signs people in. It never
//!   acts as the owner, and never as an operator.
//! - Who changes anything of the organization `operators` is an operator who may do everything: its admins are
//!   operators.
//! - A set-up link does not take its connection live, also where nobody is in the organization yet: an admin or the
//!   operator looks first. Until then its directory may read, so that Okta's and Entra's own tests succeed. One that
//!   names its contact opens in a browser in which a mailed code was said, for twelve hours: whoever else was sent the
//!   link learns the organization's name, whether the link is over, and of the address a letter and the domain.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod directory;
pub mod http;
pub mod id;
pub mod limits;
pub mod mail;
pub mod oidc;
pub mod outbound;
pub mod provisioning;
pub mod roster;
pub mod saml;
pub mod scim;
pub mod secret;
pub mod serve;
pub mod store;
pub mod worker;
