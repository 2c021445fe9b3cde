//! What forms say as the API wants it, numbers and lists of words; and what the API lists in a document of its own.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http::console::Form;
use crate::http::reply::problem::{Problem, Type};

/// The number that a field says, where it says anything.
pub(super) fn number(form: &Form, name: &str) -> Result<Option<i64>, Problem> {
    let Some(text) = form.text(name) else {
        return Ok(None);
    };
    let number = text.parse::<i64>().ok();
    number
        .map(Some)
        .ok_or_else(|| fault(name, "Say a whole number."))
}

/// The words of a field, one a line or with spaces between them.
pub(super) fn words(form: &Form, name: &str) -> Vec<String> {
    let words = form.value(name).split_whitespace();
    words.map(str::to_owned).collect()
}

/// Something is wrong with one field.
pub(super) fn fault(name: &str, message: &str) -> Problem {
    Problem::of_member(name, message)
}

/// What stands under `data` in what an operation answers.
pub(super) fn listed<T: DeserializeOwned>(mut answer: Value) -> Result<Vec<T>, Problem> {
    let data = answer.get_mut("data").map(Value::take);
    let listed = serde_json::from_value(data.unwrap_or_default());
    listed.map_err(|error| Problem::new(Type::Internal, error))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_number_is_one_or_its_field_is_at_fault() {
        let form = Form::saying(&[("days", " 30 "), ("hours", "many"), ("none", "")]);
        assert_eq!(number(&form, "days").unwrap(), Some(30));
        assert_eq!(number(&form, "none").unwrap(), None);
        let problem = number(&form, "hours").unwrap_err();
        let fault = problem.faults().first().unwrap();
        assert_eq!(fault.field(), Some("hours"));
    }

    #[test]
    fn words_stand_in_lines() {
        let form = Form::saying(&[("uris", "https://a.example/x,y\r\n\r\n  https://b.example/ ")]);
        assert_eq!(
            words(&form, "uris"),
            ["https://a.example/x,y", "https://b.example/"]
        );
    }

    #[test]
    fn what_is_listed_is_read() {
        let read: Vec<u8> = listed(json!({"data": [1, 2], "next": null})).unwrap();
        assert_eq!(read, [1, 2]);
        assert!(listed::<u8>(json!({"next": null})).is_err());
    }
}
