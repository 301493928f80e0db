//! Which part of an image's data a download asks for.

use crate::{Error, Kind, Result};

/// A part of the data; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub offset: u64,
    pub len: u64,
}

/// Reads the `Range` header, or else the `Content-Range` header, which old clients of Glance send in requests.
/// `None` asks for the whole.
pub fn resolve(range: Option<&str>, content_range: Option<&str>, size: u64) -> Result<Option<Span>> {
    match (range, content_range) {
        (Some(range), _) => from_range(range, size).map(Some),
        (None, Some(content_range)) => from_content_range(content_range, size).map(Some),
        (None, None) => Ok(None),
    }
}

/// `bytes=0-3`, `bytes=4-`, `bytes=-3`. What follows is not looked at, as in Glance.
fn from_range(header: &str, size: u64) -> Result<Span> {
    const NAME: &str = "Range";
    if header.contains(',') {
        return Err(Error::invalid(
            "Requests with multiple ranges are not supported in Glance. You may make multiple single-range requests instead.",
        ));
    }
    let (start, end) = range_numbers(header).ok_or_else(|| no_header(NAME))?;
    match (start, end) {
        (None, None) => Err(no_header(NAME)),
        (None, Some(suffix)) => {
            // The last bytes; more than there are is all of them, and so is `-0`.
            let len = if suffix == 0 { size } else { suffix.min(size) };
            span(NAME, size - len, size, size)
        }
        (Some(start), Some(end)) if end < start => Err(no_header(NAME)),
        (Some(start), end) => span(NAME, start, end.map_or(size, |end| end.saturating_add(1).min(size)), size),
    }
}

/// `bytes 0-3/10`, `bytes 0-3/*`.
fn from_content_range(header: &str, size: u64) -> Result<Span> {
    const NAME: &str = "Content-Range";
    let rest = header.strip_prefix("bytes ").ok_or_else(|| no_header(NAME))?;
    if rest.strip_prefix("*/").is_some_and(|length| length.starts_with(|c: char| c == '*' || c.is_ascii_digit())) {
        return Err(Error::invalid(
            "The Content-Range header of a request must name the bytes wanted, such as bytes 0-3/*.",
        ));
    }
    let (start, end, length) = content_range_numbers(rest).ok_or_else(|| no_header(NAME))?;
    if end < start || length.is_some_and(|length| end >= length) {
        return Err(no_header(NAME));
    }
    if end >= size && (length.is_none() || start < size) {
        return Err(unsatisfiable(NAME, "stop", "The stop", size));
    }
    span(NAME, start, end + 1, size)
}

fn span(header: &str, start: u64, end: u64, size: u64) -> Result<Span> {
    if start >= size {
        return Err(unsatisfiable(header, "start", "Start", size));
    }
    Ok(Span { offset: start, len: end - start })
}

/// Blanks may stand around the sign.
fn range_numbers(header: &str) -> Option<(Option<u64>, Option<u64>)> {
    fn after(sign: char, text: &str) -> Option<&str> {
        Some(text.trim_start_matches(' ').strip_prefix(sign)?.trim_start_matches(' '))
    }
    let unit = header.get(..5).filter(|unit| unit.eq_ignore_ascii_case("bytes"))?;
    let (start, rest) = number(after('=', &header[unit.len()..])?);
    let (end, _) = number(after('-', rest)?);
    Some((start, end))
}

fn content_range_numbers(text: &str) -> Option<(u64, u64, Option<u64>)> {
    let (start, rest) = number(text);
    let (end, rest) = number(rest.strip_prefix('-')?);
    let rest = rest.strip_prefix('/')?;
    let length = if rest.starts_with('*') { None } else { Some(number(rest).0?) };
    Some((start?, end?, length))
}

/// The digits at the start of a text, and what follows. More than 64 bits hold is more than any size.
fn number(text: &str) -> (Option<u64>, &str) {
    let (digits, rest) = text.split_at(text.bytes().take_while(u8::is_ascii_digit).count());
    let number = (!digits.is_empty()).then(|| digits.parse().unwrap_or(u64::MAX));
    (number, rest)
}

fn no_header(name: &str) -> Error {
    Error::new(Kind::RangeNotSatisfiable, format!("Invalid {name} header.")).with_generic_lead()
}

