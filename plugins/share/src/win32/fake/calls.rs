//! The calls, as Windows answers them.

use super::{Fake, Handle};
use crate::win32::{
    Answer, Api, Code, DiskSpace, Id, Information, Open, RemoteProtocol, Setting, VolumeInformation, constants::*,
};
use std::time::{Duration, SystemTime};

const DRIVE_FIXED: u32 = 3;

impl Fake {
    fn check(&self, name: &'static str, path: &str) -> Answer<()> {
        self.state().call(name, path)
    }
}

impl Api for Fake {
    type Handle = Handle;

    fn open(&self, path: &str, how: &Open<'_>) -> Answer<Handle> {
        self.check("open", path)?;
        let number = self.state().open(path, how)?;
        Ok(Handle { state: self.state.clone(), number, path: path.to_owned() })
    }

    fn read(&self, file: &Handle, offset: u64, length: u32) -> Answer<Vec<u8>> {
        self.check("read", &file.path)?;
        self.state().read(file.number, offset, length)
    }

    fn write(&self, file: &Handle, offset: u64, data: &[u8]) -> Answer<usize> {
        self.check("write", &file.path)?;
        self.state().write(file.number, offset, data)
    }

    fn flush(&self, file: &Handle) -> Answer<()> {
        self.check("flush", &file.path)?;
        self.state().flush(file.number)
    }

    fn set(&self, file: &Handle, setting: &Setting<'_>) -> Answer<()> {
        let name = match setting {
            Setting::RenameEx { .. } => "rename-ex",
            Setting::Rename { .. } => "rename",
            Setting::DispositionEx { .. } => "delete-ex",
            Setting::Disposition => "delete",
            Setting::EndOfFile(_) => "set-length",
            Setting::Allocation(_) => "allocate",
            Setting::Attributes(_) => "set-attributes",
        };
        self.check(name, &file.path)?;
        let mut state = self.state();
        let mount = state.node(file.number)?.mount.clone();
        let volume = state.volume_mut(&mount);
        let (can, free) = (volume.can, volume.free);
        let known = |can: bool| if can { Ok(()) } else { Err(Code::INVALID_PARAMETER) };
        match *setting {
            Setting::RenameEx { to, .. } => known(can.posix_rename).and_then(|()| state.rename(file.number, to)),
            Setting::Rename { to } => known(can.rename).and_then(|()| state.rename(file.number, to)),
            Setting::DispositionEx { .. } if can.posix_delete_is_a_lie => state.delete(file.number, false),
            Setting::DispositionEx { .. } => known(can.posix_delete).and_then(|()| state.delete(file.number, true)),
            Setting::Disposition => state.delete(file.number, false),
            Setting::EndOfFile(length) => state.set_len(file.number, length),
            Setting::Allocation(length) if can.allocation.is_ok() && length > free => Err(Code::DISK_FULL),
            Setting::Allocation(_) => can.allocation,
            Setting::Attributes(attributes) => {
                state.node(file.number)?.attributes = attributes & !FILE_ATTRIBUTE_NORMAL;
                Ok(())
            }
        }
    }

    fn information(&self, file: &Handle) -> Answer<Information> {
        self.check("information", &file.path)?;
        let mut state = self.state();
        let index = state.index(file.number);
        let node = state.node(file.number)?;
        let (attributes, size, mount) = (node.attributes, node.data.len() as u64, node.mount.clone());
        let volume_serial = state.volume_mut(&mount).serial as u32;
        Ok(Information { attributes, modified: Some(SystemTime::UNIX_EPOCH), volume_serial, size, index })
    }

    fn id(&self, file: &Handle) -> Answer<Id> {
        self.check("id", &file.path)?;
        let mut state = self.state();
        let index = state.index(file.number);
        let mount = state.node(file.number)?.mount.clone();
        let volume = state.volume_mut(&mount);
        if !volume.can.ids {
            return Err(Code::INVALID_PARAMETER);
        }
        Ok(Id { volume_serial: volume.serial, file: index.into() })
    }

    fn reparse_tag(&self, file: &Handle) -> Answer<u32> {
        Ok(self.state().node(file.number)?.reparse_tag)
    }

    fn remote_protocol(&self, file: &Handle) -> Answer<RemoteProtocol> {
        self.check("remote-protocol", &file.path)?;
        let mut state = self.state();
        let mount = state.node(file.number)?.mount.clone();
        state.volume_mut(&mount).protocol.ok_or(Code::INVALID_PARAMETER)
    }

