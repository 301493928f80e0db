//! What the Service Control Manager starts.

use super::error;
use crate::{
    commands,
    exit::{Exit, Failure, Result},
    manager::Manager,
    service::args::RunArgs,
};
use std::{ffi::OsString, sync::OnceLock};
use windows_service::{define_windows_service, service_dispatcher};

/// "The service process could not connect to the service controller" (System Error Codes 1000-1299).
const ERROR_FAILED_SERVICE_CONTROLLER_CONNECT: i32 = 1063;

/// The SCM calls `service_main` on a thread of its own, and with its own arguments only.
static ARGS: OnceLock<RunArgs> = OnceLock::new();

define_windows_service!(service_main, serve);

pub(super) fn run(args: &RunArgs) -> Result<()> {
    let args = ARGS.get_or_init(|| args.clone());
    service_dispatcher::start(&args.service.name, service_main).map_err(|err| match error::code(&err) {
        Some(ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) => {
            let text = "`casement service run` is for the Service Control Manager; on a console it is `casement serve`";
            Failure::new(Exit::Usage, text)
        }
        _ => Failure::of(Exit::Temporary, "the Service Control Manager cannot be reached")(err),
    })
}

fn serve(_arguments: Vec<OsString>) {
    let Some(args) = ARGS.get() else { return };
    // Without its handle nothing can be told to the SCM; it sees the process end.
    let Ok(manager) = Manager::of_service(&args.service.name) else { return };
    manager.starting("reading the configuration");
    let ended = commands::serve(&args.config, manager.clone());
    if let Err(failure) = &ended {
        crate::telemetry::report(failure);
    }
    manager.stopped(&ended);
}
