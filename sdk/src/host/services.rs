//! The gateway's services as the table that a plugin calls.

use super::{Level, request};
use crate::abi::{
    CASEMENT_LOG_DEBUG, CASEMENT_LOG_ERROR, CASEMENT_LOG_INFO, CASEMENT_LOG_TRACE, CASEMENT_LOG_WARN, CasementHost,
    CasementRequest, CasementRuntime, CasementStr, REQUEST,
};
use std::{
    borrow::Cow,
    ffi::c_void,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Semaphore;

/// What the gateway offers the backend of one store. Called from the plugin's threads, which it must not
/// block. A value stays in memory until the process ends, because a plugin may log at any time.
pub trait HostServices: Send + Sync {
    /// Writes a line to the log. Texts that are too long are cut, texts that are not UTF-8 are repaired.
    fn log(&self, line: &LogLine<'_>);
    /// Whether a line of this level would be kept.
    fn log_enabled(&self, level: Level) -> bool;
    /// Adds to a counter.
    fn counter_add(&self, name: &str, delta: u64);
    /// Sets a gauge.
    fn gauge_set(&self, name: &str, value: f64);
    /// Records a value in a histogram.
    fn histogram_observe(&self, name: &str, value: f64);
    /// How many operations the store may have unanswered at once; further ones wait. An operation that nobody waits
    /// for any longer counts until the plugin has answered it.
    fn concurrency(&self) -> usize {
        256
    }
    /// How many threads the plugin may make for work that does not block. The first store a plugin opens
    /// decides.
    fn workers(&self) -> u32 {
        2
    }
}

/// What a backend logs.
#[derive(Debug, Clone, Copy)]
pub struct LogLine<'a> {
    /// How much it matters.
    pub level: Level,
    /// Where in the plugin it comes from.
    pub target: &'a str,
    /// For people.
    pub message: &'a str,
    /// The id of the client's request that it was logged for, where it was for one.
    pub request: Option<&'a str>,
}

const LONGEST_MESSAGE: usize = 16 << 10;
pub(super) const LONGEST_NAME: usize = 256;

/// The table and what stands behind it.
pub(super) struct Published {
    pub(super) table: CasementHost,
    pub(super) places: Arc<Semaphore>,
    /// How many there are.
    pub(super) concurrency: u32,
    runtime: CasementRuntime,
    services: Arc<dyn HostServices>,
}

impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Published").finish_non_exhaustive()
    }
}

/// The table of one store, made when the store is first opened and kept until the process ends.
pub(super) fn publish(services: Arc<dyn HostServices>) -> &'static Published {
    static KEPT: Mutex<Vec<&'static Published>> = Mutex::new(Vec::new());

    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(published) = kept.iter().find(|published| Arc::ptr_eq(&published.services, &services)) {
        return published;
    }
    let most = u32::try_from(Semaphore::MAX_PERMITS).unwrap_or(u32::MAX);
    let concurrency = u32::try_from(services.concurrency()).unwrap_or(most).clamp(1, most);
    let places = Arc::new(Semaphore::new(concurrency as usize));
    let runtime = CasementRuntime { size: size_of::<CasementRuntime>() as u32, workers: services.workers() };
    let table = CasementHost {
        size: size_of::<CasementHost>() as u32,
        reserved: 0,
        ctx: ptr::null_mut(),
        log,
        log_enabled,
        counter_add,
        gauge_set,
        histogram_observe,
        query,
    };
    let published = Box::into_raw(Box::new(Published { table, places, concurrency, runtime, services }));
    // SAFETY: just made, nobody else has it yet; from here on it is only read.
    let published: &'static Published = unsafe {
        (*published).table.ctx = published.cast();
        &*published
    };
    kept.push(published);
    published
}

/// Runs gateway code for a plugin. A panic in it must not unwind through the plugin.
fn serve<T>(ctx: *mut c_void, otherwise: T, f: impl FnOnce(&'static Published) -> T) -> T {
    // SAFETY: `ctx` is what `publish` put into the table, and is never freed.
    let published = unsafe { &*ctx.cast::<Published>() };
    catch_unwind(AssertUnwindSafe(|| f(published))).unwrap_or(otherwise)
}

unsafe extern "C" fn log(ctx: *mut c_void, level: u32, target: CasementStr, message: CasementStr) {
    // SAFETY: as the contract has it, for this function as for that one.
    unsafe { log_line(ctx, request::called_for().as_deref(), level, target, message) }
}

/// Hands on a line for a request.
///
/// # Safety
/// `ctx` is that of a host's table; the plugin lends both texts for this call.
pub(super) unsafe fn log_line(
    ctx: *mut c_void,
    request: Option<&str>,
    level: u32,
    target: CasementStr,
    message: CasementStr,
) {
    serve(ctx, (), |p| {
        // SAFETY: the caller's promise.
        let (target, message) = unsafe { (readable(target, LONGEST_NAME), readable(message, LONGEST_MESSAGE)) };
        p.services.log(&LogLine { level: level_of(level), target: &target, message: &message, request });
    });
}

unsafe extern "C" fn log_enabled(ctx: *mut c_void, level: u32) -> u32 {
    serve(ctx, 0, |p| p.services.log_enabled(level_of(level)).into())
}

unsafe extern "C" fn counter_add(ctx: *mut c_void, name: CasementStr, delta: u64) {
    metric(ctx, name, |services, name| services.counter_add(name, delta));
}

unsafe extern "C" fn gauge_set(ctx: *mut c_void, name: CasementStr, value: f64) {
    metric(ctx, name, |services, name| services.gauge_set(name, value));
}

unsafe extern "C" fn histogram_observe(ctx: *mut c_void, name: CasementStr, value: f64) {
    metric(ctx, name, |services, name| services.histogram_observe(name, value));
}

fn metric(ctx: *mut c_void, name: CasementStr, f: impl FnOnce(&dyn HostServices, &str)) {
    serve(ctx, (), |published| {
        // SAFETY: the plugin lends the name for this call.
        let name = unsafe { readable(name, LONGEST_NAME) };
        f(&*published.services, &name);
    });
}

unsafe extern "C" fn query(ctx: *mut c_void, name: CasementStr) -> *const c_void {
    serve(ctx, ptr::null(), |p| {
        // SAFETY: the plugin lends the name for this call.
        match unsafe { name.as_str() } {
            Ok("casement.runtime/1") => ptr::from_ref(&p.runtime).cast(),
            Ok(REQUEST) => {
                let table: &'static CasementRequest = &request::TABLE;
                ptr::from_ref(table).cast()
            }
            _ => ptr::null(),
        }
    })
}

fn level_of(level: u32) -> Level {
    match level {
        0 | CASEMENT_LOG_ERROR => Level::ERROR,
        CASEMENT_LOG_WARN => Level::WARN,
        CASEMENT_LOG_INFO => Level::INFO,
        CASEMENT_LOG_DEBUG => Level::DEBUG,
        CASEMENT_LOG_TRACE.. => Level::TRACE,
    }
}

/// A text of the plugin, cut to `most` bytes and repaired.
///
/// # Safety
/// As [`CasementStr::as_str`].
pub(super) unsafe fn readable<'a>(text: CasementStr, most: usize) -> Cow<'a, str> {
    // SAFETY: the caller's promise is the same.
    match unsafe { text.as_bytes() } {
        Ok(bytes) => String::from_utf8_lossy(&bytes[..bytes.len().min(most)]),
        Err(_) => Cow::Borrowed("(no readable text)"),
    }
}
