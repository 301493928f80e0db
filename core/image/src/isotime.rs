//! Times in filters: the ISO 8601 subset of Python's `iso8601` package, which Glance reads them with.

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// Dashes and colons are optional, everything after the year may be missing, and no zone is UTC.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    let mut rest = Scanner(text);
    let year = rest.digits(4, 4)?;
    let (mut month, mut day, mut time, mut offset) = (1, 1, Time::MIDNIGHT, 0);
    if !rest.is_done() {
        let dashed = rest.take("-");
        month = if dashed { rest.digits(1, 2)? } else { rest.digits(2, 2)? };
        // `202001` could be read as a short date, so it is none.
        if rest.is_done() && !dashed {
            return None;
        }
        if !rest.is_done() {
            day = if rest.take("-") { rest.digits(1, 2)? } else { rest.digits(2, 2)? };
        }
        if !rest.is_done() {
            if !rest.take("T") && !rest.take(" ") {
                return None;
            }
            time = rest.time()?;
            offset = rest.offset()?;
        }
    }
    if !rest.is_done() {
        return None;
    }
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date =
        Date::from_calendar_date(i32::try_from(year).ok().filter(|year| *year > 0)?, month, u8::try_from(day).ok()?)
            .ok()?;
    // In UTC at once; a moment before the year 1 or after 9999 is no time.
    let moment = PrimitiveDateTime::new(date, time).assume_utc().checked_sub(time::Duration::minutes(offset))?;
    (1..=9999).contains(&moment.year()).then(|| moment.to_offset(UtcOffset::UTC))
}

struct Scanner<'a>(&'a str);

impl Scanner<'_> {
    fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, text: &str) -> bool {
        match self.0.strip_prefix(text) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    /// As many digits as there are, within the bounds.
    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let count = self.0.bytes().take(most).take_while(u8::is_ascii_digit).count();
        if count < least {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        digits.parse().ok()
    }

    /// A part that may be missing, behind a colon that may be missing.
    fn part(&mut self, least: usize) -> Option<u32> {
        let before = self.0;
        self.take(":");
        let part = self.digits(least, 2);
        if part.is_none() {
            self.0 = before;
        }
        part
    }

    fn time(&mut self) -> Option<Time> {
        let hour = self.digits(2, 2)?;
        let minute = self.part(2).unwrap_or(0);
        let (mut second, mut micros) = (0, 0);
        if let Some(seconds) = self.part(1) {
            second = seconds;
            if self.take(".") || self.take(",") {
                micros = self.fraction()?;
            }
        }
        let byte = |number: u32| u8::try_from(number).ok();
        Time::from_hms_micro(byte(hour)?, byte(minute)?, byte(second)?, micros).ok()
    }

    /// Digits behind the point, cut to microseconds.
    fn fraction(&mut self) -> Option<u32> {
        let count = self.0.bytes().take_while(u8::is_ascii_digit).count();
        if count == 0 {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        format!("{:0<6}", &digits[..count.min(6)]).parse().ok()
    }

    /// Minutes east of UTC.
    fn offset(&mut self) -> Option<i64> {
        if self.is_done() || self.take("Z") {
            return Some(0);
        }
        let sign = if self.take("+") {
            1
        } else if self.take("-") {
            -1
        } else {
            return None;
        };
        let hours = i64::from(self.digits(2, 2)?);
        self.take(":");
        let minutes = if self.is_done() { 0 } else { i64::from(self.digits(2, 2)?) };
        let offset = hours * 60 + minutes;
        (offset < 24 * 60).then_some(sign * offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn every_spelling_that_glance_takes_is_read() {
        for (text, moment) in [
            ("2020", datetime!(2020-01-01 0:00 UTC)),
            ("2020-2", datetime!(2020-02-01 0:00 UTC)),
            ("2020-02-03", datetime!(2020-02-03 0:00 UTC)),
            ("20200203", datetime!(2020-02-03 0:00 UTC)),
            ("2020-02-03T04", datetime!(2020-02-03 4:00 UTC)),
            ("2020-02-03T04:05", datetime!(2020-02-03 4:05 UTC)),
            ("2020-02-03 040506", datetime!(2020-02-03 4:05:06 UTC)),
            ("2020-02-03T04:05:06Z", datetime!(2020-02-03 4:05:06 UTC)),
            ("2020-02-03T04:05:06.5+05:30", datetime!(2020-02-02 22:35:06.5 UTC)),
            ("2020-02-03T04:05:06,1234567-0500", datetime!(2020-02-03 9:05:06.123456 UTC)),
            ("2020-02-03T04:05:06+05", datetime!(2020-02-02 23:05:06 UTC)),
        ] {
            assert_eq!(parse(text), Some(moment), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "bad",
            "202",
            "202001",
            "2020-13-01",
            "2020-02-30",
            "0000-01-01",
            "2020-02-03T",
            "2020-02-03T25:00",
            "2020-02-03T04:05:60",
            "2020-02-03T04:05:06X",
            "2020-02-03T04:05:06+24:00",
            "2020-02-03T04:05:06.",
            "2020-02-03T04:05:06 05:00",
            "9999-12-31T23:59:59-01:00",
            "0001-01-01T00:00:00+01:00",
            "２０２０",
            "2020-é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
