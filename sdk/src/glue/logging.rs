//! What a backend logs, and its panics, go to the gateway.
//!
//! A plugin file has its own copy of `tracing` and of the panic hook, which nobody else sets up. A backend that
//! is linked into the gateway's binary shares both, and nothing is set up for it.

use super::scope::Scope;
use crate::{
    Host,
    abi::{CASEMENT_LOG_DEBUG, CASEMENT_LOG_ERROR, CASEMENT_LOG_INFO, CASEMENT_LOG_TRACE, CASEMENT_LOG_WARN},
};
use std::{
    io, panic,
    sync::{
        Once, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};
use tracing::{Level, Metadata, Subscriber, subscriber::Interest};
use tracing_subscriber::{
    Layer,
    fmt::{self, MakeWriter},
    layer::{Context, SubscriberExt},
};

static PLUGIN_FILE: AtomicBool = AtomicBool::new(false);
/// Who hears what is logged outside of any operation.
static FIRST: OnceLock<Host> = OnceLock::new();

pub(super) fn this_is_a_plugin_file() {
    PLUGIN_FILE.store(true, Ordering::Relaxed);
}

/// Sends events and panics to the gateway from now on.
pub(super) fn set_up(host: &Host) {
    static ONCE: Once = Once::new();
    if !PLUGIN_FILE.load(Ordering::Relaxed) {
        return;
    }
    ONCE.call_once(|| {
        FIRST.get_or_init(|| host.clone());
        let lines = fmt::layer().without_time().with_level(false).with_target(false).with_ansi(false);
        let subscriber = tracing_subscriber::registry().with(Wanted).with(lines.with_writer(ToHost));
        // An author may have installed one of their own in a static initialiser: then theirs stays.
        drop(tracing::subscriber::set_global_default(subscriber));
        panic::set_hook(Box::new(|info| log(CASEMENT_LOG_ERROR, "panic", &info.to_string())));
    });
}

/// For whom something is logged here and now.
fn listener() -> Option<Scope> {
    let current = Scope::current();
    if !current.host.is_nowhere() {
        return Some(current);
    }
    FIRST.get().map(|host| Scope { host: host.clone(), ..current })
}

fn log(level: u32, target: &str, message: &str) {
    if let Some(Scope { host, request }) = listener() {
        host.log(request.as_deref(), level, target, message);
    }
}

fn code_of(level: Level) -> u32 {
    match level {
        Level::ERROR => CASEMENT_LOG_ERROR,
        Level::WARN => CASEMENT_LOG_WARN,
        Level::INFO => CASEMENT_LOG_INFO,
        Level::DEBUG => CASEMENT_LOG_DEBUG,
        Level::TRACE => CASEMENT_LOG_TRACE,
    }
}

/// Asks the gateway, each time anew, because its log level can change.
struct Wanted;

impl<S: Subscriber> Layer<S> for Wanted {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        listener().is_some_and(|scope| scope.host.log_enabled(code_of(*metadata.level())))
    }
}

struct ToHost;

impl<'a> MakeWriter<'a> for ToHost {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { level: CASEMENT_LOG_INFO, target: "plugin".into(), text: Vec::new() }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line {
        Line { level: code_of(*metadata.level()), target: metadata.target().into(), text: Vec::new() }
    }
}

/// One event, sent when it is complete.
struct Line {
    level: u32,
    target: String,
    text: Vec<u8>,
}

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        log(self.level, &self.target, String::from_utf8_lossy(&self.text).trim_end());
    }
}
