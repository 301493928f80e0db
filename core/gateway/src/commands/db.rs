//! The metadata database from outside, as an operator sees it.

use super::say;
use crate::{
    cli::{BackupArgs, DbCommand},
    config,
    exit::{Exit, Failure, Result},
    runtime, secret_file, wiring,
};
use casement_catalog::{Onlooker, Version};
use std::path::Path;

pub(super) fn run(command: &DbCommand) -> Result<()> {
    match command {
        DbCommand::Version(args) => look(&args.config, async |mut database, _| {
            let found = database.version().await.map_err(refused)?;
            database.close().await.map_err(refused)?;
            say(told(&found))
        }),
        DbCommand::Check(args) => look(&args.config, check),
        DbCommand::Backup(args) => back_up(args),
        DbCommand::Upgrade(args) => upgrade(&args.config),
    }
}

fn look(file: &Path, work: impl AsyncFnOnce(Onlooker, &Path) -> Result<()>) -> Result<()> {
    let path = config::load(file)?.catalog.path;
    runtime::run(async {
        let database = Onlooker::open(&path).await.map_err(refused)?;
        work(database, &path).await
    })
}

fn told(found: &Version) -> String {
    let casement = found.casement.map_or_else(|| "none".to_owned(), |version| version.to_string());
    let glance = found.glance.as_deref().unwrap_or("unknown");
    format!("casement  {casement} (this program serves {})\nglance    {glance}", Onlooker::SERVED)
}

async fn check(mut database: Onlooker, path: &Path) -> Result<()> {
    let faults = database.faults().await.map_err(refused)?;
    database.close().await.map_err(refused)?;
    if faults.is_empty() {
        return say(format_args!("{} is sound", path.display()));
    }
    for fault in &faults {
        say(fault)?;
    }
    let text = format!("{} is damaged: restore it from a backup", path.display());
    Err(Failure::new(Exit::Data, text))
}

/// The copy is as secret as the database: its first moment is an empty file that only its owner may read.
fn back_up(args: &BackupArgs) -> Result<()> {
    let to = std::path::absolute(&args.file).map_err(Failure::of(Exit::Usage, "the file to write"))?;
    look(&args.config.config, async |mut database, path| {
        let what = format!("{} cannot be written", to.display());
        secret_file::create(&to, "").map_err(Failure::of(Exit::Usage, &what))?;
        let written = database.back_up(&to).await;
        database.close().await.map_err(refused)?;
        if let Err(error) = written {
            // Half a backup is none.
            std::fs::remove_file(&to).ok();
            return Err(refused(error));
        }
        say(format_args!("{} is backed up to {}", path.display(), to.display()))
    })
}

fn upgrade(file: &Path) -> Result<()> {
    let config = config::load(file)?;
    runtime::run(async {
        let mut before = Onlooker::open(&config.catalog.path).await.map_err(refused)?;
        let version = before.version().await.map_err(refused)?.casement;
        before.close().await.map_err(refused)?;
        wiring::catalog(&config).await?.close().await;
        match version {
            Some(Onlooker::SERVED) => say(format_args!("version {} already", Onlooker::SERVED)),
            Some(older) => say(format_args!("version {older} is version {} now", Onlooker::SERVED)),
            None => say(format_args!("taken over from Glance, in version {} now", Onlooker::SERVED)),
        }
    })
}

fn refused(error: casement_catalog::Error) -> Failure {
    Failure::new(Exit::Catalog, error)
}
