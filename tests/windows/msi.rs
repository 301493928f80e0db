//! The installer. Under Wine only: on Windows it would install into the machine that the tests run on.

use casement_tests::{Client, Pattern, Runner, eventually, skip};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const TEST: &str = "windows::msi";

/// An installation in Wine's prefix; removed when it goes out of scope.
struct Installation {
    drive: PathBuf,
    /// What was installed last.
    package: PathBuf,
}

impl Installation {
    fn data(&self) -> PathBuf {
        self.drive.join("ProgramData/Casement")
    }

    fn program(&self) -> PathBuf {
        self.drive.join("Program Files/Casement/bin/casement.exe")
    }

    #[track_caller]
    fn install(&mut self, package: &Path, properties: &[&str]) {
        self.package = package.into();
        let code = msiexec("/i", package, properties);
        assert_eq!(code, Some(0), "{}", self.log());
    }

    #[track_caller]
    fn remove(&self) {
        assert_eq!(msiexec("/x", &self.package, &[]), Some(0));
    }

    fn service(&self, verb: &str) -> Option<i32> {
        let mut command = Command::new("wine");
        command.arg(self.program()).args(["service", verb]).status().unwrap().code()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.data().join("data/casement.log")).unwrap_or_default()
    }

    /// The administrator of the service that has logged its start last.
    #[track_caller]
    fn admin(&self) -> Client {
        let token = fs::read_to_string(self.data().join("admin.token")).unwrap();
        Client::new(self.url("http://"), Some(token.trim()))
    }

    /// Where the service listens that has logged its start last.
    #[track_caller]
    fn url(&self, scheme: &str) -> String {
        let told = format!("listening on {scheme}");
        eventually("the service listens", || {
            let log = self.log();
            let (_, address) = log.rsplit_once(&told).ok_or(log.clone())?;
            Ok(format!("{scheme}{}", address.split_whitespace().next().unwrap_or_default()))
        })
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        if self.program().exists() {
            msiexec("/x", &self.package, &[]);
        }
    }
}

fn msiexec(verb: &str, package: &Path, properties: &[&str]) -> Option<i32> {
    let mut command = Command::new("wine");
    command.args(["msiexec", verb, &Runner::Wine.path(package), "/qn"]).args(properties);
    command.status().unwrap().code()
}

/// The packages of two versions, the older first, and where they go.
fn packages() -> Option<(PathBuf, PathBuf, Installation)> {
    if Runner::chosen() != Runner::Wine {
        skip(TEST, "under Wine only: it would install into the machine that the tests run on");
        return None;
    }
    let named = ["CASEMENT_MSI", "CASEMENT_MSI_NEWER", "WINEPREFIX"].map(|name| env::var_os(name).map(PathBuf::from));
    let [Some(older), Some(newer), Some(prefix)] = named else {
        skip(TEST, "CASEMENT_MSI, CASEMENT_MSI_NEWER and WINEPREFIX do not say which packages, and where to");
        return None;
    };
    // Wine's installer would wait for somebody to say where it is.
    assert!(older.is_file() && newer.is_file(), "{older:?}, {newer:?}");
    let installation = Installation { drive: prefix.join("drive_c"), package: older.clone() };
    Some((older, newer, installation))
}

#[test]
fn a_package_installs_a_service_that_serves_is_upgraded_and_leaves_configuration_and_data_behind() {
    let Some((older, newer, mut installation)) = packages() else { return };
    let _others = crate::among_services();
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = ["server.pem", "server.key"].map(|name| folder.path().join(name));
    let authority = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    fs::write(&certificate, authority.cert.pem()).unwrap();
    fs::write(&key, authority.signing_key.serialize_pem()).unwrap();
    let tls = format!("TLS_CERTIFICATE={}", Runner::Wine.path(&certificate));
    let tls_key = format!("TLS_KEY={}", Runner::Wine.path(&key));
    installation.install(&older, &["LISTEN=http://127.0.0.1:0,127.0.0.1:0", &tls, &tls_key]);
    assert_eq!(installation.service("status"), Some(0), "it runs");
    let data = Pattern::new(1, 3 << 20).bytes();
    let admin = installation.admin();
    let id = admin.create_active("n", &data);
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--fail", "--noproxy", "*", "--cacert"]).arg(&certificate);
    let secure = curl.arg(installation.url("https://") + "/healthcheck").status().unwrap();
    assert!(secure.success(), "the address without a scheme speaks TLS: {secure}");

    // The operator's own change outlives an upgrade.
    let config = installation.data().join("casement.toml");
    let text = fs::read_to_string(&config).unwrap() + "\n[images]\ndefault_page_size = 7\n";
    fs::write(&config, &text).unwrap();
    let lines = installation.log().len();
    installation.install(&newer, &[]);
    assert_eq!(fs::read_to_string(&config).unwrap(), text);
    eventually("the service of the newer version listens", || {
        let log = installation.log();
        if log[lines..].contains("listening on ") { Ok(()) } else { Err(log) }
    });
    assert_eq!(installation.service("status"), Some(0));
    assert!(installation.admin().download(&id).expect(200).body == data);

    installation.remove();
    assert!(!installation.program().exists());
    assert_eq!(fs::read_to_string(&config).unwrap(), text);
    assert_eq!(fs::read(installation.data().join("data/images").join(&id)).unwrap().len(), data.len());
}
