//! Everything that a run measures, up and ready on one disk.

use super::{api::Api, glance::Glance, options::Sizes, row::Who, servers::Nginx};
use crate::{
    Result,
    bench::{Gateway, fill, load::Bench},
    cargo::workspace,
    dist,
    test::{self, Keystone, PASSWORD},
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

pub(super) struct Site {
    // The order in which they end.
    glance: Option<Glance>,
    nginx: Option<Nginx>,
    casement: Api,
    _gateway: Gateway,
    keystone: Option<Keystone>,
    pub(super) bench: Bench,
    pub(super) sizes: Sizes,
    /// What could not be had, and why.
    pub(super) missing: Vec<String>,
    dist: PathBuf,
    folder: TempDir,
}

/// Who the callers are, in Keystone's words.
const CALLER: (&str, &str) = ("demo", "demo");

impl Site {
    /// Everything; what can't be had is left out and said.
    pub(super) fn start(sizes: Sizes) -> Result<Self> {
        let mut site = Self::alone(sizes)?;
        match Nginx::start(&site.make("nginx")?, &site.images()) {
            Ok(nginx) => site.nginx = Some(nginx),
            Err(text) => site.miss("nginx", &text),
        }
        let glance = match &site.keystone {
            Some(keystone) => {
                let token = site.casement.token.clone().unwrap_or_default();
                Glance::start(&site.make("glance")?, keystone, &token, &site.bench)
            }
            None => Err("it needs a Keystone".into()),
        };
        match glance {
            Ok(glance) => site.glance = Some(glance),
            Err(text) => site.miss("Glance", &text),
        }
        Ok(site)
    }

    /// Casement, with Keystone where there can be one.
    pub(super) fn alone(sizes: Sizes) -> Result<Self> {
        test::provide_for_benchmarks();
        let (_, target) = workspace()?;
        let dist = dist::release()?;
        let bench = Bench::build(&target, &[])?;
        // Not where temporary files lie: that may be memory.
        let folder = TempDir::with_prefix_in("bench-", &target).map_err(|err| err.to_string())?;
        fill(&folder.path().join("data"), sizes.image)?;
        let mut missing = Vec::new();
        let keystone = Keystone::provide(&target.join("keystone"));
        let keystone = keystone.inspect_err(|text| missing.push(format!("Keystone: {text}"))).ok();
        let token = keystone.as_ref().map(|keystone| keystone.token(CALLER.0, CALLER.1)).transpose()?;
        let identity = identity(keystone.as_ref());
        let gateway = gateway(&dist, &folder.path().join("casement"), &identity, "")?;
        let casement = Api {
            who: Who::Casement,
            address: gateway.address().to_owned(),
            token,
            process: gateway.id(),
            bench: bench.clone(),
        };
        Ok(Self {
            glance: None,
            nginx: None,
            casement,
            _gateway: gateway,
            keystone,
            bench,
            sizes,
            missing,
            dist,
            folder,
        })
    }

    fn miss(&mut self, what: &str, text: &str) {
        println!("There is no {what}: {text}");
        self.missing.push(format!("{what}: {text}"));
    }

    /// The servers of the Images API.
    pub(super) fn apis(&self) -> impl Iterator<Item = &Api> {
        std::iter::once(&self.casement).chain(self.glances())
    }

    pub(super) fn casement(&self) -> &Api {
        &self.casement
    }

    pub(super) fn glances(&self) -> &[Api] {
        self.glance.as_ref().map_or(&[], Glance::apis)
    }

    pub(super) fn nginx(&self) -> Option<&Nginx> {
        self.nginx.as_ref()
    }

    /// Random bytes, as many as the one image has.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where Casement's store has its files.
    pub(super) fn images(&self) -> PathBuf {
        self.folder.path().join("casement/images")
    }

    fn make(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.path().join(name);
        fs::create_dir_all(&folder).map_err(|err| format!("{}: {err}", folder.display()))?;
        Ok(folder)
    }

    /// Another gateway, with a folder of its own and `more` keys of `[images]`.
    pub(super) fn another(&self, name: &str, more: &str) -> Result<Gateway> {
        gateway(&self.dist, &self.folder.path().join(name), &identity(self.keystone.as_ref()), more)
    }

    pub(super) fn api_of(&self, gateway: &Gateway) -> Api {
        Api {
            who: Who::Casement,
            address: gateway.address().to_owned(),
            token: self.casement.token.clone(),
            process: gateway.id(),
            bench: self.bench.clone(),
        }
    }
}

fn gateway(dist: &Path, folder: &Path, identity: &str, more: &str) -> Result<Gateway> {
    let images = folder.join("images");
    fs::create_dir_all(&images).map_err(|err| format!("{}: {err}", images.display()))?;
    let tables = format!(
        "{identity}[images]\n{more}[[plugins]]\npath = \"casement_filesystem\"\n\
         [stores.files]\nplugin = \"filesystem\"\nroot = \"{}\"\ndefault = true\n",
        images.display()
    );
    Gateway::start(dist, folder, &tables, &[])
}

fn identity(keystone: Option<&Keystone>) -> String {
    let Some(keystone) = keystone else {
        return "[identity]\nmode = \"none\"\n".to_owned();
    };
    format!(
        "[identity]\nmode = \"keystone\"\n[identity.keystone]\nauth_url = \"{}\"\nusername = \"glance\"\n\
         password = \"{PASSWORD}\"\nproject_name = \"service\"\n",
        keystone.auth_url()
    )
}
