//! What a row's mac covers. Every personal value is replaced by a commitment to it, made with a salt
//! that stands beside the row: where value and salt are erased, the commitment stays, and the row's
//! digest with it.
//!
//! A row has one salt, from which each value's own is derived by its place. As soon as something of a
//! row is erased, the salts of what stays are written out one by one and the row's own goes: one
//! person's values can be erased of a row that names several.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::provisioning::audit::personal::places;
use crate::secret::Hash;
use crate::store::rows::EventRow;

/// What the commitments of a row are made with.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Salts {
    /// One salt, of which each place's is derived.
    Row(Vec<u8>),
    /// A salt or a commitment a place.
    Places(BTreeMap<String, Kept>),
}

/// What is kept of one place.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept {
    Salt(Hash),
    Commitment(Hash),
}

/// A row's content, as its mac covers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// The digest.
    pub digest: Hash,
    /// The commitments by place (a JSON pointer into the data).
    pub commitments: BTreeMap<String, Hash>,
    /// Whether a value was erased.
    pub erased: bool,
}

/// The salts are not what they should be: somebody else wrote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Gives a row that is to be written the salt for its personal values, where it has any.
pub fn salt(row: &mut EventRow, data: &Value, salt: impl FnOnce() -> [u8; 16]) {
    if !places(data).is_empty() {
        row.salts = Some(written(&Salts::Row(salt().to_vec())));
    }
}

/// What a row's mac covers.
pub fn covered(row: &EventRow, data: &Value) -> Result<Covered, Malformed> {
    let salts = row.salts.as_deref().map(read).transpose()?;
    let mut redacted = data.clone();
    let mut commitments = BTreeMap::new();
    for place in places(data) {
        let value = redacted.pointer_mut(&place).ok_or(Malformed)?.take();
        let salt = match &salts {
            Some(Salts::Row(salt)) => derived(salt, &place),
            Some(Salts::Places(kept)) => match kept.get(&place) {
                Some(Kept::Salt(salt)) => *salt,
                _ => return Err(Malformed),
            },
            None => return Err(Malformed),
        };
        commitments.insert(place, commitment(&salt, &value));
    }
    let mut erased = false;
    if let Some(Salts::Places(kept)) = &salts {
        for (place, kept) in kept {
            if let Kept::Commitment(hash) = kept {
                erased = true;
                if commitments.insert(place.clone(), *hash).is_some() {
                    return Err(Malformed);
                }
            }
        }
    }
    let digest = digest(row, &redacted, &commitments);
    Ok(Covered {
        digest,
        commitments,
        erased,
    })
}

/// Data of which something was erased, with the salts that are left.
pub type Left = (Value, Option<String>);

/// Erases the values at the places that are meant, with their salts; `None` where there is none. A row that
/// is older than the chain has no salts.
pub fn erased(
    row: &EventRow,
    data: &Value,
    meant: impl Fn(&str) -> bool,
) -> Result<Option<Left>, Malformed> {
    let all = places(data);
    if !all.iter().any(|place| meant(place)) {
        return Ok(None);
    }
    let mut left = data.clone();
    let Some(salts) = row.salts.as_deref() else {
        for place in all.iter().filter(|place| meant(place)) {
            left.pointer_mut(place).ok_or(Malformed)?.take();
        }
        return Ok(Some((left, None)));
    };
    let mut kept = match read(salts)? {
        Salts::Row(salt) => {
            let each = |place: &String| (place.clone(), Kept::Salt(derived(&salt, place)));
            all.iter().map(each).collect()
        }
        Salts::Places(kept) => kept,
    };
    for place in all.iter().filter(|place| meant(place)) {
        let value = left.pointer_mut(place).ok_or(Malformed)?.take();
        let Some(Kept::Salt(salt)) = kept.get(place) else {
            return Err(Malformed);
        };
        let commitment = Kept::Commitment(commitment(salt, &value));
        kept.insert(place.clone(), commitment);
    }
    Ok(Some((left, Some(written(&Salts::Places(kept))))))
}

fn digest(row: &EventRow, redacted: &Value, commitments: &BTreeMap<String, Hash>) -> Hash {
    let mut whole = Sha256::new_with_prefix(b"usher audit content 1\0");
    let mut part = |bytes: &[u8]| {
        whole.update((bytes.len() as u64).to_be_bytes());
        whole.update(bytes);
    };
    part(row.id.uuid().as_bytes());
    part(row.kind.as_str().as_bytes());
    part(row.visibility.as_str().as_bytes());
    part(&row.time.0.as_microsecond().to_be_bytes());
    part(row.actor.as_bytes());
    part(row.cause.as_bytes());
    part(canonical(redacted).as_bytes());
    for (place, commitment) in commitments {
        part(place.as_bytes());
        part(commitment);
    }
    whole.finalize().into()
}

fn derived(salt: &[u8], place: &str) -> Hash {
    let whole = Sha256::new_with_prefix(b"usher audit salt 1\0");
    let whole = whole.chain_update((salt.len() as u64).to_be_bytes());
    whole
        .chain_update(salt)
        .chain_update(place)
        .finalize()
        .into()
}

fn commitment(salt: &Hash, value: &Value) -> Hash {
    let whole = Sha256::new_with_prefix(b"usher audit value 1\0");
    let whole = whole.chain_update(salt).chain_update(canonical(value));
    whole.finalize().into()
}

