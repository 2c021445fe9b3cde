//! The demo's parts: an identity provider that signs, for the tests, for `usher demo` and for
//! trying by hand.

pub mod idp;
