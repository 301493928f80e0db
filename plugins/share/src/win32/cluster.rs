//! The calls to the failover cluster that this machine is a node of: one method for each function of ClusAPI, typed and
//! safe, without judgement.

use super::Answer;
use std::fmt::Debug;

/// ClusAPI of the local node. Where Windows has no such library, each call answers MOD_NOT_FOUND.
pub trait Cluster: Debug + Send + Sync + 'static {
    /// `GetNodeClusterState`: one of `ClusterState…`.
    fn node_state(&self) -> Answer<u32>;

    /// `ClusterOpenEnum` and `ClusterEnum` of `CLUSTER_ENUM_SHARED_VOLUME_RESOURCE`: the disks that are cluster shared
    /// volumes, by the names of their resources.
    fn shared_volume_resources(&self) -> Answer<Vec<String>>;

    /// `GetClusterResourceState`: the name of the node that owns a resource.
    fn owner(&self, resource: &str) -> Answer<String>;

    /// `ClusterResourceControl` without input.
    fn resource_control(&self, resource: &str, code: u32) -> Answer<Vec<u8>>;
}
