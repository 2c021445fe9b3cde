//! Whom mail is from and to. An address is parsed before it comes into a header, and a line's end
//! in one is refused: nobody writes a header of ours but we.

use lettre::Address;
use lettre::message::Mailbox;

use super::wording::one_line;
use crate::directory::email;

/// The text is no address to which mail can go. It is personal, and so not repeated here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no e-mail address to which mail can go")]
pub struct Unmailable;

/// A mailbox: an address, and a name where there is one. The domain is written as A-labels
/// (RFC 5890 §2.3.2.1), the local part as it was typed; of the name only what makes one line.
pub fn mailbox(name: Option<&str>, address: &str) -> Result<Mailbox, Unmailable> {
    if address.contains(char::is_control) {
        return Err(Unmailable);
    }
    let read = email::Address::parse(address).ok_or(Unmailable)?;
    let (local, _) = read.typed().rsplit_once('@').ok_or(Unmailable)?;
    let address = Address::new(local, read.domain()).map_err(|_| Unmailable)?;
    let name = name.map(one_line).filter(|name| !name.is_empty());
    Ok(Mailbox::new(name, address))
}
