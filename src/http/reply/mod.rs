//! The three ways to answer, and to say no: SCIM errors (RFC 7644 §3.12), problems (RFC 9457) and
//! pages for people. Each is one exhaustive match over what can go wrong; a fault of ours is
//! logged here, once, and nothing inner is shown.

pub mod oauth;
pub mod page;
pub mod problem;
pub(in crate::http) mod quota;
pub mod scim;
