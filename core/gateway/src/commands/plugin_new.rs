//! A new backend, from the SDK's templates.

use super::say;
use crate::{
    cli::{Language, NewArgs},
    exit::{Exit, Failure, Result},
};
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

/// A file of a template: where it goes, and what it says for a backend called `shelf`.
type Template = (&'static str, &'static str);

macro_rules! templates {
    ($folder:literal: $($file:literal),+ $(,)?) => {
        &[$(($file, include_str!(concat!("../../../../sdk/template/", $folder, "/", $file)))),+]
    };
}

const RUST: &[Template] = templates!("rust":
    ".github/workflows/ci.yml",
    ".gitignore",
    "Cargo.toml",
    "README.md",
    "rustfmt.toml",
    "src/lib.rs",
    "src/names.rs",
    "src/reader.rs",
    "src/store.rs",
    "src/writer.rs",
    "tests/conformance.rs",
);

const C: &[Template] = templates!("c": "CMakeLists.txt", "README.md", "backend.c", "lock.h");
/// The contract that this program speaks.
const HEADER: Template = ("casement.h", include_str!("../../../../sdk/include/casement.h"));

pub(super) fn run(args: &NewArgs) -> Result<()> {
    let name = Name::new(&args.name)?;
    let folder = args.dir.clone().unwrap_or_else(|| PathBuf::from(format!("casement-{}", args.name)));
    let (files, next) = match args.language {
        Language::Rust => (rust(&name, args.sdk.as_deref())?, "cargo test".to_owned()),
        Language::C => (c(&name), "README.md there tells how it is built".to_owned()),
    };
    // Fails where there is something already: nobody's work is overwritten.
    let what = format!("{} cannot be made", folder.display());
    fs::create_dir(&folder).map_err(Failure::of(Exit::Usage, &what))?;
    for (path, text) in files {
        write(&folder.join(path), &text)?;
    }
    say(format_args!("made {}; next, in it: {next}", folder.display()))
}

fn rust(name: &Name, sdk: Option<&str>) -> Result<Vec<(&'static str, String)>> {
    let sdk = sdk.ok_or_else(|| {
        let text = "--sdk: the SDK is not on crates.io yet: give the folder `sdk` of Casement's sources, or the URL of \
                    their git repository";
        Failure::new(Exit::Usage, text)
    })?;
    let (sdk, suite) = if is_url(sdk) {
        let git = format!("git = {}", toml::Value::from(sdk));
        (git.clone(), git)
    } else {
        let folder = sdk_folder(Path::new(sdk))?;
        (in_folder(&folder), in_folder(&folder.join("conformance")))
    };
    let depend = |text: String| text.replace("path = \"../..\"", &sdk).replace("path = \"../../conformance\"", &suite);
    Ok(RUST.iter().map(|(path, text)| (*path, depend(name.put_into(text)))).collect())
}

fn is_url(sdk: &str) -> bool {
    sdk.contains("://") || sdk.starts_with("git@")
}

fn in_folder(folder: &Path) -> String {
    format!("path = {}", toml::Value::from(folder.to_string_lossy().into_owned()))
}

/// The folder of the SDK: this one, or the one in the sources' root.
fn sdk_folder(given: &Path) -> Result<PathBuf> {
    let given = std::path::absolute(given).map_err(Failure::of(Exit::Usage, "--sdk"))?;
    let is_it = |folder: &PathBuf| {
        fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|manifest| manifest.contains("name = \"casement-sdk\""))
    };
    [given.clone(), given.join("sdk")].into_iter().find(is_it).ok_or_else(|| {
        let text = format!("--sdk: {} is not the folder of the crate `casement-sdk`", given.display());
        Failure::new(Exit::Usage, text)
    })
}

fn c(name: &Name) -> Vec<(&'static str, String)> {
    let mut files: Vec<_> = C.iter().map(|(path, text)| (*path, name.put_into(text))).collect();
    files.push((HEADER.0, HEADER.1.to_owned()));
    files
}

fn write(path: &Path, text: &str) -> Result<()> {
    let made = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = made.and_then(|()| File::create_new(path)).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(Failure::of(Exit::Temporary, &format!("{} cannot be written", path.display())))
}

