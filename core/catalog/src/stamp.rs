//! Times as SQLAlchemy writes them: `2026-11-22 11:05:16.000250`, in UTC.

use crate::sqlite::Db;
use sqlx::{Database, Decode, Encode, Type, encode::IsNull, error::BoxDynError};
use time::{Duration, OffsetDateTime, PrimitiveDateTime, UtcOffset, macros::format_description};

/// A time of a `DATETIME` column. Finer than a microsecond is cut off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stamp(pub(crate) OffsetDateTime);

impl Stamp {
    fn text(self) -> Result<String, BoxDynError> {
        let utc = self.0.checked_to_offset(UtcOffset::UTC).ok_or("a time beyond the calendar")?;
        Ok(utc.format(format_description!("[year]-[month]-[day] [hour]:[minute]:[second].[subsecond digits:6]"))?)
    }

    fn parse(text: &str) -> Result<Self, BoxDynError> {
        let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second][optional [.[subsecond]]]");
        Ok(Self(PrimitiveDateTime::parse(text, format)?.assume_utc()))
    }
}

impl Type<Db> for Stamp {
    fn type_info() -> <Db as Database>::TypeInfo {
        <str as Type<Db>>::type_info()
    }

    fn compatible(info: &<Db as Database>::TypeInfo) -> bool {
        <str as Type<Db>>::compatible(info)
    }
}

impl Encode<'_, Db> for Stamp {
    fn encode_by_ref(&self, buffer: &mut <Db as Database>::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Db>::encode(self.text()?, buffer)
    }
}

impl<'r> Decode<'r, Db> for Stamp {
    fn decode(value: <Db as Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Self::parse(<&str as Decode<Db>>::decode(value)?)
    }
}

/// The `updated_at` of a change made `now`: always later than the one before, whatever the clock does, because an
/// update recognizes by it whether somebody else came first.
pub(crate) fn next_after(before: OffsetDateTime, now: OffsetDateTime) -> OffsetDateTime {
    let whole = |at: OffsetDateTime| at - Duration::nanoseconds(i64::from(at.nanosecond() % 1_000));
    whole(now).max(whole(before) + Duration::MICROSECOND)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_time_is_written_as_sqlalchemy_writes_it() {
        let text = Stamp(datetime!(2026-11-22 12:05:16.000_250_999 +1)).text().unwrap();
        assert_eq!(text, "2026-11-22 11:05:16.000250");
        assert_eq!(Stamp::parse(&text).unwrap().0, datetime!(2026-11-22 11:05:16.000_250 UTC));
    }

    #[test]
    fn a_time_without_a_fraction_is_read() {
        assert_eq!(Stamp::parse("2016-01-02 03:04:05").unwrap().0, datetime!(2016-01-02 03:04:05 UTC));
    }

    #[test]
    fn a_change_is_later_than_the_one_before_even_when_the_clock_went_back() {
        let before = datetime!(2026-11-22 11:00:00.000_005 UTC);
        let earlier = datetime!(2026-11-22 10:00:00 UTC);
        assert_eq!(next_after(before, earlier), datetime!(2026-11-22 11:00:00.000_006 UTC));
        let same_microsecond = datetime!(2026-11-22 11:00:00.000_005_900 UTC);
        assert_eq!(next_after(before, same_microsecond), datetime!(2026-11-22 11:00:00.000_006 UTC));
        let later = datetime!(2026-11-22 12:00:00.000_000_100 UTC);
        assert_eq!(next_after(before, later), datetime!(2026-11-22 12:00:00 UTC));
    }
}
