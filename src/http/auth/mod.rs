//! Who asks: by the cookies of a browser.

pub mod session;
