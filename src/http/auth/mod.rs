//! Who asks: by a browser's cookies, or by a key of the admin API. Credentials are looked up inside
//! the transaction of what they are good for.

pub mod admin;
pub mod session;
