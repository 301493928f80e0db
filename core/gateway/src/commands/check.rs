use super::say;
use crate::{
    cli::CheckArgs,
    config,
    exit::{Exit, Failure, Result},
    identity, policy, runtime, schemas, telemetry, watch, wiring,
};
use casement_catalog::{Catalog, Kind};
use std::fmt;

/// Does all that `serve` does short of listening, in the same order, and goes on after a failure: the report shows
/// everything that is wrong, and the exit code is that of the first.
pub(super) fn run(args: &CheckArgs) -> Result<()> {
    let file = &args.config.config;
    let config = config::load(file)?;
    runtime::run(async {
        let mut report = Report { first: None, tolerant: args.tolerate_temporary };
        report.ok("configuration", file.display())?;
        if let Some(file) = &config.log.file {
            report.item("log", telemetry::check(file))?;
        }
        if let Some(file) = &config.audit.file {
            report.item("audit", watch::check_audit(file))?;
        }
        if let Some(Some(keystone)) = report.item("identity", identity::check(&config).await)? {
            report.ok("keystone", keystone)?;
        }
        if let Some(policies) = report.item("policy", policy::read(&config.policy))? {
            for warning in &policies.warnings {
                report.line("warning", "policy", warning)?;
            }
        }
        report.item("schemas", schemas::read(&config.images))?;
        if let Some(warnings) = wiring::check_tls(&config).transpose() {
            for warning in report.item("tls", warnings)?.unwrap_or_default() {
                report.line("warning", "tls", warning)?;
            }
        }
        let catalog = Catalog::open(&wiring::catalog_options(&config)).await.map_err(|error| {
            // Before a reload it is the service's own.
            let tolerated = args.tolerate_temporary && error.kind == Kind::Busy;
            Failure::new(if tolerated { Exit::Temporary } else { Exit::Catalog }, error)
        });
        if let Some(catalog) = report.item("catalog", catalog)? {
            catalog.close().await;
        }
        if let Some(stores) = report.item("stores", wiring::stores(config::in_place(config.stores_options())).await)? {
            for plugin in stores.plugins() {
                match plugin.plugin() {
                    Ok(found) => report
                        .ok("plugin", format_args!("{} {} ({})", found.name(), found.version(), found.built_with()))?,
                    Err(reason) => report.line("warning", "plugin", reason)?,
                }
            }
            for store in stores.iter() {
                match store.unavailable() {
                    None => report.ok("store", store.id())?,
                    // Not a required one, or opening would have failed.
                    Some(reason) => report.line("warning", "store", format_args!("{}: {reason}", store.id()))?,
                }
            }
        }
        report.first.map_or(Ok(()), Err)
    })
}

struct Report {
    first: Option<Failure>,
    /// What may go away by itself is no failure.
    tolerant: bool,
}

impl Report {
    fn item<T>(&mut self, what: &str, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => self.line("ok", what, "").map(|()| Some(value)),
            Err(failure) if self.tolerant && failure.exit == Exit::Temporary => {
                self.line("warning", what, &failure).map(|()| None)
            }
            Err(failure) => {
                self.line("error", what, &failure)?;
                self.first.get_or_insert(failure);
                Ok(None)
            }
        }
    }

    fn ok(&mut self, what: &str, detail: impl fmt::Display) -> Result<()> {
        self.line("ok", what, detail)
    }

    fn line(&mut self, state: &str, what: &str, detail: impl fmt::Display) -> Result<()> {
        say(format!("{state:<8} {what:<14} {detail}").trim_end())
    }
}
