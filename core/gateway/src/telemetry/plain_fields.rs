//! The fields of a line without colours, letter by letter as tracing-subscriber writes them: that takes each field
//! through its colours even where there are none, which was nearly half of the instructions of a request's line.

use std::fmt::{self, Debug};
use tracing::field::{Field, Visit};
use tracing_subscriber::{
    field::{RecordFields, VisitOutput},
    fmt::{
        FormatFields,
        format::{DefaultVisitor, Writer},
    },
};

#[derive(Debug)]
pub(super) struct PlainFields;

impl<'writer> FormatFields<'writer> for PlainFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut visitor = PlainVisitor { writer, is_first: true, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct PlainVisitor<'a> {
    writer: Writer<'a>,
    is_first: bool,
    result: fmt::Result,
}

impl PlainVisitor<'_> {
    fn put(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        if self.result.is_err() {
            return;
        }
        let space = if self.is_first { "" } else { " " };
        self.is_first = false;
        let writer = &mut self.writer;
        let name = [space, field.name(), "="];
        self.result = name.into_iter().try_for_each(|part| writer.write_str(part)).and_then(|()| value(writer));
    }

    /// What is more than a name and a value.
    fn leave(&mut self, put: impl FnOnce(&mut DefaultVisitor<'_>)) {
        if self.result.is_err() {
            return;
        }
        let mut visitor = DefaultVisitor::new(self.writer.by_ref(), self.is_first);
        put(&mut visitor);
        self.result = visitor.finish();
        self.is_first = false;
    }
}

impl Visit for PlainVisitor<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match is_plain(field) {
            true => self.put(field, |writer| write!(writer, "{value:?}")),
            false => self.leave(|visitor| visitor.record_debug(field, value)),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match is_plain(field) {
            true => self.put(field, |writer| put_text(writer, value)),
            false => self.leave(|visitor| visitor.record_str(field, value)),
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.leave(|visitor| visitor.record_error(field, value));
    }
}

fn is_plain(field: &Field) -> bool {
    let name = field.name();
    name != "message" && !name.starts_with("r#") && !name.starts_with("log.")
}

/// As `{:?}`, which looks at each letter. Most texts have nothing to escape.
fn put_text(writer: &mut Writer<'_>, text: &str) -> fmt::Result {
    // All letters, to the last: so the compiler looks at many at once.
    let is_plain =
        text.bytes().fold(true, |so_far, byte| so_far & matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~'));
    if is_plain {
        ["\"", text, "\""].into_iter().try_for_each(|part| writer.write_str(part))
    } else {
        write!(writer, "{text:?}")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io;
    use tracing_subscriber::fmt::format::DefaultFields;

    fn lines<F>(fields: F, log: fn()) -> String
    where
        F: for<'writer> FormatFields<'writer> + Send + Sync + 'static,
    {
        let (reader, writer) = io::pipe().unwrap();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).without_time().fmt_fields(fields);
        let subscriber = subscriber.with_writer(move || writer.try_clone().unwrap()).finish();
        tracing::subscriber::with_default(subscriber, log);
        io::read_to_string(reader).unwrap()
    }

    fn every_kind() {
        let odd = "a\"b\\c\nd\u{1b}[31me é \u{7f}";
        let cause = io::Error::other(io::Error::other("the \u{1b}cause"));
        let error: &(dyn std::error::Error + 'static) = &cause;
        let span = tracing::info_span!("request", id = "req-1", method = %"GET", later = tracing::field::Empty);
        span.in_scope(|| {
            tracing::info!("a message alone: {odd}");
            tracing::warn!(text = "plain", odd, empty = "", number = 7, minus = -7, real = 0.5, yes = true, "behind");
            tracing::error!(error, shown = %odd, debug = ?Some(odd), none = None::<&str>, some = Some("x"));
            tracing::error!(r#type = "keyword", message = "by its name", last = 1_u64);
            span.record("later", odd);
            tracing::info!(error);
        });
    }

    #[test]
    fn a_line_is_what_tracing_subscriber_makes_of_it() {
        let plain = lines(PlainFields, every_kind);
        assert_eq!(plain.matches(" request{").count(), 5, "{plain}");
        assert_eq!(plain, lines(DefaultFields::new(), every_kind));
    }
}