/// What a backend is called: by configurations, by its crate, by its types.
struct Name<'a>(&'a str);

impl<'a> Name<'a> {
    /// Short enough for every name that is made of it.
    const LONGEST: usize = 40;

    fn new(name: &'a str) -> Result<Self> {
        let of_words = name.split('-').all(|word| !word.is_empty())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && name.starts_with(|first: char| first.is_ascii_lowercase());
        if of_words && name.len() <= Self::LONGEST {
            return Ok(Self(name));
        }
        let text = format!(
            "`{name}` cannot be a backend's name: it begins with a lower-case letter, goes on with those, digits and \
             single hyphens, and has {} at the most",
            Self::LONGEST
        );
        Err(Failure::new(Exit::Usage, text))
    }

    /// Template's text with this name in place of `shelf`.
    fn put_into(&self, template: &str) -> String {
        let library = format!("casement_{}", self.0.replace('-', "_"));
        let template = template.replace("\r\n", "\n").replace("casement_shelf", &library);
        template.replace("Shelf", &self.of_types()).replace("shelf", self.0)
    }

    /// `my-store` as `MyStore`.
    fn of_types(&self) -> String {
        let capital = |word: &str| word[..1].to_uppercase() + &word[1..];
        self.0.split('-').map(capital).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_name_is_put_wherever_the_templates_have_theirs() {
        let name = Name::new("my-store-2").unwrap();
        let text = name.put_into("casement_shelf casement-shelf ShelfWriter \"shelf\" /srv/shelf\r\n");
        assert_eq!(text, "casement_my_store_2 casement-my-store-2 MyStore2Writer \"my-store-2\" /srv/my-store-2\n");
        for (path, text) in RUST.iter().chain(C) {
            assert!(!name.put_into(text).to_lowercase().contains("shelf"), "{path}");
        }
    }

    #[test]
    fn what_cannot_be_a_name_is_refused() {
        for name in ["", "-a", "a-", "a--b", "1a", "A", "a b", "a/b", "../a", "a_b", "ä", &"x".repeat(41)] {
            assert!(Name::new(name).is_err(), "{name}");
        }
        assert!(Name::new("a").is_ok() && Name::new("s3-fast").is_ok());
    }

    #[test]
    fn every_file_of_the_templates_is_written() {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/template");
        for (folder, known) in [("rust", RUST), ("c", C)] {
            let mut folders = vec![template.join(folder)];
            while let Some(at) = folders.pop() {
                for entry in fs::read_dir(at).unwrap() {
                    let path = entry.unwrap().path();
                    let name = path.strip_prefix(template.join(folder)).unwrap().to_str().unwrap().replace('\\', "/");
                    // What building it in place has left.
                    if ["target", "Cargo.lock"].contains(&&*name) {
                        continue;
                    }
                    match path.is_dir() {
                        true => folders.push(path),
                        false => assert!(known.iter().any(|(known, _)| *known == name), "{folder}/{name}"),
                    }
                }
            }
        }
    }

    #[test]
    fn a_template_in_rust_depends_on_the_sdk_that_it_is_told_of() {
        let name = Name::new("a").unwrap();
        let manifest = |sdk: &str| {
            let files = rust(&name, Some(sdk)).unwrap();
            let manifest = files.iter().find(|(path, _)| *path == "Cargo.toml").unwrap().1.clone();
            toml::from_str::<toml::Table>(&manifest).unwrap()
        };
        let url = manifest("https://example.org/casement.git");
        for (table, name) in [("dependencies", "casement-sdk"), ("dev-dependencies", "casement-conformance")] {
            assert_eq!(url[table][name]["git"].as_str(), Some("https://example.org/casement.git"));
        }
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let folder = manifest(sources.to_str().unwrap());
        let suite = folder["dev-dependencies"]["casement-conformance"]["path"].as_str().unwrap();
        assert!(Path::new(suite).join("Cargo.toml").is_file(), "{suite}");
        for wrong in [None, Some("no such folder"), Some(env!("CARGO_MANIFEST_DIR"))] {
            assert!(rust(&name, wrong).is_err_and(|failure| failure.to_string().starts_with("--sdk: ")), "{wrong:?}");
        }
    }
}
