//! Signatures as Standard Webhooks 1.0 has them: HMAC-SHA-256 over the id, the time and the body, each
//! before a dot but the last. While a secret takes another's place there are two.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::id::Entropy;
use crate::secret::{self, Bearer};

/// What secrets start with.
const PREFIX: &str = "whsec_";

/// A fresh secret: the prefix and 256 random bits in base64, with its padding.
pub fn fresh(entropy: &Entropy) -> Bearer {
    let bytes: [u8; 32] = entropy.bytes();
    Bearer::kept(format!("{PREFIX}{}", STANDARD.encode(bytes)))
}

/// The signatures of a message by these secrets, with a space between them; `None` where one of them
/// is no secret.
pub fn sign(secrets: &[Bearer], id: &str, timestamp: i64, body: &str) -> Option<String> {
    let message = format!("{id}.{timestamp}.{body}");
    let signature = |secret: &Bearer| {
        let key = STANDARD
            .decode(secret.reveal().strip_prefix(PREFIX)?)
            .ok()?;
        let mac = secret::mac(&key, message.as_bytes());
        Some(format!("v1,{}", STANDARD.encode(mac)))
    };
    let all: Option<Vec<_>> = secrets.iter().map(signature).collect();
    all.map(|all| all.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector that the standard's own libraries are tested with.
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: i64 = 1_614_265_330;
    const BODY: &str = r#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn published() -> Bearer {
        Bearer::kept("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned())
    }

    #[test]
    fn the_published_vector_is_signed_as_published() {
        assert_eq!(
            sign(&[published()], ID, AT, BODY).as_deref(),
            Some(SIGNATURE)
        );
        for (id, at, body) in [
            ("msg_p5jXN8AQM9LWM0D4loKWxJel", AT, BODY),
            (ID, AT + 1, BODY),
            (ID, AT, r#"{"test": 2432232315}"#),
        ] {
            assert_ne!(
                sign(&[published()], id, at, body).as_deref(),
                Some(SIGNATURE)
            );
        }
    }

    #[test]
    fn two_secrets_sign_twice_and_what_is_none_signs_nothing() {
        let entropy = Entropy::seeded(3);
        let (old, new) = (published(), fresh(&entropy));
        assert_eq!(new.reveal().len(), 6 + 44);
        let both = sign(&[new.clone(), old.clone()], ID, AT, BODY).unwrap();
        let (first, second) = both.split_once(' ').unwrap();
        assert_eq!(second, SIGNATURE);
        assert_eq!(Some(first.to_owned()), sign(&[new], ID, AT, BODY));
        assert_eq!(
            sign(&[old, Bearer::kept("whsec".to_owned())], ID, AT, BODY),
            None
        );
    }
}
