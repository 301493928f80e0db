use super::say;
use crate::{
    config,
    control::{self, Order, Reply},
    exit::{Exit, Failure, Result},
    runtime,
};
use casement_stores::{Outcome, Reloaded};
use std::path::Path;

/// Has the running service go on by its configuration as it is now.
pub(super) fn run(file: &Path) -> Result<()> {
    match order(file, Order::Reload)? {
        Reply::Reconfigured(report) => {
            report.lines().into_iter().try_for_each(say)?;
            refuse_refused(&report.plugins)
        }
        reply => Err(unexpected(reply)),
    }
}

/// Has the running service look at its plugin files again.
pub(super) fn plugins(file: &Path) -> Result<()> {
    match order(file, Order::ReloadPlugins)? {
        Reply::Reloaded(plugins) => {
            plugins.iter().try_for_each(say)?;
            refuse_refused(&plugins)
        }
        reply => Err(unexpected(reply)),
    }
}

fn order(file: &Path, order: Order) -> Result<Reply> {
    let config = config::load(file)?;
    runtime::run(control::order(&config.catalog.path, order))
}

fn unexpected(reply: Reply) -> Failure {
    match reply {
        Reply::Unfit(reason) => Failure::new(Exit::Config, format_args!("nothing has changed: {reason}")),
        Reply::Refused(reason) => Failure::new(Exit::Usage, reason),
        Reply::Reconfigured(_) | Reply::Reloaded(_) => {
            Failure::new(Exit::Internal, "the running service answered another order")
        }
    }
}

fn refuse_refused(plugins: &[Reloaded]) -> Result<()> {
    match plugins.iter().filter(|plugin| matches!(plugin.outcome, Outcome::Refused(_))).count() {
        0 => Ok(()),
        refused => {
            Err(Failure::new(Exit::StoreUnavailable, format_args!("not replaced: {refused}; what was loaded goes on")))
        }
    }
}