    fn control(&self, file: &Handle, code: u32, input: &[u8], output: &mut [u8]) -> Answer<usize> {
        self.check("control", &file.path)?;
        let mut state = self.state();
        let mount = state.node(file.number)?.mount.clone();
        let volume = state.volume_mut(&mount);
        let (flags, can) = (volume.flags, volume.can);
        if let Some((_, answer)) = volume.controls.iter().find(|(known, _)| *known == code) {
            let answer = answer.clone()?;
            output[..answer.len()].copy_from_slice(&answer);
            return Ok(answer.len());
        }
        match code {
            FSCTL_SET_SPARSE if flags & FILE_SUPPORTS_SPARSE_FILES != 0 => {
                state.node(file.number)?.attributes |= FILE_ATTRIBUTE_SPARSE_FILE;
                Ok(0)
            }
            FSCTL_QUERY_ALLOCATED_RANGES if can.ranges => {
                let number = |at: usize| u64::from_le_bytes(input[at..at + 8].try_into().unwrap());
                match state.next_range(file.number, number(0), number(8))? {
                    None => Ok(0),
                    Some((start, length)) => {
                        output[..8].copy_from_slice(&start.to_le_bytes());
                        output[8..16].copy_from_slice(&length.to_le_bytes());
                        Ok(16)
                    }
                }
            }
            FSCTL_SET_SPARSE | FSCTL_QUERY_ALLOCATED_RANGES => Err(Code::NOT_SUPPORTED),
            _ => Err(Code::INVALID_FUNCTION),
        }
    }

    fn duplicate_extents(&self, source: &Handle, target: &Handle, offset: u64, length: u64) -> Answer<()> {
        self.check("clone", &target.path)?;
        let mut state = self.state();
        let mount = state.node(target.number)?.mount.clone();
        if state.volume_mut(&mount).flags & FILE_SUPPORTS_BLOCK_REFCOUNTING == 0 {
            return Err(Code::INVALID_FUNCTION);
        }
        state.duplicate(source.number, target.number, offset, length)
    }

    fn move_file(&self, from: &str, to: &str, _flags: u32) -> Answer<()> {
        self.check("move", from)?;
        self.state().move_file(from, to)
    }

    fn create_directory(&self, path: &str) -> Answer<()> {
        self.check("create-directory", path)?;
        self.state().make_directory(path)
    }

    fn find(&self, pattern: &str) -> Answer<Vec<String>> {
        self.check("find", pattern)?;
        self.state().find(pattern)
    }

    fn disk_space(&self, directory: &str) -> Answer<DiskSpace> {
        self.check("disk-space", directory)?;
        let free = self.state().volume_of(directory)?.free;
        Ok(DiskSpace { available_to_caller: free, total: free + (1 << 30), free })
    }

    fn cluster_size(&self, directory: &str) -> Answer<u64> {
        self.state().volume_of(directory).map(|_| 4096)
    }

    fn volume_information(&self, file: &Handle) -> Answer<VolumeInformation> {
        self.check("volume-information", &file.path)?;
        let mut state = self.state();
        let mount = state.node(file.number)?.mount.clone();
        let volume = state.volume_mut(&mount);
        Ok(VolumeInformation { file_system: volume.file_system.to_owned(), flags: volume.flags })
    }

    fn volume_path(&self, path: &str) -> Answer<String> {
        let extended = if path.starts_with(r"\\") { path.to_owned() } else { format!(r"\\?\{path}") };
        self.state().volume_of(&extended).map(|volume| volume.mount.clone())
    }

    fn drive_type(&self, volume_path: &str) -> u32 {
        let is_remote = self.state().volume_of(volume_path).is_ok_and(|volume| volume.protocol.is_some());
        if is_remote { DRIVE_REMOTE } else { DRIVE_FIXED }
    }

    fn windows_directory(&self) -> Answer<String> {
        Ok(r"C:\Windows".into())
    }

    fn check_sddl(&self, sddl: &str) -> Answer<()> {
        if sddl.starts_with("D:") { Ok(()) } else { Err(Code::INVALID_PARAMETER) }
    }

    fn connect(&self, share: &str, username: &str, password: &str) -> Answer<()> {
        self.check("connect", share)?;
        let mut state = self.state();
        let mount = share.replacen(r"\\", r"\\?\UNC\", 1);
        let volume = state.volumes.iter().find(|volume| volume.mount == mount).ok_or(Code::BAD_NETPATH)?;
        if let Some(code) = volume.cut {
            return Err(code);
        }
        if volume.account.is_some_and(|account| account != (username, password)) {
            return Err(Code::LOGON_FAILURE);
        }
        let server = |share: &str| share.trim_start_matches('\\').split('\\').next().map(str::to_owned);
        let other = |(known, account): &(String, String)| server(known) == server(share) && account != username;
        if state.connections.iter().any(other) {
            return Err(Code::SESSION_CREDENTIAL_CONFLICT);
        }
        state.connections.push((share.to_owned(), username.to_owned()));
        Ok(())
    }

    fn disconnect(&self, share: &str) -> Answer<()> {
        self.check("disconnect", share)?;
        let mut state = self.state();
        let before = state.connections.len();
        state.connections.retain(|(known, _)| known != share);
        if state.connections.len() < before { Ok(()) } else { Err(Code::NOT_CONNECTED) }
    }

    fn sleep(&self, duration: Duration) {
        // Handles close outside of the lock.
        let released = self.state().sleep(duration);
        drop(released);
    }
}
