//! Encrypted assertions (SAML Core 2.2.4, 2.3.4; XML Encryption 1.1): what an EncryptedAssertion may look
//! like, and how it is opened.
//!
//! Nothing here verifies anything. Whoever has our certificate can encrypt for us, and CBC lets a message be
//! changed on its way, so that what is opened is no better than what was received: [`super::signature`] says
//! when it may be read. Until then every fault that the plaintext could have caused has one name.
//!
//! | file | rules |
//! |---|---|
//! | `algorithm` | AES in GCM or CBC, RSA-OAEP; nothing else (XML Encryption 5.2, 5.5) |
//! | `sealed` | EncryptedData with its EncryptedKeys, as they stand in the message (3.1 to 3.5) |
//! | `key` | the private keys of ours |
//! | `content` | the content, decrypted |
//! | `plaintext` | the plaintext, parsed where it stood (4.4) |
//! | `failures` | a brake for who asks about CBC again and again |

mod algorithm;
mod content;
mod failures;
mod key;
mod plaintext;
mod sealed;

pub use failures::Failures;
pub use key::DecryptionKey;

pub(super) use failures::Brake;
pub(super) use plaintext::{Plaintext, Scope};
pub(super) use sealed::Sealed;
