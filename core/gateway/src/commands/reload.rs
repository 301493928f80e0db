use super::say;
use crate::{
    config,
    control::{self, Order, Reply},
    exit::{Exit, Failure, Result},
    runtime,
};
use casement_stores::Outcome;
use std::path::Path;

/// Has the running service look at its plugin files again.
pub(super) fn run(file: &Path) -> Result<()> {
    let config = config::load(file)?;
    let reloaded = match runtime::run(control::order(&config.catalog.path, Order::ReloadPlugins))? {
        Reply::Reloaded(reloaded) => reloaded,
        other => return Err(other.unexpected()),
    };
    for plugin in &reloaded {
        say(plugin)?;
    }
    match reloaded.iter().filter(|plugin| matches!(plugin.outcome, Outcome::Refused(_))).count() {
        0 => Ok(()),
        refused => {
            Err(Failure::new(Exit::StoreUnavailable, format_args!("not replaced: {refused}; what was loaded goes on")))
        }
    }
}
