//! What the cluster of the tests tells, in the form that ClusAPI has for it.

use casement_share::win32::{Answer, Cluster, Code};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

/// A cluster. Clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct FakeCluster(Arc<Mutex<Told>>);

/// What ClusAPI answers.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) node_state: Answer<u32>,
    /// By name of a disk's resource.
    pub(super) disks: Answer<BTreeMap<String, Disk>>,
    /// How often it was asked for the disks.
    pub(super) asked: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Disk {
    pub(super) owner: String,
    pub(super) info: Answer<Vec<u8>>,
}

impl Default for Told {
    fn default() -> Self {
        // ClusterStateRunning
        Self { node_state: Ok(19), disks: Ok(BTreeMap::new()), asked: 0 }
    }
}

impl FakeCluster {
    pub(super) fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap()
    }

    /// A disk with one volume.
    pub(super) fn disk(&self, owner: &str, volume: &str, faults: u32, backup: u32) {
        let info = value_list(&volume_info(&format!(r"C:\ClusterStorage\{volume}"), faults, backup));
        self.insert(&format!("Disk of {volume}"), Disk { owner: owner.to_owned(), info: Ok(info) });
    }

    pub(super) fn insert(&self, resource: &str, disk: Disk) {
        self.told().disks.as_mut().unwrap().insert(resource.to_owned(), disk);
    }

    fn find(&self, resource: &str) -> Answer<Disk> {
        self.told().disks.clone()?.remove(resource).ok_or(Code::RESOURCE_NOT_FOUND)
    }
}

impl Cluster for FakeCluster {
    fn node_state(&self) -> Answer<u32> {
        self.told().node_state
    }

    fn shared_volume_resources(&self) -> Answer<Vec<String>> {
        let mut told = self.told();
        told.asked += 1;
        Ok(told.disks.clone()?.into_keys().collect())
    }

    fn owner(&self, resource: &str) -> Answer<String> {
        Ok(self.find(resource)?.owner)
    }

    fn resource_control(&self, resource: &str, code: u32) -> Answer<Vec<u8>> {
        assert_eq!(code, 0x0100_0225, "CLUSCTL_RESOURCE_STORAGE_GET_SHARED_VOLUME_INFO");
        self.find(resource)?.info
    }
}

/// One entry, and the end.
fn value_list(entry: &[u8]) -> Vec<u8> {
    [&0x0001_0001_u32.to_le_bytes(), &(entry.len() as u32).to_le_bytes(), entry, &[0; 4]].concat()
}

/// A CLUS_CSV_VOLUME_INFO.
fn volume_info(path: &str, faults: u32, backup: u32) -> Vec<u8> {
    let mut info = 65_536_u64.to_le_bytes().to_vec();
    for number in [1, faults, backup] {
        info.extend_from_slice(&u32::to_le_bytes(number));
    }
    for (text, length) in [(path, 260), (r"\\?\Volume{6dd2bb80-3bd5-4d16-8a7f-2a6d8d0e7c4c}\", 50)] {
        let units = text.encode_utf16().chain(std::iter::repeat(0)).take(length);
        info.extend(units.flat_map(u16::to_le_bytes));
    }
    info
}
