//! Starting a service, stopping it, asking how it is.

use super::{
    super::ended::meaning,
    error::{self, ERROR_SERVICE_ALREADY_RUNNING, ERROR_SERVICE_NOT_ACTIVE},
};
use crate::{
    commands::say,
    exit::{Exit, Failure, Result},
};
use std::{
    ffi::OsStr,
    thread,
    time::{Duration, Instant},
};
use windows_service::{
    service::{Service, ServiceAccess, ServiceExitCode, ServiceState, ServiceStatus},
    service_manager::{ServiceManager, ServiceManagerAccess},
};
use winsafe::{HPROCESS, co, guard::CloseHandleGuard};

/// How long a service may show no progress where it asks for less.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(200);

pub(super) fn start(name: &str) -> Result<()> {
    let service = open(name, ServiceAccess::START | ServiceAccess::QUERY_STATUS)?;
    match service.start::<&OsStr>(&[]) {
        Err(err) if error::code(&err) == Some(ERROR_SERVICE_ALREADY_RUNNING) => {}
        started => started.map_err(error::of(&format!("the service {name} cannot be started")))?,
    }
    let status = wait_until(&service, name, |state| state != ServiceState::StartPending)?;
    match status.current_state {
        ServiceState::Running => say(format_args!("the service {name} serves")),
        _ => Err(Failure::new(
            Exit::Temporary,
            format_args!(
                "the service {name} did not come up: {}; the reason is in its log, and in the event log \"Application\"",
                ended(&status.exit_code)
            ),
        )),
    }
}

pub(super) fn stop(name: &str) -> Result<()> {
    stop_service(&open(name, ServiceAccess::STOP | ServiceAccess::QUERY_STATUS)?, name)?;
    say(format_args!("the service {name} has stopped"))
}

/// Comes back when it has stopped, and its process is gone: before that its program can be neither replaced nor removed.
pub(super) fn stop_service(service: &Service, name: &str) -> Result<()> {
    let process = process(&query(service, name)?);
    match service.stop() {
        Err(err) if error::code(&err) == Some(ERROR_SERVICE_NOT_ACTIVE) => return Ok(()),
        // It stops already, and takes no more orders.
        Err(_) if query(service, name)?.current_state == ServiceState::StopPending => {}
        stopped => _ = stopped.map_err(error::of(&format!("the service {name} cannot be stopped")))?,
    }
    // It is running still until it has heard the order.
    wait_until(service, name, |state| state == ServiceState::Stopped)?;
    if let Some(process) = process {
        let patience = Some(PATIENCE.as_millis() as u32);
        let ended = process.WaitForSingleObject(patience).is_ok_and(|woken| woken == co::WAIT::OBJECT_0);
        if !ended {
            eprintln!("warning: the service {name} has stopped, and its process is still there");
        }
    }
    Ok(())
}

/// The process that the service is. Who may stop a service need not be allowed to look at that.
fn process(status: &ServiceStatus) -> Option<CloseHandleGuard<HPROCESS>> {
    HPROCESS::OpenProcess(co::PROCESS::SYNCHRONIZE, false, status.process_id?).ok()
}

pub(super) fn status(name: &str) -> Result<()> {
    let status = query(&open(name, ServiceAccess::QUERY_STATUS)?, name)?;
    let text = format!("the service {name} is {}", state(&status));
    if status.current_state == ServiceState::Running { say(text) } else { Err(Failure::new(Exit::Temporary, text)) }
}

pub(super) fn open(name: &str, access: ServiceAccess) -> Result<Service> {
    let what = format!("the service {name} cannot be opened");
    let manager = ServiceManager::local_computer(None::<&OsStr>, ServiceManagerAccess::CONNECT);
    manager.and_then(|manager| manager.open_service(name, access)).map_err(error::of(&what))
}

fn query(service: &Service, name: &str) -> Result<ServiceStatus> {
    service.query_status().map_err(error::of(&format!("the service {name} does not say how it is")))
}

/// The first status that is wanted. A service that shows no progress for longer than it has asked for is not waited for.
fn wait_until(service: &Service, name: &str, wanted: impl Fn(ServiceState) -> bool) -> Result<ServiceStatus> {
    let (mut seen, mut since) = (None, Instant::now());
    loop {
        let status = query(service, name)?;
        if wanted(status.current_state) {
            return Ok(status);
        }
        let progress = (status.current_state, status.checkpoint);
        if seen.replace(progress) != Some(progress) {
            since = Instant::now();
        }
        if since.elapsed() > PATIENCE.max(status.wait_hint) {
            let text = format_args!("the service {name} makes no progress, it is {}", state(&status));
            return Err(Failure::new(Exit::Temporary, text));
        }
        thread::sleep(PAUSE);
    }
}

fn state(status: &ServiceStatus) -> String {
    match status.current_state {
        ServiceState::Running => match status.process_id {
            Some(id) => format!("running, as process {id}"),
            None => "running".into(),
        },
        ServiceState::StartPending => "starting".into(),
        ServiceState::StopPending => "stopping".into(),
        ServiceState::Stopped => format!("stopped, {}", ended(&status.exit_code)),
        other => format!("{other:?}"),
    }
}

/// How it has ended.
fn ended(code: &ServiceExitCode) -> String {
    match *code {
        ServiceExitCode::ServiceSpecific(code) => match meaning(code) {
            Some(meaning) => format!("with exit code {code}: {meaning}"),
            None => format!("with exit code {code}"),
        },
        ServiceExitCode::Win32(0) => "without an error".into(),
        // "No attempts to start the service have been made since the last boot."
        ServiceExitCode::Win32(1077) => "and was not started since the system was".into(),
        ServiceExitCode::Win32(code) => format!("with Windows' error {code}"),
    }
}
