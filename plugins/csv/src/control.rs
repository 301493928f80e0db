//! The control codes of cluster shared volumes, and the structures that they answer. Numbers are those of `winioctl.h` and
//! `clusapi.h`; each names its page in Microsoft's documentation.
//!
//! The cluster's own reasons for redirected access (CLUSTER_SHARED_VOLUME_STATE_INFO_EX) are not asked for: the control
//! code that tells them, CLUSCTL_RESOURCE_STORAGE_GET_SHARED_VOLUME_STATES, takes the right to change the cluster, and
//! Microsoft does not say in what form it answers.

use casement_share::win32::{Answer, Api, Code};

/// "FSCTL_IS_CSV_FILE IOCTL": succeeds without input if the file is on CSVFS.
const FSCTL_IS_CSV_FILE: u32 = 0x0009_0248;
/// "FSCTL_CSV_CONTROL IOCTL"
const FSCTL_CSV_CONTROL: u32 = 0x0009_02D4;
/// "CSV_CONTROL_OP enumeration": `CsvControlQueryVolumeRedirectState`
const QUERY_VOLUME_REDIRECT_STATE: u32 = 0x0A;
/// "CLUSCTL_RESOURCE_STORAGE_GET_SHARED_VOLUME_INFO control code"
pub(crate) const GET_SHARED_VOLUME_INFO: u32 = 0x0100_0225;

/// "GetNodeClusterState function": `ClusterStateNotInstalled`
pub(crate) const CLUSTER_NOT_INSTALLED: u32 = 0;
/// `ClusterStateNotConfigured`
pub(crate) const CLUSTER_NOT_CONFIGURED: u32 = 1;
/// `ClusterStateNotRunning`
pub(crate) const CLUSTER_NOT_RUNNING: u32 = 3;

/// Whether the control code for that says that a file or directory is on CSVFS.
pub(crate) fn is_csv_file<A: Api>(api: &A, file: &A::Handle) -> Answer<bool> {
    match api.control(file, FSCTL_IS_CSV_FILE, &[], &mut []) {
        Ok(_) => Ok(true),
        Err(code) if code.class().is_transient() => Err(code),
        // Another file system knows no such code.
        Err(_) => Ok(false),
    }
}

/// How this node reaches a volume: `CSV_QUERY_VOLUME_REDIRECT_STATE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Access {
    /// The number of the node that owns the volume: the cluster calls it the coordinator, or the MDS node.
    pub(crate) owner: u32,
    /// The number of this node: the DS node.
    pub(crate) here: u32,
    /// Whether this node reaches the disk itself.
    pub(crate) disk: bool,
    /// Whether the cluster lets nodes read and write the disk themselves.
    pub(crate) direct: bool,
}

impl Access {
    /// The size without the last member, which Windows Server 2012 does not have.
    const SIZE: usize = 10;

    pub(crate) fn ask<A: Api>(api: &A, file: &A::Handle) -> Answer<Self> {
        // `CSV_CONTROL_PARAM`: the operation, four bytes of padding, and eight that mean nothing.
        let mut input = [0; 16];
        input[..4].copy_from_slice(&QUERY_VOLUME_REDIRECT_STATE.to_le_bytes());
        let mut output = [0; 16];
        let length = api.control(file, FSCTL_CSV_CONTROL, &input, &mut output)?;
        output.get(..length).filter(|output| output.len() >= Self::SIZE).map(Self::read).ok_or(Code::INVALID_PARAMETER)
    }

    fn read(output: &[u8]) -> Self {
        Self { owner: number(output, 0), here: number(output, 4), disk: output[8] != 0, direct: output[9] != 0 }
    }

    pub(crate) fn is_owner(&self) -> bool {
        self.owner == self.here
    }
}

/// What the cluster says of a volume: "CLUS_CSV_VOLUME_INFO structure", the part that matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VolumeInfo {
    /// Bits of "CLUSTER_CSV_VOLUME_FAULT_STATE enumeration".
    pub(crate) faults: u32,
    /// Not `VolumeBackupNone` of "CLUSTER_SHARED_VOLUME_BACKUP_STATE enumeration".
    pub(crate) in_backup: bool,
    /// Its path, as in `C:\ClusterStorage\Volume1`.
    pub(crate) friendly_name: String,
}

/// `VolumeStateNoDirectIO`
pub(crate) const FAULT_NO_DIRECT_IO: u32 = 1;
/// `VolumeStateNoAccess`
pub(crate) const FAULT_NO_ACCESS: u32 = 2;
/// `VolumeStateInMaintenance`
pub(crate) const FAULT_IN_MAINTENANCE: u32 = 4;
/// `VolumeStateDismounted`
pub(crate) const FAULT_DISMOUNTED: u32 = 8;

impl VolumeInfo {
    /// Where the members are, and where the last one that is read ends.
    const FAULTS: usize = 12;
    const BACKUP: usize = 16;
    const FRIENDLY_NAME: usize = 20;
    const END: usize = Self::FRIENDLY_NAME + 2 * 260;

    /// The volumes of a disk, from its answer to [`GET_SHARED_VOLUME_INFO`]: "Value Lists", each entry a CLUSPROP_BINARY:
    /// its kind, its length, its data, filled up to four bytes.
    pub(crate) fn list(mut answer: &[u8]) -> Vec<Self> {
        /// CLUSPROP_SYNTAX_LIST_VALUE_BINARY
        const BINARY: u32 = 0x0001_0001;
        let mut found = Vec::new();
        while answer.len() >= 8 {
            let (kind, length) = (number(answer, 0), number(answer, 4) as usize);
            let Some(data) = answer.get(8..8usize.saturating_add(length)) else { break };
            if kind == BINARY && data.len() >= Self::END {
                found.push(Self::read(data));
            }
            answer = answer.get(8 + length.next_multiple_of(4)..).unwrap_or_default();
        }
        found
    }

    fn read(data: &[u8]) -> Self {
        let units =
            data[Self::FRIENDLY_NAME..Self::END].chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
        let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
        Self {
            faults: number(data, Self::FAULTS),
            in_backup: number(data, Self::BACKUP) != 0,
            friendly_name: String::from_utf16_lossy(&units),
        }
    }
}

/// The caller knows that there are four bytes.
fn number(data: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_off_or_makes_no_sense_is_no_volume() {
        let mut info = vec![0; VolumeInfo::END];
        info[VolumeInfo::FAULTS] = 4;
        info[VolumeInfo::FRIENDLY_NAME] = b'x';
        let entry = |kind: u32, length: u32| [&kind.to_le_bytes()[..], &length.to_le_bytes(), &info].concat();
        let whole = entry(0x0001_0001, info.len() as u32);
        let volume = VolumeInfo { faults: 4, in_backup: false, friendly_name: "x".into() };
        assert_eq!(VolumeInfo::list(&[whole.clone(), whole.clone(), vec![0; 4]].concat()), [volume.clone(), volume]);
        // Of another kind, shorter than it says, or with less in it than a volume.
        for wrong in [entry(0x0001_0003, info.len() as u32), entry(0x0001_0001, u32::MAX), entry(0x0001_0001, 8)] {
            assert_eq!(VolumeInfo::list(&wrong), []);
        }
        assert!((0..whole.len()).all(|length| VolumeInfo::list(&whole[..length]).is_empty()));
    }
}
