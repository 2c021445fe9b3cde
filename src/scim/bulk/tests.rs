use super::*;

fn bulk(operations: &Value) -> Bulk {
    let body = json!({"schemas": [urn::BULK_REQUEST], "Operations": operations});
    Bulk::parse(body, Strictness::Rfc).unwrap()
}

#[test]
fn a_request_is_read() {
    let read = bulk(&json!([
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"userName": "ada"}},
        {"method": "delete", "Path": "/Users/1", "version": "W/\"3\"", "data": {"x": 1}},
    ]));
    assert_eq!(read.fail_on_errors, None);
    let [first, second] = read.operations.as_slice() else {
        panic!("two operations");
    };
    assert_eq!(first.bulk_id.as_deref(), Some("a"));
    assert_eq!(
        second.asked,
        Ok(Asked {
            verb: Verb::Delete,
            path: "/Users/1".to_owned(),
            version: Some("W/\"3\"".to_owned()),
            data: None,
        })
    );
}

#[test]
fn what_is_wrong_with_an_operation_is_told_in_its_entry() {
    let post = |name: &str| json!({"method": "POST", "path": "/Users", "bulkId": name, "data": {}});
    for (bad, scim_type) in [
        (json!("x"), ScimType::InvalidSyntax),
        (json!({}), ScimType::InvalidSyntax),
        (
            json!({"method": "GET", "path": "/Users/1"}),
            ScimType::InvalidSyntax,
        ),
        (
            json!({"method": "PUT", "data": {}}),
            ScimType::InvalidSyntax,
        ),
        (
            json!({"method": "PUT", "path": "/Users/1"}),
            ScimType::InvalidSyntax,
        ),
        (
            json!({"method": "POST", "path": "/Users", "data": {}}),
            ScimType::InvalidSyntax,
        ),
        (
            json!({"method": "PUT", "path": 7, "data": {}}),
            ScimType::InvalidSyntax,
        ),
        (post("taken"), ScimType::InvalidValue),
    ] {
        let read = bulk(&json!([post("taken"), bad]));
        let error = read.operations[1].asked.clone().unwrap_err();
        assert_eq!(error.scim_type, Some(scim_type), "{bad}");
    }
}

#[test]
fn what_is_wrong_with_the_message_is_told_at_once() {
    let one = json!([{"method": "DELETE", "path": "/Users/1"}]);
    for (bad, status) in [
        (json!([]), 400),
        (json!({"Operations": one}), 400),
        (json!({"schemas": [urn::PATCH_OP], "Operations": one}), 400),
        (json!({"schemas": [urn::BULK_REQUEST]}), 400),
        (
            json!({"schemas": [urn::BULK_REQUEST], "Operations": []}),
            400,
        ),
        (
            json!({"schemas": [urn::BULK_REQUEST], "Operations": one, "failOnErrors": 0}),
            400,
        ),
        (
            json!({"schemas": [urn::BULK_REQUEST], "Operations": one, "failOnErrors": "1"}),
            400,
        ),
        (
            json!({"schemas": [urn::BULK_REQUEST],
                "Operations": vec![json!({}); limits::BULK_OPERATIONS + 1]}),
            413,
        ),
    ] {
        let error = Bulk::parse(bad, Strictness::Rfc).unwrap_err();
        assert_eq!(error.status, status, "{error}");
    }
    let lenient = Bulk::parse(json!({"operations": one}), Strictness::Lenient);
    assert_eq!(lenient.unwrap().operations.len(), 1);
}

#[test]
fn references_lead_to_what_creates() {
    let read = bulk(&json!([
        {"method": "POST", "path": "/Groups", "bulkId": "g",
            "data": {"members": [{"value": "bulkId:u"}, {"value": "bulkId:nobody"}]}},
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": {}},
        {"method": "PUT", "path": "/Users/7", "bulkId": "p", "data": {"manager": "bulkId:p"}},
        {"method": "PATCH", "path": "/Groups/bulkId:g", "data": {}},
    ]));
    let references = read.references();
    let expected = [vec![1], vec![], vec![], vec![0]].map(BTreeSet::from_iter);
    assert_eq!(references, expected);
    assert_eq!(
        ordered(&references),
        [vec![1], vec![0], vec![2], vec![3]].to_vec()
    );
    let ids = BTreeMap::from([("g".to_owned(), "1".to_owned())]);
    let asked = |at: usize| read.operations[at].asked.clone().unwrap();
    assert_eq!(asked(3).resolved(&ids).unwrap().path, "/Groups/1");
    let error = asked(0).resolved(&ids).unwrap_err();
    assert_eq!(
        (error.status, error.scim_type),
        (409, Some(ScimType::InvalidValue))
    );
}

#[test]
fn an_answer_tells_each_operation() {
    let entry = |outcome| Entry {
        method: Some("POST".to_owned()),
        bulk_id: Some("a".to_owned()),
        location: None,
        outcome,
    };
    let done = Entry {
        location: Some("https://u/Users/1".to_owned()),
        ..entry(Ok((201, Some(1))))
    };
    let refused = entry(Err(Error::invalid_value("no")));
    assert_eq!(
        response(vec![done, refused]),
        json!({"schemas": [urn::BULK_RESPONSE], "Operations": [
            {"method": "POST", "bulkId": "a", "location": "https://u/Users/1",
                "version": "W/\"1\"", "status": "201"},
            {"method": "POST", "bulkId": "a", "status": "400",
                "response": Error::invalid_value("no").to_json()},
        ]})
    );
}
