//! The log.

use crate::{
    config::{Format, Log},
    exit::{Exit, Failure, Result},
    journal,
};
use std::{backtrace::Backtrace, io, panic};
use tracing_subscriber::EnvFilter;

/// Starts logging to standard error, panics included.
pub(crate) fn start(log: &Log) -> Result<()> {
    let filter = EnvFilter::builder().parse(&log.level).map_err(Failure::of(Exit::Config, "log.level"))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(journal::stderr());
    let started = match log.format {
        Format::Text => lines.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).try_init(),
        Format::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(Failure::of(Exit::Internal, "the log cannot be started"))?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// A panic in a task is caught by the runtime and would leave no trace in a log of JSON lines.
fn log_panic(info: &panic::PanicHookInfo<'_>) {
    let payload = info.payload();
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no message)");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let backtrace = Backtrace::capture();
    tracing::error!(place, thread, %backtrace, "panic: {message}");
}

/// Tells why the program ends: in the log, or as plain text before there is one.
pub(crate) fn report(failure: &Failure) {
    if tracing::dispatcher::has_been_set() {
        tracing::error!(target: "casement", "{failure}");
    } else {
        eprintln!("{failure}");
    }
}
