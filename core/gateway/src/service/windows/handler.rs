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
        let order = match control {
            ServiceControl::Interrogate => return ServiceControlHandlerResult::NoError,
            ServiceControl::Stop => Signal::Stop("stop"),
            ServiceControl::Preshutdown => Signal::Stop("preshutdown"),
            ServiceControl::ParamChange => Signal::Reload("paramchange"),
            _ => return ServiceControlHandlerResult::NotImplemented,
        };
        // Nobody listens any more when the end has come already.
        orders.send(order).ok();
        ServiceControlHandlerResult::NoError
    })?;
    Ok((handle, received))
}
