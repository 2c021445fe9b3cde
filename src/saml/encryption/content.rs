//! The content: AES in GCM (XML Encryption 5.2.4) or CBC (5.2.3), its initialization vector in front.

use openssl::symm::{Cipher, Crypter, Mode, decrypt_aead};

use super::algorithm::Content;

const GCM_VECTOR: usize = 12;
const GCM_TAG: usize = 16;
const BLOCK: usize = 16;

/// The plaintext, if key and ciphertext belong together, as far as the algorithm can say.
pub(super) fn decrypt(content: Content, key: &[u8], octets: &[u8]) -> Option<Vec<u8>> {
    if key.len() != content.key_octets() {
        return None;
    }
    match content {
        Content::Aes128Cbc => cbc(Cipher::aes_128_cbc(), key, octets),
        Content::Aes128Gcm => gcm(Cipher::aes_128_gcm(), key, octets),
        Content::Aes256Cbc => cbc(Cipher::aes_256_cbc(), key, octets),
        Content::Aes256Gcm => gcm(Cipher::aes_256_gcm(), key, octets),
    }
}

/// The tag is the last 16 octets, all of them: a shorter one is no tag.
fn gcm(cipher: Cipher, key: &[u8], octets: &[u8]) -> Option<Vec<u8>> {
    let (vector, rest) = octets.split_at_checked(GCM_VECTOR)?;
    let (data, tag) = rest.split_at_checked(rest.len().checked_sub(GCM_TAG)?)?;
    decrypt_aead(cipher, key, Some(vector), &[], data, tag).ok()
}

/// The last octet says how many were added (5.2.2); what the others of them are is not said, so OpenSSL's
/// own padding is not asked.
fn cbc(cipher: Cipher, key: &[u8], octets: &[u8]) -> Option<Vec<u8>> {
    let (vector, data) = octets.split_at_checked(BLOCK)?;
    if data.is_empty() || !data.len().is_multiple_of(BLOCK) {
        return None;
    }
    let mut crypter = Crypter::new(cipher, Mode::Decrypt, key, Some(vector)).ok()?;
    crypter.pad(false);
    let mut plaintext = vec![0; data.len() + BLOCK];
    let count = crypter.update(data, &mut plaintext).ok()?;
    let count = count + crypter.finalize(plaintext.get_mut(count..)?).ok()?;
    plaintext.truncate(count);
    let padding = usize::from(*plaintext.last()?);
    if padding == 0 || padding > BLOCK {
        return None;
    }
    plaintext.truncate(count.checked_sub(padding)?);
    Some(plaintext)
}
