//! The log.

use crate::{
    config::{Format, Log},
    exit::{Exit, Failure, Result},
    journal,
};
use std::{backtrace::Backtrace, io, panic};
use tracing_subscriber::{EnvFilter, reload};

/// What of the log can change while it is written: which lines it has.
pub(crate) struct Level(Box<dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync>);

impl Level {
    pub(crate) fn parse(log: &Log) -> Result<EnvFilter> {
        EnvFilter::builder().parse(&log.level).map_err(Failure::of(Exit::Config, "log.level"))
    }

    pub(crate) fn set(&self, filter: EnvFilter) -> Result<()> {
        (self.0)(filter).map_err(Failure::of(Exit::Internal, "log.level"))
    }
}

/// Starts logging to standard error, panics included.
pub(crate) fn start(log: &Log) -> Result<Level> {
    let lines = tracing_subscriber::fmt().with_writer(journal::stderr());
    let filter = Level::parse(log)?;
    let (level, started) = match log.format {
        Format::Text => {
            let lines = lines.with_ansi(io::IsTerminal::is_terminal(&io::stderr()));
            let lines = lines.with_env_filter(filter).with_filter_reloading();
            (level(lines.reload_handle()), lines.try_init())
        }
        Format::Json => {
            let lines = lines.json().flatten_event(true).with_env_filter(filter).with_filter_reloading();
            (level(lines.reload_handle()), lines.try_init())
        }
    };
    started.map_err(Failure::of(Exit::Internal, "the log cannot be started"))?;
    panic::set_hook(Box::new(log_panic));
    Ok(level)
}

fn level<S: 'static>(handle: reload::Handle<EnvFilter, S>) -> Level {
    Level(Box::new(move |filter| handle.reload(filter)))
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
