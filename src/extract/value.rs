//! From a text to a value of the type that a rule asks for.

use serde_json::{Number, Value};

use super::number;
use super::options::Kind;
use crate::written_date;

/// The value that a text stands for. The error says what it is not; `resolve` makes a reference absolute.
pub(super) fn of_text(text: &str, kind: Kind, resolve: impl Fn(&str) -> Option<String>) -> Result<Value, String> {
    let found = match kind {
        Kind::String => Some(text.into()),
        Kind::Integer => number::first(text).and_then(|written| written.integer()).map(Value::from),
        Kind::Number => number::first(text).and_then(|written| written.number()).and_then(of_number),
        Kind::Bool => of_bool(text).map(Value::from),
        Kind::Date => {
            return written_date::read(text).map(Value::from).map_err(|why| format!("{why}: `{}`", shown(text)));
        }
        Kind::Url => resolve(text).map(Value::from),
    };
    found.ok_or_else(|| is_no(kind, text))
}

/// The value that a value of JSON stands for. `None` when that is nothing at all.
pub(super) fn of_json(
    value: &Value,
    kind: Kind,
    resolve: impl Fn(&str) -> Option<String>,
) -> Option<Result<Value, String>> {
    Some(match (kind, value) {
        (_, Value::Null) => return None,
        (Kind::Bool, Value::Bool(_)) | (Kind::Number, Value::Number(_)) => Ok(value.clone()),
        (Kind::Integer, Value::Number(number)) => whole(number).ok_or_else(|| is_no(kind, &number.to_string())),
        (_, Value::String(text)) if text.trim().is_empty() => return None,
        (_, Value::String(text)) => of_text(text.trim(), kind, resolve),
        (Kind::String | Kind::Bool | Kind::Date, _) => of_text(&value.to_string(), kind, resolve),
        (Kind::Integer | Kind::Number | Kind::Url, _) => Err(is_no(kind, &value.to_string())),
    })
}

/// A number as JSON has it: without a fraction when there is none to keep.
fn of_number(number: f64) -> Option<Value> {
    Number::from_f64(number).map(|number| whole(&number).unwrap_or(Value::Number(number)))
}

fn whole(number: &Number) -> Option<Value> {
    if number.is_i64() || number.is_u64() {
        return Some(Value::Number(number.clone()));
    }
    let float = number.as_f64()?;
    if float.fract() != 0.0 || float.abs() > MAX_EXACT {
        return None;
    }
    // Prints without a point, and reads back as the same.
    format!("{float:.0}").parse::<i64>().ok().map(Value::from)
}

fn of_bool(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match () {
        () if is(&["true", "yes", "on", "1"]) => Some(true),
        () if is(&["false", "no", "off", "0"]) => Some(false),
        () => None,
    }
}

fn is_no(kind: Kind, text: &str) -> String {
    let what = match kind {
        Kind::String => "text",
        Kind::Integer => "a whole number",
        Kind::Number => "a number",
        Kind::Bool => "true or false",
        Kind::Date => "a date",
        Kind::Url => "a URL",
    };
    format!("`{}` is not {what}", shown(text))
}

fn shown(text: &str) -> String {
    let end = text.floor_char_boundary(SHOWN);
    if end == text.len() { text.to_owned() } else { format!("{}…", text.get(..end).unwrap_or_default()) }
}

/// How much of a text a message shows, in bytes.
const SHOWN: usize = 60;
/// Up to here every whole number is a float of its own.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(text: &str, kind: Kind, expected: Result<Value, &str>) {
        let value = of_text(text, kind, |text| Some(format!("http://e.com/{text}")));
        assert_eq!(value, expected.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn a_text_becomes_what_is_asked_for() {
        check("1.234,50 €", Kind::Number, Ok(json!(1234.5)));
        check("19.00", Kind::Number, Ok(json!(19)));
        check("1,234", Kind::Integer, Ok(json!(1234)));
        check("Yes", Kind::Bool, Ok(json!(true)));
        check("29 Nov 2026", Kind::Date, Ok(json!("2026-11-29")));
        check("a", Kind::Url, Ok(json!("http://e.com/a")));
        check("a", Kind::String, Ok(json!("a")));
    }

    #[test]
    fn what_it_is_not_is_said() {
        check("call us", Kind::Number, Err("`call us` is not a number"));
        check("12.5", Kind::Integer, Err("`12.5` is not a whole number"));
        check("sold out", Kind::Bool, Err("`sold out` is not true or false"));
        check("soon", Kind::Date, Err("no date is in it: `soon`"));
    }

    #[test]
    fn json_keeps_what_it_is_when_that_is_asked_for() {
        let of = |value: Value, kind| of_json(&value, kind, |_| None);
        assert_eq!(of(json!(19.9), Kind::Number), Some(Ok(json!(19.9))));
        assert_eq!(of(json!("19,90"), Kind::Number), Some(Ok(json!(19.9))));
        assert_eq!(of(json!(5.0), Kind::Integer), Some(Ok(json!(5))));
        assert_eq!(of(json!(5.5), Kind::Integer), Some(Err("`5.5` is not a whole number".to_owned())));
        assert_eq!(of(json!(null), Kind::String), None);
        assert_eq!(of(json!(" "), Kind::Number), None);
        assert_eq!(of(json!(7), Kind::String), Some(Ok(json!("7"))));
        assert_eq!(of(json!([1]), Kind::Number), Some(Err("`[1]` is not a number".to_owned())));
    }
}
