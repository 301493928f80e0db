//! The Service Control Manager (SCM).

use super::STEP;
use crate::{
    exit::Result,
    service::{Event, EventLog, exit_code, register_handler},
    signals::Signal,
    telemetry::FurtherLayer,
};
use std::{
    io,
    net::TcpListener,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::mpsc::UnboundedReceiver;
use windows_service::{
    service::{ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType},
    service_control_handler::ServiceStatusHandle,
};

#[derive(Debug, Clone)]
pub(crate) enum Manager {
    Scm(Arc<Scm>),
    /// A worker has to do with its supervisor alone, and with the event log of the service.
    Supervisor(EventLog),
    /// On a console the service is run by whoever has typed its name.
    Nobody,
}

#[derive(Debug)]
pub(crate) struct Scm {
    handle: ServiceStatusHandle,
    events: EventLog,
    /// The state as it was told last, and how often.
    told: Mutex<(ServiceState, u32)>,
    orders: Mutex<Option<UnboundedReceiver<Signal>>>,
}

impl Manager {
    pub(crate) fn of_process() -> Self {
        Self::Nobody
    }

    /// For a worker of a service, if it is one that has a name.
    pub(crate) fn of_worker(service: Option<String>) -> Self {
        service.map_or(Self::Nobody, |name| Self::Supervisor(EventLog::of(&name)))
    }

    /// The name that the event log knows the service by.
    pub(crate) fn service(&self) -> Option<String> {
        self.events().map(|events| events.source().to_owned())
    }

    fn events(&self) -> Option<&EventLog> {
        match self {
            Self::Scm(scm) => Some(&scm.events),
            Self::Supervisor(events) => Some(events),
            Self::Nobody => None,
        }
    }

    /// The one that has started this process as a service.
    pub(crate) fn of_service(name: &str) -> windows_service::Result<Self> {
        let (handle, orders) = register_handler(name)?;
        let told = Mutex::new((ServiceState::Stopped, 0));
        let events = EventLog::of(name);
        Ok(Self::Scm(Arc::new(Scm { handle, events, told, orders: Mutex::new(Some(orders)) })))
    }

    pub(crate) fn starting(&self, _step: &str) {
        if let Self::Scm(scm) = self {
            scm.tell(ServiceState::StartPending, STEP, ServiceExitCode::NO_ERROR);
        }
    }

    pub(crate) fn ready(&self) {
        if let Self::Scm(scm) = self
            && scm.tell(ServiceState::Running, Duration::ZERO, ServiceExitCode::NO_ERROR)
        {
            scm.events.report(Event::Started, concat!("casement ", env!("CARGO_PKG_VERSION"), " serves."));
        }
    }

    /// The SCM knows no such state.
    pub(crate) fn reloading(&self) {}

    pub(crate) fn stopping(&self, _why: &str, within: Duration) {
        if let Self::Scm(scm) = self {
            scm.tell(ServiceState::StopPending, within, ServiceExitCode::NO_ERROR);
        }
    }

    /// The service has ended. The process may be gone as soon as the SCM knows.
    pub(crate) fn stopped(&self, how: &Result<()>) {
        if let Self::Scm(scm) = self {
            let code = match how {
                Ok(()) => {
                    scm.events.report(Event::Stopped, "casement has stopped as it was told to.");
                    ServiceExitCode::NO_ERROR
                }
                Err(failure) => {
                    scm.events.report(Event::Failed, &format!("casement cannot go on: {failure}"));
                    exit_code(failure.exit)
                }
            };
            scm.tell(ServiceState::Stopped, Duration::ZERO, code);
        }
    }

    /// Tells what the log can't tell.
    pub(crate) fn complain(&self, text: &str) {
        match self {
            Self::Scm(scm) => scm.events.report(Event::Log, text),
            Self::Supervisor(_) | Self::Nobody => eprintln!("{text}"),
        }
    }

    /// A service has no standard error that anybody reads.
    pub(crate) fn has_standard_error(&self) -> bool {
        !matches!(self, Self::Scm(_))
    }

    /// Windows' event log.
    pub(crate) fn further_log(&self) -> Option<FurtherLayer> {
        self.events().map(EventLog::layer)
    }

    /// The SCM's orders; nothing where they come from a console. Whoever asks first has them.
    pub(crate) fn orders(&self) -> Option<UnboundedReceiver<Signal>> {
        let Self::Scm(scm) = self else { return None };
        scm.orders.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn patience(&self) -> Option<Duration> {
        None
    }

    pub(super) fn lives(&self) {}
}

impl Scm {
    /// Whether the state is another one than before.
    fn tell(&self, state: ServiceState, wait_hint: Duration, exit_code: ServiceExitCode) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = told.0 != state;
        // A start or a reload under way goes on for a moment after the order to stop.
        if told.0 == ServiceState::StopPending && state != ServiceState::Stopped && is_new {
            return false;
        }
        let pending = matches!(state, ServiceState::StartPending | ServiceState::StopPending);
        let checkpoint = match (pending, is_new) {
            (false, _) => 0,
            (true, true) => 1,
            (true, false) => told.1 + 1,
        };
        *told = (state, checkpoint);
        let status = ServiceStatus {
            service_type: ServiceType::OWN_PROCESS,
            current_state: state,
            controls_accepted: accepted(state),
            exit_code,
            checkpoint,
            wait_hint,
            process_id: None,
        };
        if let Err(error) = self.handle.set_service_status(status) {
            tracing::debug!(%error, ?state, "the Service Control Manager cannot be told");
        }
        is_new
    }
}

/// The orders that are taken in a state. A start is broken off as a service that runs is stopped.
fn accepted(state: ServiceState) -> ServiceControlAccept {
    let stop = ServiceControlAccept::STOP | ServiceControlAccept::PRESHUTDOWN;
    match state {
        ServiceState::StartPending => stop,
        ServiceState::Running => stop | ServiceControlAccept::PARAM_CHANGE,
        _ => ServiceControlAccept::empty(),
    }
}

/// The SCM opens none.
pub(crate) fn sockets() -> io::Result<Vec<TcpListener>> {
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_runs_takes_part_in_a_shutdown_and_one_that_stops_takes_no_more_orders() {
        let running = accepted(ServiceState::Running);
        assert!(running.contains(ServiceControlAccept::PRESHUTDOWN | ServiceControlAccept::STOP));
        assert!(running.contains(ServiceControlAccept::PARAM_CHANGE));
        assert!(accepted(ServiceState::StartPending).contains(ServiceControlAccept::PRESHUTDOWN));
        assert!(accepted(ServiceState::StopPending).is_empty());
    }

    #[test]
    fn a_worker_of_a_service_writes_its_events_under_the_services_name_and_another_writes_none() {
        assert_eq!(Manager::of_worker(Some("Casement-2".into())).service().as_deref(), Some("Casement-2"));
        assert!(Manager::of_worker(None).further_log().is_none());
    }
}
