//! The log.

mod log_file;
mod moment;
mod plain_fields;
mod request_id;

use crate::{
    append::try_append,
    config::{Format, Log},
    exit::{Exit, Failure, Result},
    journal,
    manager::Manager,
};
use log_file::LogFile;
pub(crate) use log_file::Shared as LogLines;
use moment::Moment;
use plain_fields::PlainFields;
use request_id::WithRequestId;
use std::{
    backtrace::Backtrace,
    io, panic,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    fmt::{MakeWriter, format},
    layer::SubscriberExt,
    reload,
    util::SubscriberInitExt,
};

/// Where events go beside the log. They come after the log's own filter.
pub(crate) type FurtherLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Whether the log is out of sight of whoever started the program.
static IN_FILE: AtomicBool = AtomicBool::new(false);

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

/// A log that is written.
pub(crate) struct Started {
    pub level: Level,
    /// The file, for lines of others; nothing where the log goes to standard error.
    pub file: Option<LogLines>,
}

/// Starts logging, panics included: to the file, else to standard error; and to whatever log the manager keeps itself.
pub(crate) fn start(log: &Log, file: Option<&Path>, manager: &Manager) -> Result<Started> {
    match file {
        Some(path) => {
            let complain = manager.clone();
            let complain = move |text: &str| complain.complain(text);
            let file = LogFile::open(path.into(), log.max_size_bytes, log.keep, complain);
            let file = LogLines::new(file.map_err(|error| unfit(path, &error))?);
            IN_FILE.store(true, Ordering::Relaxed);
            let lines = file.clone();
            let level = start_on(log, move || lines.clone(), false, manager)?;
            Ok(Started { level, file: Some(file) })
        }
        None => {
            let level = start_on(log, journal::stderr(), io::IsTerminal::is_terminal(&io::stderr()), manager)?;
            Ok(Started { level, file: None })
        }
    }
}

/// Whether the file can be written.
pub(crate) fn check(file: &Path) -> Result<()> {
    try_append(file).map_err(|error| unfit(file, &error))
}

fn unfit(file: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Config, format_args!("the log file {} cannot be opened: {error}", file.display()))
}

fn start_on<W>(log: &Log, writer: W, colours: bool, manager: &Manager) -> Result<Level>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let (filter, handle) = reload::Layer::new(Level::parse(log)?);
    let subscriber = tracing_subscriber::registry().with(manager.further_log()).with(filter);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let format = format().with_timer(Moment);
    let text = |format: format::Format<_, _>| WithRequestId::in_text(format.with_ansi(colours));
    let started = match log.format {
        Format::Text if colours => subscriber.with(lines.event_format(text(format))).try_init(),
        Format::Text => subscriber.with(lines.event_format(text(format)).fmt_fields(PlainFields)).try_init(),
        Format::Json => {
            let json = WithRequestId::in_json(format.json().flatten_event(true));
            subscriber.with(lines.event_format(json).fmt_fields(format::JsonFields::new())).try_init()
        }
    };
    started.map_err(Failure::of(Exit::Internal, "the log cannot be started"))?;
    panic::set_hook(Box::new(log_panic));
    Ok(Level(Box::new(move |filter| handle.reload(filter))))
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

/// Tells why the program ends: in the log, and as plain text where nobody would look there.
pub(crate) fn report(failure: &Failure) {
    let has_log = tracing::dispatcher::has_been_set();
    if has_log {
        tracing::error!(target: "casement", "{failure}");
    }
    if !has_log || IN_FILE.load(Ordering::Relaxed) {
        eprintln!("{failure}");
    }
}
