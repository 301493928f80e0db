//! The Service Control Manager's orders to a service that runs.

use crate::signals::Signal;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use windows_service::{
    service::ServiceControl,
    service_control_handler::{ServiceControlHandlerResult, ServiceStatusHandle, register},
};

pub(crate) fn register_handler(
    name: &str,
) -> windows_service::Result<(ServiceStatusHandle, UnboundedReceiver<Signal>)> {
    let (orders, received) = unbounded_channel();
    let handle = register(name, move |control| {
        if let Some(order) = order(&control) {
            // Nobody listens any more when the end has come already.
            orders.send(order).ok();
            return ServiceControlHandlerResult::NoError;
        }
        match control {
            ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
            _ => ServiceControlHandlerResult::NotImplemented,
        }
    })?;
    Ok((handle, received))
}

fn order(control: &ServiceControl) -> Option<Signal> {
    match control {
        ServiceControl::Stop => Some(Signal::Stop("stop")),
        ServiceControl::Preshutdown => Some(Signal::Stop("preshutdown")),
        ServiceControl::ParamChange => Some(Signal::Reload("paramchange")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_stops_when_it_is_told_to_and_before_a_shutdown_and_reads_its_configuration_anew_at_paramchange() {
        for (control, expected) in [
            (ServiceControl::Stop, Some(Signal::Stop("stop"))),
            (ServiceControl::Preshutdown, Some(Signal::Stop("preshutdown"))),
            (ServiceControl::ParamChange, Some(Signal::Reload("paramchange"))),
            (ServiceControl::Interrogate, None),
            (ServiceControl::Pause, None),
        ] {
            assert_eq!(order(&control), expected, "{control:?}");
        }
    }
}
