//! Who asks: extractors that read a request's credential. None of them asks the store: a credential
//! is looked up inside the transaction of what it is good for.

pub mod admin;
pub mod session;
pub(in crate::http) mod visit;
