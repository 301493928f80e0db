use super::say;
use crate::{
    cli::{InitArgs, given},
    config::check_text,
    exit::{Exit, Failure, Result},
    secret_file,
};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};
use uuid::Uuid;

/// The token of the administrator, beside the configuration.
const TOKEN_FILE: &str = "admin.token";

/// Writes a first configuration, and makes the folders that it names. A file that is there stays as it is.
pub(super) fn run(args: &InitArgs) -> Result<()> {
    let file = std::path::absolute(&args.output).map_err(Failure::of(Exit::Usage, "--output"))?;
    if file.exists() {
        return say(format_args!("{} is there already, and stays as it is", file.display()));
    }
    // Everything that was given is looked at before anything is made.
    check_text(&file, &configuration(args, &"0".repeat(64))).map_err(Failure::of(Exit::Usage, "the values given"))?;

    let folder = file.parent().unwrap_or(&file);
    made(folder, fs::create_dir_all(folder))?;
    if args.protect {
        made(folder, secret_file::protect(folder))?;
    }
    let (data, images) = (folder.join("data"), folder.join(IMAGES));
    made(&data, fs::create_dir_all(&data))?;
    if given(args.root.as_deref()).is_none() {
        made(&images, fs::create_dir_all(&images))?;
    }
    let token_file = folder.join(TOKEN_FILE);
    let token = made(&token_file, token_in(&token_file))?;
    let text = configuration(args, &casement_identity::hash_token(&token));
    made(&file, File::create_new(&file).and_then(|mut file| file.write_all(text.as_bytes())))?;
    say(format_args!("{} is written; the administrator's token is in {}", file.display(), token_file.display()))
}

/// Where images lie when nobody says.
const IMAGES: &str = "data/images";

fn configuration(args: &InitArgs, digest: &str) -> String {
    let root = toml::Value::from(given(args.root.as_deref()).unwrap_or(IMAGES));
    let (listen, tls) = (listen(args), tls(args));
    format!(
        "\
# Written by `casement config init`. Every key there is: configs/casement.toml of the installation.

[server]
listen = {listen}
{tls}
[catalog]
path = \"data/catalog.sqlite\"

# Whoever holds the token in {TOKEN_FILE} administrates everything. For OpenStack: mode = \"keystone\".
[identity]
mode = \"tokens\"

[[identity.tokens]]
sha256 = \"{digest}\"
user = \"admin\"
project = \"admin\"
roles = [\"admin\", \"member\", \"reader\"]

[[plugins]]
path = \"casement_filesystem\"

[stores.local]
plugin = \"filesystem\"
default = true
root = {root}
"
    )
}

fn listen(args: &InitArgs) -> toml::Value {
    // With one file alone too: what is missing is told then, and nobody gets plain HTTP who asked for TLS.
    let has_tls = [&args.tls_certificate, &args.tls_key].iter().any(|file| given(file.as_deref()).is_some());
    let address = |address: &str| match address.trim() {
        bare if has_tls && !bare.contains("://") => format!("https://{bare}"),
        whole => whole.to_owned(),
    };
    let addresses: Vec<_> = given(args.listen.as_deref()).unwrap_or("127.0.0.1:9292").split(',').map(address).collect();
    match addresses.as_slice() {
        [one] => one.as_str().into(),
        _ => addresses.into(),
    }
}

fn tls(args: &InitArgs) -> String {
    let files = [("certificate", &args.tls_certificate), ("key", &args.tls_key)];
    let lines: String = files
        .iter()
        .filter_map(|(key, file)| Some(format!("{key} = {}\n", toml::Value::from(given(file.as_deref())?))))
        .collect();
    if lines.is_empty() { lines } else { format!("\n[server.tls]\n{lines}") }
}

/// The token that is there, or a new one.
fn token_in(path: &Path) -> io::Result<String> {
    // 244 bits of the system's random numbers.
    let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    match secret_file::create(path, &token) {
        Ok(()) => Ok(token),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::read_to_string(path).map(|text| text.trim().to_owned())
        }
        Err(error) => Err(error),
    }
}

