//! The values of list filters: operators, quoted lists, times, numbers.

use crate::{Error, Result, TimeFilter, TimeOp, isotime};

/// The operator before the first colon and what follows it. A text that is a time as a whole has none.
fn split_operator(text: &str) -> (&str, &str) {
    match text.split_once(':') {
        Some(parts) if isotime::parse(text).is_none() => parts,
        _ => ("eq", text),
    }
}

/// The values any of which matches: `x`, `eq:x`, `in:x,"y,z"`.
pub(crate) fn any_of(text: &str) -> Result<Vec<String>> {
    match split_operator(text) {
        ("eq", value) => Ok(vec![value.to_owned()]),
        ("in", values) => {
            check_quotes(values)?;
            Ok(split_list(values))
        }
        (operator, _) => Err(Error::invalid(format!("Unable to filter by unknown operator '{operator}'."))),
    }
}

/// `2020-01-01T00:00:00Z`, `gte:2020-01-01`.
pub(crate) fn time(column: &str, text: &str) -> Result<TimeFilter> {
    let (operator, moment) = split_operator(text);
    let Some(at) = isotime::parse(moment) else {
        return Err(Error::invalid(format!("Bad \"{column}\" query filter format. Use ISO 8601 DateTime notation.")));
    };
    let op = match operator {
        "eq" => TimeOp::Eq,
        "neq" => TimeOp::Neq,
        "gt" => TimeOp::Gt,
        "gte" => TimeOp::Gte,
        "lt" => TimeOp::Lt,
        "lte" => TimeOp::Lte,
        _ => return Err(Error::invalid("Unable to filter on a unknown operator.")),
    };
    Ok(TimeFilter { op, at })
}

/// A whole number as Python's `int` reads it, brought into the range of `i64`.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    // Single underscores may stand between digits.
    if digits.split('_').any(|group| group.is_empty() || !group.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let magnitude = digits
        .bytes()
        .filter(u8::is_ascii_digit)
        .fold(0_i64, |sum, digit| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    Some(if negative { -magnitude } else { magnitude })
}

/// Quotes open at the start or after a comma, and close at the end or before one.
fn check_quotes(values: &str) -> Result<()> {
    let refuse = |what: &str| Err(Error::invalid(format!("Invalid filter value {values}. {what}")));
    let mut inside = false;
    let mut before = None;
    let mut characters = values.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '"' && before != Some('\\') {
            if !inside && before.is_some_and(|before| before != ',') {
                return refuse("There is no comma before opening quotation mark.");
            }
            if inside && characters.peek().is_some_and(|after| *after != ',') {
                return refuse("There is no comma after closing quotation mark.");
            }
            inside = !inside;
        }
        before = Some(character);
    }
    if inside { refuse("The quote is not closed.") } else { Ok(()) }
}

/// Splits at commas outside of quotes. Backslashes keep a quote from closing and stay in the value, as in Glance.
fn split_list(values: &str) -> Vec<String> {
    let mut list = Vec::new();
    let mut rest = values;
    while !rest.is_empty() {
        let (value, after) = match quoted(rest) {
            Some(parts) => parts,
            None => rest.split_at(rest.find(',').unwrap_or(rest.len())),
        };
        list.push(value.to_owned());
        rest = after.strip_prefix(',').unwrap_or(after);
    }
    list
}

/// What stands between the quotes at the start of a text, and the text behind them.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut escaped = false;
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return Some((&inner[..at], &inner[at + 1..])),
            _ => escaped = byte == b'\\' && !escaped,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lists_split_at_commas_outside_of_quotes() {
        for (text, values) in [
            ("alpha", vec!["alpha"]),
            ("eq:alpha", vec!["alpha"]),
            ("in:alpha,beta", vec!["alpha", "beta"]),
            ("in:\"gam,ma\",alpha", vec!["gam,ma", "alpha"]),
            ("in:a,,b", vec!["a", "", "b"]),
            ("in:a,", vec!["a"]),
            ("in:", vec![]),
            ("in:\"a\\\"b\"", vec!["a\\\"b"]),
            ("in:\"é\",ü", vec!["é", "ü"]),
            ("2020-01-01T00:00:00", vec!["2020-01-01T00:00:00"]),
            ("", vec![""]),
        ] {
            assert_eq!(any_of(text).unwrap(), values, "{text}");
        }
    }

    #[test]
    fn a_value_that_cannot_be_read_is_refused_in_glances_words() {
        for (text, message) in [
            ("in:\"gam,ma", "Invalid filter value \"gam,ma. The quote is not closed."),
            ("in:a\"b\"", "Invalid filter value a\"b\". There is no comma before opening quotation mark."),
            ("in:\"a\"b", "Invalid filter value \"a\"b. There is no comma after closing quotation mark."),
            ("gt:alpha", "Unable to filter by unknown operator 'gt'."),
            (":", "Unable to filter by unknown operator ''."),
            ("a:b", "Unable to filter by unknown operator 'a'."),
        ] {
            assert_eq!(any_of(text).unwrap_err().message, message);
        }
        for (text, message) in [
            ("zz:2020-01-01T00:00:00Z", "Unable to filter on a unknown operator."),
            ("in:2020-01-01T00:00:00Z", "Unable to filter on a unknown operator."),
            ("bad", "Bad \"created_at\" query filter format. Use ISO 8601 DateTime notation."),
            ("gt:2020-13-01", "Bad \"created_at\" query filter format. Use ISO 8601 DateTime notation."),
        ] {
            assert_eq!(time("created_at", text).unwrap_err().message, message);
        }
    }

    #[test]
    fn integers_are_read_as_python_reads_them_and_never_overflow() {
        for (text, number) in [
            ("5", Some(5)),
            (" +5 ", Some(5)),
            ("-1_000", Some(-1000)),
            ("99999999999999999999", Some(i64::MAX)),
            ("-99999999999999999999", Some(-i64::MAX)),
            ("", None),
            ("-", None),
            ("1__0", None),
            ("_1", None),
            ("5.0", None),
            ("é", None),
        ] {
            assert_eq!(integer(text), number, "{text}");
        }
    }
}
