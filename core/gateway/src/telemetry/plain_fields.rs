//! The fields of a line without colours, letter by letter as tracing-subscriber writes them: that takes each field
//! through its colours even where there are none, which was nearly half of the instructions of a request's line.

use std::{
    fmt::{self, Debug, Write},
    mem,
};
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
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut visitor = PlainVisitor { text: String::with_capacity(USUAL), is_first: true, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result?;
        writer.write_str(&visitor.text)
    }
}

/// Bytes that most lines have room in.
const USUAL: usize = 320;

struct PlainVisitor {
    /// Gathered here: what the fields are written to is behind a pointer.
    text: String,
    is_first: bool,
    result: fmt::Result,
}

impl PlainVisitor {
    /// What goes before the value.
    fn name(&mut self, field: &Field) {
        if !mem::take(&mut self.is_first) {
            self.text.push(' ');
        }
        self.text.push_str(field.name());
        self.text.push('=');
    }

    fn put(&mut self, put: impl FnOnce(&mut String) -> fmt::Result) {
        self.result = self.result.and_then(|()| put(&mut self.text));
    }

    /// What is more than a name and a value.
    fn leave(&mut self, put: impl FnOnce(&mut DefaultVisitor<'_>)) {
        let is_first = mem::take(&mut self.is_first);
        self.put(|text| {
            let mut visitor = DefaultVisitor::new(Writer::new(text), is_first);
            put(&mut visitor);
            visitor.finish()
        });
    }

    fn integer(&mut self, field: &Field, value: impl itoa::Integer) {
        self.name(field);
        self.text.push_str(itoa::Buffer::new().format(value));
    }
}

impl Visit for PlainVisitor {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match is_plain(field) {
            true => self.integer(field, value),
            false => self.leave(|visitor| visitor.record_u64(field, value)),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        match is_plain(field) {
            true => self.integer(field, value),
            false => self.leave(|visitor| visitor.record_i64(field, value)),
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match is_plain(field) {
            true => {
                self.name(field);
                self.put(|text| write!(text, "{value:?}"));
            }
            false => self.leave(|visitor| visitor.record_debug(field, value)),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match is_plain(field) {
            true => {
                self.name(field);
                self.put(|text| put_text(text, value));
            }
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
fn put_text(line: &mut String, text: &str) -> fmt::Result {
    // All letters, to the last: so the compiler looks at many at once.
    let is_plain =
        text.bytes().fold(true, |so_far, byte| so_far & matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~'));
    if !is_plain {
        return write!(line, "{text:?}");
    }
    line.extend(["\"", text, "\""]);
    Ok(())
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
            tracing::warn!(
                text = "plain",
                odd,
                empty = "",
                number = 7,
                minus = -7,
                most = u64::MAX,
                least = i64::MIN,
                real = 0.5,
                yes = true,
                "behind"
            );
            tracing::error!(error, shown = %odd, debug = ?Some(odd), none = None::<&str>, some = Some("x"));
            tracing::error!(r#type = "keyword", message = "by its name", last = 1_u64);
            span.record("later", odd);
            tracing::info!(error);
            tracing::info!(behind = "nothing", "");
        });
    }

    #[test]
    fn a_line_is_what_tracing_subscriber_makes_of_it() {
        let plain = lines(PlainFields, every_kind);
        assert_eq!(plain.matches(" request{").count(), 6, "{plain}");
        assert_eq!(plain, lines(DefaultFields::new(), every_kind));
    }
}