fn made<T>(path: &Path, done: io::Result<T>) -> Result<T> {
    done.map_err(Failure::of(Exit::Temporary, &format!("{} cannot be made", path.display())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;
    use tempfile::TempDir;

    fn args(folder: &TempDir, listen: &str, root: &str) -> InitArgs {
        let output = folder.path().join("Casement/casement.toml");
        let (listen, root) = (Some(listen.into()), Some(root.into()));
        InitArgs { output, listen, root, tls_certificate: Some(String::new()), tls_key: None, protect: true }
    }

    fn tls_args(folder: &TempDir, listen: &str) -> InitArgs {
        let files = ["server.pem", "server.key"].map(|name| Some(format!("C:\\tls\\{name}")));
        let [tls_certificate, tls_key] = files;
        InitArgs { tls_certificate, tls_key, ..args(folder, listen, "") }
    }

    #[test]
    fn what_is_written_is_a_good_configuration_with_what_was_given() {
        for (listen, root) in [("", ""), ("[::]:443", r"\\server\share\images"), ("0.0.0.0:9292", "C:\\a \"b\" 'c'")] {
            let folder = tempfile::tempdir().unwrap();
            let args = args(&folder, listen, root);
            run(&args).unwrap();
            let config = crate::config::load(&args.output).unwrap();
            let expected =
                |given: &str, default: &str| if given.is_empty() { default.into() } else { given.to_owned() };
            let listens = serde_json::to_value(&config.server.listen).unwrap();
            assert_eq!(listens, expected(listen, "127.0.0.1:9292"));
            assert_eq!(config.stores["local"].config["root"], expected(root, IMAGES));
            assert!(args.output.with_file_name("data").is_dir());
            assert_eq!(args.output.with_file_name("data").join("images").exists(), root.is_empty());
        }
    }

    #[test]
    fn with_a_certificate_the_addresses_speak_tls_but_those_that_say_otherwise() {
        for (given, expected) in [
            ("", json!("https://127.0.0.1:9292")),
            ("0.0.0.0:443", json!("https://0.0.0.0:443")),
            (
                "http://127.0.0.1:80, [::]:443,https://0.0.0.0:444",
                json!(["http://127.0.0.1:80", "https://[::]:443", "https://0.0.0.0:444"]),
            ),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let args = tls_args(&folder, given);
            run(&args).unwrap();
            let config = crate::config::load(&args.output).unwrap();
            assert_eq!(serde_json::to_value(&config.server.listen).unwrap(), expected);
            assert!(config.server.tls.key.unwrap().ends_with(args.tls_key.unwrap()));
        }
    }

    #[test]
    fn a_certificate_without_its_key_is_refused_and_so_is_a_key_without_its_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let no_key = InitArgs { tls_key: None, ..tls_args(&folder, "") };
        let no_certificate = InitArgs { tls_certificate: None, ..tls_args(&folder, "") };
        for (args, missing) in [(no_key, "server.tls.key"), (no_certificate, "server.tls.certificate")] {
            let refusal = run(&args).unwrap_err();
            assert!(refusal.exit == Exit::Usage && refusal.to_string().contains(missing), "{refusal}");
        }
    }

    #[test]
    fn the_token_opens_what_is_written_and_is_in_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        let args = args(&folder, "", "");
        run(&args).unwrap();
        let token = fs::read_to_string(args.output.with_file_name(TOKEN_FILE)).unwrap();
        let text = fs::read_to_string(&args.output).unwrap();
        assert_eq!(token.len(), 64);
        assert!(text.contains(&casement_identity::hash_token(&token)) && !text.contains(&token));
        // A configuration that is made anew knows the same token.
        fs::remove_file(&args.output).unwrap();
        run(&args).unwrap();
        assert_eq!(fs::read_to_string(&args.output).unwrap(), text);
    }

    #[test]
    fn a_configuration_that_is_there_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let args = args(&folder, "not looked at", "");
        fs::create_dir(args.output.parent().unwrap()).unwrap();
        fs::write(&args.output, "mine").unwrap();
        run(&args).unwrap();
        assert_eq!(fs::read_to_string(&args.output).unwrap(), "mine");
        assert_eq!(fs::read_dir(args.output.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn values_that_make_no_configuration_leave_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let refusal = run(&args(&folder, "everywhere", "")).unwrap_err();
        assert!(refusal.exit == Exit::Usage && refusal.to_string().contains("server.listen"), "{refusal}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
