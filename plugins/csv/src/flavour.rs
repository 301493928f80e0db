//! What makes this plugin of the library for shares.

use crate::{Config, CsvFs, Volumes, control, roots, watch::Watch};
use casement_sdk::Host;
use casement_share::{
    Class, Error, Flavour, Options, Result,
    win32::{Api, Cluster, Code, Ntfs},
};
use std::{fmt::Debug, marker::PhantomData, sync::Arc};

/// Windows and its cluster, or what stands for them in tests.
pub trait System: Debug + Send + Sync + 'static {
    type Api: Api;
    type Cluster: Cluster;

    fn api() -> Self::Api;
    fn cluster() -> Self::Cluster;
}

/// Image data on cluster shared volumes.
#[derive(Debug)]
pub struct Csv<S: System> {
    watch: Watch<S::Api, S::Cluster>,
    system: PhantomData<fn() -> S>,
}

impl<S: System> Flavour for Csv<S> {
    const NAME: &'static str = "csv";
    type Config = Config;
    type FileSystem = CsvFs<S::Api>;

    fn prepare(config: Config, host: &Host) -> Result<(Self, CsvFs<S::Api>, Options)> {
        let cluster = S::cluster();
        require_node(&cluster)?;
        let volumes = Arc::new(Volumes::new(S::api())?);
        let mut options = config.options();
        let fs = CsvFs::new(Ntfs::on(S::api(), &options), &volumes);
        options.roots = roots::of(&config, &volumes, &fs)?;
        let watch = Watch::new(volumes, cluster, host.clone(), &config, &options.roots);
        Ok((Self { watch, system: PhantomData }, fs, options))
    }

    fn inspect(&self) -> Result<()> {
        self.watch.look()
    }
}

/// Refuses a machine that can have no cluster shared volumes. A cluster that cannot be asked is not in the way: the volumes
/// are looked at themselves.
fn require_node(cluster: &impl Cluster) -> Result<()> {
    const ELSEWHERE: &str = "for any other directory or share there is the plugin `filesystem`";
    let refuse = |class, message| Err(Error::new(class, message));
    match cluster.node_state() {
        Err(Code::MOD_NOT_FOUND) => refuse(
            Class::Unsupported,
            format!("this Windows has no failover clustering, so it has no cluster shared volumes: {ELSEWHERE}"),
        ),
        Ok(control::CLUSTER_NOT_INSTALLED | control::CLUSTER_NOT_CONFIGURED) => refuse(
            Class::Unsupported,
            format!("this machine is no node of a failover cluster, so it has no cluster shared volumes: {ELSEWHERE}"),
        ),
        Ok(control::CLUSTER_NOT_RUNNING) => {
            refuse(Class::Absent, "the cluster service does not run on this node: start it (Start-ClusterNode)".into())
        }
        answer => {
            tracing::debug!(?answer, "the state of this node");
            Ok(())
        }
    }
}
