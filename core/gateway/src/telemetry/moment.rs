//! When a line was written, as tracing-subscriber has it by itself, but without `format!` for each of its numbers.

use std::{fmt, str};
use time::OffsetDateTime;
use tracing_subscriber::fmt::{format::Writer, time::FormatTime};

/// In UTC, to the microsecond.
#[derive(Debug)]
pub(super) struct Moment;

impl FormatTime for Moment {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let text = text(OffsetDateTime::now_utc());
        writer.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

fn text(moment: OffsetDateTime) -> [u8; 27] {
    let (hour, minute, second, micros) = moment.to_hms_micro();
    let mut text = *b"YYYY-MM-DDTHH:MM:SS.ffffffZ";
    put(&mut text[..4], moment.year().unsigned_abs());
    put(&mut text[5..7], u8::from(moment.month()).into());
    put(&mut text[8..10], moment.day().into());
    put(&mut text[11..13], hour.into());
    put(&mut text[14..16], minute.into());
    put(&mut text[17..19], second.into());
    put(&mut text[20..26], micros);
    text
}

fn put(places: &mut [u8], mut number: u32) {
    for place in places.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn every_place_is_filled() {
        assert_eq!(&text(datetime!(2026-01-02 03:04:05.000678901 UTC)), b"2026-01-02T03:04:05.000678Z");
        assert_eq!(&text(datetime!(9999-12-31 23:59:59.999999 UTC)), b"9999-12-31T23:59:59.999999Z");
    }
}
