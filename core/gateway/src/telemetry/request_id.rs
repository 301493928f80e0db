//! A line about what is done for a request ends with the request's id and what it asks for. A span of `tracing` would say so
//! too, but it takes a tenth of the instructions of a small request, and most requests have no such line.

use casement_request::RequestId;
use std::{
    fmt::{self, Write},
    iter,
};
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

const REQUEST_ID: &str = "request_id";

#[derive(Debug)]
pub(super) struct WithRequestId<E> {
    format: E,
    add: fn(&mut String, &RequestId) -> fmt::Result,
}

impl<E> WithRequestId<E> {
    pub(super) fn in_text(format: E) -> Self {
        let add = |line: &mut String, id: &RequestId| {
            fields(id).try_for_each(|(name, value)| write!(line, " {name}={value:?}"))
        };
        Self { format, add }
    }

    pub(super) fn in_json(format: E) -> Self {
        let add = |line: &mut String, id: &RequestId| {
            let object = line.strip_suffix('}').ok_or(fmt::Error)?.len();
            line.truncate(object);
            fields(id).try_for_each(|(name, value)| write!(line, ",\"{name}\":{}", serde_json::Value::from(value)))?;
            line.write_char('}')
        };
        Self { format, add }
    }
}

fn fields(id: &RequestId) -> impl Iterator<Item = (&'static str, &str)> {
    iter::once((REQUEST_ID, id.as_str())).chain(id.asks().map(|asks| ("request", asks)))
}

impl<S, N, E> FormatEvent<S, N> for WithRequestId<E>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    E: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        // A backend's line says by itself which request it is about: the thread may be at work for another one.
        let says_it = || event.metadata().fields().field(REQUEST_ID).is_some();
        let Some(id) = RequestId::current().filter(|_| !says_it()) else {
            return self.format.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.format.format_event(context, Writer::new(&mut line), event)?;
        line.truncate(line.trim_end_matches('\n').len());
        (self.add)(&mut line, &id)?;
        writeln!(writer, "{line}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::Value;
    use std::io;
    use tracing_subscriber::{fmt::format, layer::SubscriberExt};

    fn lines<E>(format: E, say: impl FnOnce()) -> Vec<String>
    where
        E: FormatEvent<tracing_subscriber::Registry, format::DefaultFields> + Send + Sync + 'static,
    {
        let (reader, writer) = io::pipe().unwrap();
        let layer =
            tracing_subscriber::fmt::layer().event_format(format).with_writer(move || writer.try_clone().unwrap());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), say);
        io::read_to_string(reader).unwrap().lines().map(str::to_owned).collect()
    }

    /// The line that is written for a request, and the one that is written for none.
    fn both_lines<E>(format: E) -> [String; 2]
    where
        E: FormatEvent<tracing_subscriber::Registry, format::DefaultFields> + Send + Sync + 'static,
    {
        let lines = lines(format, || {
            let say = || tracing::info!(target: "place", store = "fast", "done");
            RequestId::asking("req-\"1\"".to_owned(), "GET", "/v2").serve_now(say);
            say();
        });
        lines.try_into().unwrap()
    }

    #[test]
    fn a_line_that_says_which_request_it_is_about_says_it_once() {
        let format = format().without_time().with_ansi(false);
        let lines = lines(WithRequestId::in_text(format), || {
            let say = || tracing::info!(target: "place", request_id = "req-2", "done");
            RequestId::new("req-1").serve_now(say);
        });
        assert_eq!(lines, [" INFO place: done request_id=\"req-2\""]);
    }

    #[test]
    fn a_line_of_text_ends_with_the_request_that_it_is_about() {
        let format = format().without_time().with_ansi(false);
        let [of_a_request, of_none] = both_lines(WithRequestId::in_text(format));
        assert_eq!(of_none, " INFO place: done store=\"fast\"");
        assert_eq!(of_a_request, format!("{of_none} request_id=\"req-\\\"1\\\"\" request=\"GET /v2\""));
    }

    #[test]
    fn an_object_of_json_has_the_request_that_it_is_about() {
        let [of_a_request, of_none] =
            both_lines(WithRequestId::in_json(format().without_time().json().flatten_event(true)));
        let mut expected: Value = serde_json::from_str(&of_none).unwrap();
        assert_eq!(expected["store"], "fast");
        expected["request_id"] = "req-\"1\"".into();
        expected["request"] = "GET /v2".into();
        assert_eq!(serde_json::from_str::<Value>(&of_a_request).unwrap(), expected);
    }

    #[test]
    fn a_line_keeps_its_colours() {
        let [of_a_request, of_none] = both_lines(WithRequestId::in_text(format().without_time().with_ansi(true)));
        assert!(of_none.contains('\u{1b}') && of_a_request.starts_with(&of_none), "{of_a_request:?}");
    }
}
