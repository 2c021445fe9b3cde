//! What a connection demands, in the document: what differs from the defaults, and nothing else.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::directory::demands::{self, DemandChanges};

/// What a connection demands.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Demands(pub(super) demands::Demands);

impl Demands {
    /// All of them, as a change.
    pub(super) fn change(&self) -> DemandChanges {
        // Whatever is demanded can be said: a test tries it.
        serde_json::from_value(json!(self.0)).unwrap_or_default()
    }
}

impl Serialize for Demands {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        differing(json!(self.0), &json!(demands::Demands::default())).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Demands {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let said = DemandChanges::deserialize(deserializer)?;
        let faults = said.faults();
        if let Some(fault) = faults.first() {
            let place = fault.pointer.trim_start_matches('/');
            return Err(D::Error::custom(format_args!("{place}: {}", fault.why)));
        }
        let mut demands = demands::Demands::default();
        said.apply(&mut demands);
        Ok(Self(demands))
    }
}

/// The members of a value that differ from what is usual.
fn differing(value: Value, usual: &Value) -> Value {
    let Value::Object(members) = value else {
        return value;
    };
    let mut kept = Map::new();
    for (name, value) in members {
        let usual = usual.get(&name).unwrap_or(&Value::Null);
        if value != *usual {
            kept.insert(name, differing(value, usual));
        }
    }
    Value::Object(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::demands::{AttributeNames, AuthnComparison, RequireSigned};

    #[test]
    fn only_what_differs_is_written_and_all_of_it_is_said() {
        let nothing = Demands::default();
        assert_eq!(json!(nothing), json!({}));
        let all = Demands(demands::Demands {
            authn_context: vec!["urn:a:b".to_owned()],
            authn_comparison: AuthnComparison::Minimum,
            force_authn: true,
            require_encryption: true,
            require_signed: RequireSigned::Both,
            skew_seconds: Some(10),
            require_mapped_group: true,
            attributes: AttributeNames {
                email: Some("mail".to_owned()),
                groups_are_distinguished_names: true,
                ..AttributeNames::default()
            },
        });
        let written = json!(all);
        let names = json!({"email": "mail", "groups_are_distinguished_names": true});
        assert_eq!(written["attributes"], names);
        assert_eq!(written.as_object().map(Map::len), Some(8));
        let read: Demands = serde_json::from_value(written).unwrap();
        assert!(read == all);
        for (from, to) in [(&nothing, &all), (&all, &nothing)] {
            let mut demands = from.0.clone();
            to.change().apply(&mut demands);
            assert_eq!(demands, to.0);
        }
    }
}