fn unsatisfiable(header: &str, what: &str, capital: &str, size: u64) -> Error {
    let last = i128::from(size) - 1;
    Error::new(
        Kind::RangeNotSatisfiable,
        format!(
            "Invalid {what} position in {header} header. {capital} position MUST be in the inclusive range [0, {last}]."
        ),
    )
    .with_generic_lead()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_satisfiable_range_is_the_bytes_that_glance_sends() {
        for (range, offset, len) in [
            ("bytes=0-3", 0, 4),
            ("bytes=4-", 4, 6),
            ("bytes=-3", 7, 3),
            ("bytes=-100", 0, 10),
            ("bytes=-0", 0, 10),
            ("bytes=0-100", 0, 10),
            ("bytes=9-9", 9, 1),
            ("Bytes = 2 - 5", 2, 4),
            ("bytes=0-99999999999999999999999", 0, 10),
            ("bytes=0-18446744073709551615", 0, 10),
            ("bytes=1-2 and more", 1, 2),
        ] {
            assert_eq!(resolve(Some(range), None, 10), Ok(Some(Span { offset, len })), "{range}");
        }
        for content_range in ["bytes 0-3/10", "bytes 0-3/*", "bytes 0-3/100"] {
            assert_eq!(resolve(None, Some(content_range), 10), Ok(Some(Span { offset: 0, len: 4 })), "{content_range}");
        }
        assert_eq!(resolve(None, None, 10), Ok(None));
    }

    #[test]
    fn range_wins_over_content_range() {
        assert_eq!(resolve(Some("bytes=1-1"), Some("junk"), 10), Ok(Some(Span { offset: 1, len: 1 })));
    }

    #[test]
    fn a_range_that_cannot_be_served_is_refused_in_glances_words() {
        const START: &str =
            "Invalid start position in Range header. Start position MUST be in the inclusive range [0, 9].";
        const STOP: &str =
            "Invalid stop position in Content-Range header. The stop position MUST be in the inclusive range [0, 9].";
        for (range, message) in [
            ("bytes=10-", START),
            ("bytes=99999999999999999999-", START),
            ("bytes=5-2", "Invalid Range header."),
            ("items=0-1", "Invalid Range header."),
            ("bytes=abc", "Invalid Range header."),
            ("bytes=-", "Invalid Range header."),
            ("bytes", "Invalid Range header."),
            ("", "Invalid Range header."),
            ("bytés=0-1", "Invalid Range header."),
        ] {
            let error = resolve(Some(range), None, 10).unwrap_err();
            assert_eq!((error.kind, error.message.as_str()), (Kind::RangeNotSatisfiable, message), "{range}");
            assert!(error.generic_lead);
        }
        for (range, message) in [
            ("bytes 0-99/*", STOP),
            ("bytes 12-13/*", STOP),
            ("bytes 5-50/100", STOP),
            ("bytes 3-2/10", "Invalid Content-Range header."),
            ("bytes 0-50/10", "Invalid Content-Range header."),
            ("bytes 0-3", "Invalid Content-Range header."),
            ("bytes */", "Invalid Content-Range header."),
            ("junk", "Invalid Content-Range header."),
            (
                "bytes 12-13/100",
                "Invalid start position in Content-Range header. Start position MUST be in the inclusive range [0, 9].",
            ),
        ] {
            let error = resolve(None, Some(range), 10).unwrap_err();
            assert_eq!((error.kind, error.message.as_str()), (Kind::RangeNotSatisfiable, message), "{range}");
        }
    }

    #[test]
    fn several_ranges_and_a_content_range_without_bytes_are_bad_requests() {
        for (range, content_range) in
            [(Some("bytes=0-1,3-4"), None), (None, Some("bytes */10")), (None, Some("bytes */*"))]
        {
            assert_eq!(resolve(range, content_range, 10).unwrap_err().kind, Kind::Invalid);
        }
    }

    #[test]
    fn no_part_of_an_empty_image_can_be_asked_for() {
        for range in ["bytes=0-", "bytes=0-0", "bytes=-3", "bytes=-0"] {
            let error = resolve(Some(range), None, 0).unwrap_err();
            assert_eq!(error.kind, Kind::RangeNotSatisfiable, "{range}");
            assert!(error.message.ends_with("[0, -1]."), "{}", error.message);
        }
        assert_eq!(resolve(None, None, 0), Ok(None));
    }
}
