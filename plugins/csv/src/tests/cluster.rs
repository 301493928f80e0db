//! What the cluster of the tests tells, in the form that ClusAPI has for it.

use super::node::Node;
use casement_share::win32::{Answer, Cluster, Code};
use std::collections::BTreeMap;

/// What ClusAPI answers.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) node_state: Answer<u32>,
    /// By name of a disk's resource.
    pub(super) resources: Answer<BTreeMap<String, Disk>>,
}

#[derive(Debug, Clone)]
pub(super) struct Disk {
    pub(super) owner: String,
    pub(super) volumes: Answer<Vec<(String, u32, u32)>>,
}

impl Default for Told {
    fn default() -> Self {
        // ClusterStateRunning
        Self { node_state: Ok(19), resources: Ok(BTreeMap::new()) }
    }
}

impl Node {
    /// Lets the cluster tell of a disk with one volume.
    pub(super) fn disk(&self, owner: &str, volume: &str, faults: u32, backup: u32) {
        let path = format!(r"C:\ClusterStorage\{volume}");
        let disk = Disk { owner: owner.to_owned(), volumes: Ok(vec![(path, faults, backup)]) };
        self.lock().cluster.resources.as_mut().unwrap().insert(format!("Disk of {volume}"), disk);
    }

    fn resource(&self, name: &str) -> Answer<Disk> {
        self.lock().cluster.resources.clone()?.remove(name).ok_or(Code(5007))
    }
}

impl Cluster for Node {
    fn node_state(&self) -> Answer<u32> {
        self.lock().cluster.node_state
    }

    fn shared_volume_resources(&self) -> Answer<Vec<String>> {
        let mut state = self.lock();
        state.calls.push("ask the cluster".into());
        Ok(state.cluster.resources.clone()?.into_keys().collect())
    }

    fn owner(&self, resource: &str) -> Answer<String> {
        Ok(self.resource(resource)?.owner)
    }

    fn resource_control(&self, resource: &str, code: u32) -> Answer<Vec<u8>> {
        assert_eq!(code, 0x0100_0225);
        let mut answer = Vec::new();
        for (path, faults, backup) in self.resource(resource)?.volumes? {
            let info = volume_info(&path, faults, backup);
            answer.extend_from_slice(&0x0001_0001_u32.to_le_bytes());
            answer.extend_from_slice(&(info.len() as u32).to_le_bytes());
            answer.extend_from_slice(&info);
        }
        answer.extend_from_slice(&[0; 4]);
        Ok(answer)
    }
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
