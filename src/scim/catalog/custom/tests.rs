use serde_json::{Value, json};

use super::*;

fn definition(attribute: Value) -> Definition {
    serde_json::from_value(json!({
        "id": "urn:acme:hr:2.0:User", "name": "HR", "resourceType": "User",
        "attributes": [attribute],
    }))
    .unwrap()
}

#[test]
fn a_good_definition_becomes_part_of_the_type() {
    let it = definition(json!({
        "name": "badge", "type": "complex", "multiValued": true,
        "subAttributes": [{"name": "value"}, {"name": "since", "type": "dateTime"}],
    }));
    assert_eq!(it.faults(), []);
    let text = json!([it]).to_string();
    let types = Types::stored(&text).unwrap();
    let schema = types.user.schema_of("URN:ACME:hr:2.0:user").unwrap();
    let badge = schema.attribute("BADGE").unwrap();
    assert!(badge.multi_valued && badge.sub("since").is_some());
    assert_eq!(types.group.extensions.len(), 0);
    assert_eq!(Types::stored(&text), Some(types));
    assert_eq!(Types::stored("[]"), Some(Types::STANDARD));
    assert_eq!(Types::stored("{}"), None);
}

#[test]
fn what_is_wrong_is_told_where_it_stands() {
    for (attribute, pointer) in [
        (json!({"name": "userName"}), "/attributes/0/name"),
        (json!({"name": "manager"}), "/attributes/0/name"),
        (json!({"name": "schemas"}), "/attributes/0/name"),
        (json!({"name": "a' OR 1"}), "/attributes/0/name"),
        (json!({"name": "a", "type": "text"}), "/attributes/0/type"),
        (
            json!({"name": "a", "type": "complex"}),
            "/attributes/0/subAttributes",
        ),
        (
            json!({"name": "a", "mutability": "readOnly"}),
            "/attributes/0/mutability",
        ),
        (
            json!({"name": "a", "uniqueness": "server"}),
            "/attributes/0/uniqueness",
        ),
        (
            json!({"name": "a", "type": "complex", "subAttributes": [
                {"name": "b", "type": "complex", "subAttributes": [{"name": "c"}]}]}),
            "/attributes/0/subAttributes/0/type",
        ),
        (
            json!({"name": "a", "description": "\u{7}"}),
            "/attributes/0/description",
        ),
    ] {
        let faults = definition(attribute.clone()).faults();
        assert!(faults.iter().any(|it| it.pointer == pointer), "{attribute}");
    }
    for id in [
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:x",
        "acme",
        "urn:a:'",
        "urn::a",
    ] {
        let mut it = definition(json!({"name": "a"}));
        id.clone_into(&mut it.id);
        assert_eq!(it.faults().first().unwrap().pointer, "/id", "{id}");
    }
}
