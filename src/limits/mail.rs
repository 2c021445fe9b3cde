//! How mails leave.

/// Mails that one process sends in a second, unless the setting `mail.per_second` says otherwise.
pub const MAILS_PER_SECOND: u32 = 10;

/// Connections to the relay that one process has open at once.
pub const MAIL_CONNECTIONS: usize = 2;

/// Tries to send a mail before it has failed.
pub const MAIL_TRIES: i64 = 5;

/// Characters that are kept of what a relay replied.
pub const MAIL_REPLY: usize = 500;
