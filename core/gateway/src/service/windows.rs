mod control;
mod error;
mod event_log;
mod handler;
mod install;
mod run;
mod settings;

use super::ServiceCommand;
pub(crate) use super::event_log::Event;
use crate::exit::{Exit, Result};
pub(crate) use event_log::EventLog;
pub(crate) use handler::register_handler;
use windows_service::service::ServiceExitCode;

pub(crate) fn run(command: &ServiceCommand) -> Result<()> {
    match command {
        ServiceCommand::Install(args) => install::install(args),
        ServiceCommand::Uninstall(args) => install::uninstall(&args.name),
        ServiceCommand::Start(args) => control::start(&args.name),
        ServiceCommand::Stop(args) => control::stop(&args.name),
        ServiceCommand::Status(args) => control::status(&args.name),
        ServiceCommand::Run(args) => run::run(args),
    }
}

/// The SCM keeps it for whoever asks how the service has ended.
pub(crate) fn exit_code(exit: Exit) -> ServiceExitCode {
    ServiceExitCode::ServiceSpecific(exit as u32)
}
