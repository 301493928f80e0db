use crate::{Caller, Client, MEMBER, Raw, Run, Site, eventually, gateway::url_in};
use std::{fs, path::PathBuf, process, thread};

/// A gateway that Windows' Service Control Manager runs; removed when it goes out of scope.
#[derive(Debug)]
pub struct Service {
    site: Site,
    name: String,
    address: String,
}

impl Service {
    /// Registers it, under a name of this process's own, and does not start it.
    #[track_caller]
    pub fn install(site: Site, name: &str, arguments: &[&str]) -> Self {
        let service = Self { site, name: format!("Casement-{name}-{}", process::id()), address: String::new() };
        let run = service.install_again(arguments);
        assert_eq!(run.code, Some(0), "{}", run.text);
        service
    }

    /// `casement service install` once more.
    #[track_caller]
    pub fn install_again(&self, arguments: &[&str]) -> Run {
        let config = self.site.runner.path(self.site.config());
        self.run(&[&["install", "--config", &config], arguments].concat())
    }

    /// `casement service` with this service's name.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.site.run_arguments(&[&["service"], arguments, &["--name", &self.name]].concat())
    }

    #[track_caller]
    pub fn start(&mut self) {
        let run = self.run(&["start"]);
        assert_eq!(run.code, Some(0), "{}\n{}", run.text, self.log());
        let url = eventually("the log tells the address", || {
            self.log().lines().rev().find_map(url_in).ok_or_else(|| self.log())
        });
        self.address = url.trim_start_matches("http://").into();
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn site(&self) -> &Site {
        &self.site
    }

    pub fn log_file(&self) -> PathBuf {
        self.site.folder().join("casement.log")
    }

    /// What is in its log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    pub fn client(&self, caller: &Caller) -> Client {
        Client::new(format!("http://{}", self.address), Some(caller.token))
    }

    /// A bare connection, with the member's token for the heads it makes.
    pub fn raw(&self) -> Raw {
        Raw::connect(&self.address, Some(MEMBER.token))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- log of the service {}\n{}", self.name, self.log());
        }
        // Some tests are about a service that is gone already.
        self.run(&["uninstall"]);
    }
}
