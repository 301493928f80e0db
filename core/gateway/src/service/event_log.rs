//! What of the log becomes events of Windows' event log, beside the log itself: warnings and errors, at a rate that leaves
//! room for the events of others.

use std::{
    io,
    sync::Mutex,
    time::{Duration, Instant},
};
use tracing::{Level, Metadata};
use tracing_subscriber::{Layer, filter::LevelFilter, fmt::MakeWriter};

/// What has happened. The numbers are what administrators look for, so they stay; `EventCreate.exe`, which Windows lends as
/// the file of messages, has those from 1 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Started = 1,
    Stopped = 2,
    /// The start has failed, or the service has.
    Failed = 3,
    /// A warning of the log.
    Warning = 10,
    /// An error of the log.
    Error = 11,
    /// Something is wrong with the log itself.
    Log = 12,
}

pub(super) trait Sink {
    fn report(&self, event: Event, text: &str);
}

/// The length that an event may have (`ReportEventW`: 31,839 characters), with room to spare.
const LONGEST: usize = 8 << 10;

/// Writes lines of the log as events.
#[derive(Debug)]
struct Events<S> {
    sink: S,
    pace: Mutex<Pace>,
}

impl<S: Sink> Events<S> {
    fn new(sink: S) -> Self {
        Self { sink, pace: Mutex::new(Pace::new(Instant::now())) }
    }

    fn report(&self, event: Event, text: &str) {
        let Ok(admitted) = self.pace.lock().map(|mut pace| pace.admit(Instant::now())) else { return };
        match admitted {
            Some(0) => self.sink.report(event, shortened(text)),
            Some(omitted) => {
                let text = shortened(text);
                self.sink.report(event, &format!("{text}\n\nBefore this, {omitted} others are in the log only."));
            }
            None => {}
        }
    }
}

/// The layer of the log that fills `sink`.
pub(super) fn layer<S: Sink + Send + Sync + 'static>(sink: S) -> crate::telemetry::FurtherLayer {
    let lines = tracing_subscriber::fmt::layer().with_writer(Events::new(sink)).with_ansi(false).without_time();
    // Windows tells the time and the level of an event.
    Box::new(lines.with_level(false).with_filter(LevelFilter::WARN))
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

impl<'a, S: Sink + 'a> MakeWriter<'a> for Events<S> {
    type Writer = Line<'a, S>;

    fn make_writer(&'a self) -> Line<'a, S> {
        Line { events: self, event: Event::Error }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Line<'a, S> {
        let event = if *meta.level() == Level::ERROR { Event::Error } else { Event::Warning };
        Line { events: self, event }
    }
}

/// Takes one line.
#[derive(Debug)]
struct Line<'a, S> {
    events: &'a Events<S>,
    event: Event,
}

impl<S: Sink> io::Write for Line<'_, S> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.events.report(self.event, String::from_utf8_lossy(line).trim());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Some at once, and then one in a while.
#[derive(Debug)]
struct Pace {
    left: u32,
    /// Up to when `left` has been filled up.
    filled: Instant,
    omitted: u64,
}

impl Pace {
    const AT_ONCE: u32 = 20;
    const PAUSE: Duration = Duration::from_secs(15);

    fn new(now: Instant) -> Self {
        Self { left: Self::AT_ONCE, filled: now, omitted: 0 }
    }

    /// Whether another one may be told; and if so, how many were not since the last.
    fn admit(&mut self, now: Instant) -> Option<u64> {
        while self.left < Self::AT_ONCE && now.duration_since(self.filled) >= Self::PAUSE {
            self.left += 1;
            self.filled += Self::PAUSE;
        }
        if self.left == Self::AT_ONCE {
            self.filled = now;
        }
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                Some(std::mem::take(&mut self.omitted))
            }
            None => {
                self.omitted += 1;
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::Arc;
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Debug, Clone, Default)]
    struct Kept(Arc<Mutex<Vec<(Event, String)>>>);

    impl Sink for Kept {
        fn report(&self, event: Event, text: &str) {
            self.0.lock().unwrap().push((event, text.into()));
        }
    }

    fn logged(log: impl FnOnce()) -> Vec<(Event, String)> {
        let kept = Kept::default();
        let layer = layer(kept.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        kept.0.lock().unwrap().clone()
    }

    #[test]
    fn the_docs_have_every_event_with_its_number() {
        let docs = include_str!("../../../../docs/operators/install-windows.md").replace("\r\n", "\n");
        let all = [Event::Started, Event::Stopped, Event::Failed, Event::Warning, Event::Error, Event::Log];
        let listed = |level: &str, event: Event| docs.contains(&format!("| {} | {level} | ", event as u32));
        for event in all {
            assert!(["information", "warning", "error"].iter().any(|level| listed(level, event)), "{event:?}");
        }
    }

    #[test]
    fn warnings_and_errors_become_events_with_their_fields_and_nothing_else_does() {
        let events = logged(|| {
            tracing::info!("listening");
            tracing::warn!(store = "local", "slow");
            tracing::error!("broken");
        });
        assert_eq!(events.iter().map(|(event, _)| *event).collect::<Vec<_>>(), [Event::Warning, Event::Error]);
        assert!(events[0].1.contains("slow") && events[0].1.contains("local"), "{events:?}");
    }

    #[test]
    fn a_flood_is_cut_and_counted() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let admitted = (0..100).filter(|_| pace.admit(start).is_some()).count();
        assert_eq!(admitted, 20);
        let later = start + Pace::PAUSE;
        assert_eq!((pace.admit(later), pace.admit(later)), (Some(80), None));
        // After a long silence there may be many at once again, and no more than at first.
        let much_later = start + Duration::from_secs(24 * 3600);
        assert_eq!(pace.admit(much_later), Some(1));
        assert_eq!((0..100).filter(|_| pace.admit(much_later).is_some()).count(), 19);
    }

    #[test]
    fn a_long_line_is_cut_between_two_characters() {
        let events = logged(|| tracing::error!("{}", "é".repeat(LONGEST)));
        assert!((LONGEST - 1..=LONGEST).contains(&events[0].1.len()), "{}", events[0].1.len());
    }
}
