use std::io;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

pub(crate) fn stderr() -> BoxMakeWriter {
    BoxMakeWriter::new(io::stderr)
}
