use crate::{
    cli::ImportArgs,
    config::{
        check_text,
        import::{Imported, Secret, import},
    },
    exit::{Exit, Failure, Result},
    secret_file,
};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The name that errors give to a configuration that goes to standard output.
const UNNAMED: &str = "casement.toml";

pub(super) fn run(args: &ImportArgs) -> Result<()> {
    let files: Result<Vec<_>> = args.files.iter().map(|file| read(file)).collect();
    let mut imported = import(&files?).map_err(Failure::of(Exit::Config, "Glance's configuration"))?;
    if let Some(folder) = &args.secrets {
        let folder = std::path::absolute(folder).map_err(Failure::of(Exit::Usage, "--secrets"))?;
        for secret in &imported.secrets {
            let path = folder.join(&secret.file);
            let what = format!("{} cannot be written", path.display());
            secret_file::create(&path, &secret.text).map_err(Failure::of(Exit::Temporary, &what))?;
            imported.toml = named(&imported.toml, secret, &path);
        }
    }
    write(args.output.as_deref(), &imported.toml)?;
    let mut log = io::stderr().lock();
    report(&mut log, args, &imported).map_err(Failure::of(Exit::Temporary, "standard error"))
}

fn read(file: &Path) -> Result<(String, String)> {
    let what = format!("{} cannot be read", file.display());
    let text = fs::read_to_string(file).map_err(Failure::of(Exit::Usage, &what))?;
    Ok((file.display().to_string(), text))
}

/// The TOML with the whole path of the file that holds a secret now.
fn named(toml: &str, secret: &Secret, path: &Path) -> String {
    let value = |path: &str| format!(" = {}\n", toml::Value::from(path));
    toml.replacen(&value(&secret.file), &value(&path.display().to_string()), 1)
}

fn write(output: Option<&Path>, toml: &str) -> Result<()> {
    let Some(path) = output else {
        return io::stdout().write_all(toml.as_bytes()).map_err(Failure::of(Exit::Temporary, "standard output"));
    };
    let what = format!("{} cannot be written", path.display());
    let written = File::create_new(path).and_then(|mut file| file.write_all(toml.as_bytes()));
    written.map_err(Failure::of(Exit::Usage, &what))
}

fn report(log: &mut impl Write, args: &ImportArgs, imported: &Imported) -> io::Result<()> {
    for remark in &imported.remarks {
        writeln!(log, "{remark}")?;
    }
    if args.secrets.is_none() {
        for secret in &imported.secrets {
            let folder = args.output.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
            let path = folder.join(&secret.file);
            writeln!(log, "the secret was not written: put it into {}, or call this with --secrets", path.display())?;
        }
    }
    let file = args.output.clone().unwrap_or_else(|| PathBuf::from(UNNAMED));
    match check_text(&file, &imported.toml) {
        Ok(()) => Ok(()),
        Err(err) => writeln!(log, "to be seen to before the service starts:\n{err}"),
    }
}
