//! Namespaces of metadata definitions in files: what `glance-manage db_load_metadefs` and its sisters do.

use super::say;
use crate::{
    cli::{ExportArgs, LoadArgs, MetadefsCommand},
    config,
    exit::{Exit, Failure, Result},
    runtime, wiring,
};
use casement_catalog::{Catalog, Loaded, Merge};
use casement_image::metadef::file;
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// Where Glance's packages put them.
const DEFAULT: &str = "/etc/glance/metadefs";

pub(super) fn run(command: &MetadefsCommand) -> Result<()> {
    match command {
        MetadefsCommand::Load(args) => {
            let files = files(&args.paths)?;
            with_catalog(&args.config.config, async |catalog| load(catalog, &files, how(args)).await)
        }
        MetadefsCommand::Unload(args) => with_catalog(&args.config, async |catalog| {
            let gone = catalog.unload_namespaces().await.map_err(refused)?;
            say(format_args!("{} namespaces and {} resource types removed", gone.namespaces, gone.resource_types))
        }),
        MetadefsCommand::Export(args) => with_catalog(&args.config.config, async |catalog| export(catalog, args).await),
    }
}

/// The database belongs to one process at a time; opening it tells when a service runs on it.
fn with_catalog(config: &Path, work: impl AsyncFnOnce(&Catalog) -> Result<()>) -> Result<()> {
    let config = config::load(config)?;
    runtime::run(async {
        let catalog = wiring::catalog(&config).await?;
        let done = work(&catalog).await;
        catalog.close().await;
        done
    })
}

fn how(args: &LoadArgs) -> Merge {
    match (args.merge, args.prefer_new, args.overwrite) {
        (false, _, _) => Merge::Skip,
        (true, true, _) => Merge::Update,
        (true, _, true) => Merge::Overwrite,
        (true, false, false) => Merge::Add,
    }
}

/// The files that were named, and those with the right ending in folders that were named.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let default = [PathBuf::from(DEFAULT)];
    let paths = if paths.is_empty() { &default } else { paths };
    let mut files = Vec::new();
    for path in paths {
        let cannot = |error| Failure::new(Exit::Usage, format!("{}: {error}", path.display()));
        if !fs::metadata(path).map_err(cannot)?.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut inside = Vec::new();
        for entry in fs::read_dir(path).map_err(cannot)? {
            let file = entry.map_err(cannot)?.path();
            if file.is_file() && file.extension().is_some_and(|extension| extension == "json") {
                inside.push(file);
            }
        }
        if inside.is_empty() {
            return Err(Failure::new(Exit::Usage, format!("{} has no file that ends in .json", path.display())));
        }
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

/// One transaction for each file. A file that can't be loaded does not keep the others out.
async fn load(catalog: &Catalog, files: &[PathBuf], how: Merge) -> Result<()> {
    let mut bad = 0;
    for path in files {
        let outcome = match load_one(catalog, path, how).await {
            Ok(outcome) => outcome,
            Err(Problem::File(reason)) => {
                bad += 1;
                format!("error: {reason}")
            }
            Err(Problem::Catalog(failure)) => return Err(failure),
        };
        say(format_args!("{}: {outcome}", path.display()))?;
    }
    match bad {
        0 => Ok(()),
        _ => Err(Failure::new(Exit::Data, format!("{bad} of {} files could not be loaded", files.len()))),
    }
}

enum Problem {
    File(String),
    Catalog(Failure),
}

async fn load_one(catalog: &Catalog, path: &Path, how: Merge) -> std::result::Result<String, Problem> {
    let text = fs::read_to_string(path).map_err(|error| Problem::File(error.to_string()))?;
    let (namespace, contents) =
        file::parse(&text, SystemTime::now().into()).map_err(|refusal| Problem::File(refusal.message))?;
    let loaded = catalog.load_namespace(&namespace, &contents, how).await.map_err(|error| match error.kind {
        casement_catalog::Kind::TooMuch => Problem::File(error.message),
        _ => Problem::Catalog(refused(error)),
    })?;
    let name = namespace.namespace;
    Ok(match loaded {
        Loaded::New => format!("namespace {name} loaded"),
        Loaded::Skipped => format!("namespace {name} is there already and stays as it is"),
        Loaded::Merged => format!("namespace {name} merged"),
        Loaded::Overwritten => format!("namespace {name} overwritten"),
    })
}

/// One file for each namespace; files of the same name are replaced.
async fn export(catalog: &Catalog, args: &ExportArgs) -> Result<()> {
    let folder = args.folder.as_deref().unwrap_or(Path::new(DEFAULT));
    let mut taken = HashSet::new();
    for name in catalog.namespace_names().await.map_err(refused)? {
        let Some(found) = catalog.find_namespace(&name).await.map_err(refused)? else { continue };
        let contents = catalog.namespace_contents(&found).await.map_err(refused)?;
        let path = folder.join(free_name(&name, &mut taken));
        let text = format!("{:#}\n", file::render(&found.namespace, &contents));
        fs::write(&path, text).map_err(Failure::of(Exit::Usage, &path.display().to_string()))?;
        say(format_args!("{}: namespace {name} saved", path.display()))?;
    }
    Ok(())
}

/// Two namespaces can have the same letters.
fn free_name(namespace: &str, taken: &mut HashSet<String>) -> String {
    let letters = match file::name(namespace) {
        none if none.is_empty() => "namespace".to_owned(),
        letters => letters,
    };
    let mut number = 1;
    loop {
        let name = if number == 1 { format!("{letters}.json") } else { format!("{letters}-{number}.json") };
        // Some file systems fold case.
        if taken.insert(name.to_lowercase()) {
            return name;
        }
        number += 1;
    }
}

fn refused(error: casement_catalog::Error) -> Failure {
    Failure::new(Exit::Catalog, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_with_the_same_letters_have_files_of_their_own() {
        let mut taken = HashSet::new();
        let names = ["OS::A", "os-a", "::", "/"].map(|namespace| free_name(namespace, &mut taken));
        assert_eq!(names, ["OSA.json", "osa-2.json", "namespace.json", "namespace-2.json"]);
    }
}
