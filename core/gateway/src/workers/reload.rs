//! The workers are replaced one by one.

use super::{
    crew::{Crew, Plan},
    protocol::Configuration,
    slot::Slot,
};
use crate::{
    config::{self, Changes},
    exit::{Failure, Result},
    reload::{Replacement, Report},
    telemetry::Level,
};

impl Crew {
    /// Reads the configuration again. The first worker that starts by it is its trial: where it cannot serve, all stays as
    /// it was. What happens to later ones is no matter of the configuration; their places are tried on.
    pub(super) async fn reload(&self, slots: &[Slot]) -> Result<Report> {
        let _one_at_a_time = self.reloading.lock().await;
        self.shared.manager.reloading();
        let done = self.try_reload(slots).await;
        self.shared.manager.ready();
        done
    }

    async fn try_reload(&self, slots: &[Slot]) -> Result<Report> {
        let old = self.plan();
        let file = &old.configuration.file;
        let text = config::text(file)?;
        let new = config::parse(file, &text)?;
        let (Changes { at_once, at_a_restart }, config) = old.config.turn_to(&new, file, config::OF_A_SUPERVISOR)?;
        let level = Level::parse(&config.log)?;
        let callers = old.callers.under(config.caller_limits());
        let plan = Plan { configuration: Configuration { text, ..old.configuration }, config, callers };

        let first = self.start(plan.clone(), at_once.clone()).await?;
        self.go_by(plan.clone());
        self.shared.level.set(level)?;
        let mut first = Some(first);
        let mut workers = Vec::new();
        for slot in slots {
            let started = match first.take() {
                Some(process) => Ok(process),
                None => self.start(plan.clone(), Vec::new()).await,
            };
            let old = slot.worker();
            let (replacement, successor) = match started {
                Ok(process) => (Replacement::By(process.number), Some(process)),
                Err(failure) => (awaited(&failure), None),
            };
            slot.succeed(successor).await;
            workers.push((old, replacement));
        }
        Ok(Report { changed: at_once, waiting: at_a_restart, plugins: Vec::new(), workers })
    }
}

fn awaited(failure: &Failure) -> Replacement {
    Replacement::Awaited(failure.to_string())
}