/// JSON with its members in the order of their names, whatever a database made of it.
fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            for (index, (name, value)) in sorted.into_iter().enumerate() {
                text.push(if index == 0 { '{' } else { ',' });
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(value, text);
            }
            text.push_str(if members.is_empty() { "{}" } else { "}" });
        }
        Value::Array(items) => {
            text.push('[');
            for (index, value) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(value, text);
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

fn written(salts: &Salts) -> String {
    match salts {
        Salts::Row(salt) => URL_SAFE_NO_PAD.encode(salt),
        Salts::Places(kept) => {
            let each = |(place, kept): (&String, &Kept)| {
                let text = match kept {
                    Kept::Salt(salt) => format!("s:{}", URL_SAFE_NO_PAD.encode(salt)),
                    Kept::Commitment(hash) => format!("c:{}", URL_SAFE_NO_PAD.encode(hash)),
                };
                (place.clone(), Value::from(text))
            };
            Value::Object(kept.iter().map(each).collect::<Map<_, _>>()).to_string()
        }
    }
}

fn read(text: &str) -> Result<Salts, Malformed> {
    if !text.starts_with('{') {
        let salt = URL_SAFE_NO_PAD.decode(text).map_err(|_| Malformed)?;
        return Ok(Salts::Row(salt));
    }
    let places: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| Malformed)?;
    let kept = |text: &str| {
        let (kind, text) = text.split_once(':')?;
        let hash: Hash = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        match kind {
            "s" => Some(Kept::Salt(hash)),
            "c" => Some(Kept::Commitment(hash)),
            _ => None,
        }
    };
    let each = places
        .into_iter()
        .map(|(place, text)| Some((place, kept(&text)?)));
    let places: Option<BTreeMap<_, _>> = each.collect();
    places.map(Salts::Places).ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::directory::event::{EventKind, Visibility};
    use crate::store::types::{Doc, Time};

    fn row(data: &Value) -> EventRow {
        let mut row = EventRow {
            org_id: Uuid::from_u128(1).into(),
            seq: 1,
            id: Uuid::from_u128(2).into(),
            kind: EventKind::UserUpdated,
            visibility: Visibility::Feed,
            time: Time(jiff::Timestamp::UNIX_EPOCH),
            actor: "command".to_owned(),
            cause: "test".to_owned(),
            data: Doc(data.to_string()),
            salts: None,
            mac: None,
        };
        salt(&mut row, data, || [7; 16]);
        row
    }

    fn sample() -> Value {
        json!({
            "user_id": "u", "email": "a@b.example", "role": "viewer", "display_name": null,
            "changes": [
                {"attribute": "email", "old": "x@b.example", "new": "a@b.example"},
                {"attribute": "role", "old": "viewer", "new": "editor"},
            ],
            "people": [{"email": "c@d.example", "user_id": "v"}],
        })
    }

    #[test]
    fn what_is_erased_is_still_covered() {
        let data = sample();
        let mut row = row(&data);
        let before = covered(&row, &data).unwrap();
        assert_eq!(
            before.commitments.keys().collect::<Vec<_>>(),
            [
                "/changes/0/new",
                "/changes/0/old",
                "/email",
                "/people/0/email"
            ]
        );
        let (left, salts) = erased(&row, &data, |it| !it.starts_with("/people"))
            .unwrap()
            .unwrap();
        row.salts = salts;
        let after = covered(&row, &left).unwrap();
        assert_eq!((after.digest, after.erased), (before.digest, true));
        assert_eq!(left["people"], data["people"]);
        assert!(!left.to_string().contains("b.example"));
        // The rest goes later, and nothing goes twice.
        let (last, salts) = erased(&row, &left, |_| true).unwrap().unwrap();
        row.salts = salts;
        assert_eq!(covered(&row, &last).unwrap().digest, before.digest);
        assert!(!last.to_string().contains("example"));
        assert_eq!(erased(&row, &last, |_| true), Ok(None));
    }

    #[test]
    fn every_edit_moves_the_digest() {
        let data = sample();
        let row = row(&data);
        let whole = covered(&row, &data).unwrap().digest;
        for edit in [
            json!({"email": "z@b.example"}),
            json!({"email": null}),
            json!({"role": "owner"}),
            json!({"display_name": "Z"}),
            json!({"other": 1}),
        ] {
            let mut edited = data.clone();
            for (name, value) in edit.as_object().unwrap() {
                edited[name] = value.clone();
            }
            assert_ne!(covered(&row, &edited).unwrap().digest, whole, "{edit}");
        }
        let actor = EventRow {
            actor: "system".to_owned(),
            ..row.clone()
        };
        assert_ne!(covered(&actor, &data).unwrap().digest, whole);
        let salts = EventRow { salts: None, ..row };
        assert_eq!(covered(&salts, &data), Err(Malformed));
    }

    #[test]
    fn the_order_of_members_is_nothing() {
        let (one, other) = (
            r#"{"b":[{}, []],"a":{"d":1,"c":"é\n"}}"#,
            r#"{"a":{"c":"é\n","d":1},"b":[{},[]]}"#,
        );
        let read = |text: &str| canonical(&serde_json::from_str(text).unwrap());
        assert_eq!(read(one), read(other));
        assert_eq!(read(one), r#"{"a":{"c":"é\n","d":1},"b":[{},[]]}"#);
    }
}
