//! The calls, as Windows answers them.

use super::{Fake, Handle, state::State};
use crate::win32::{
    Answer, Api, Code, DiskSpace, Id, Information, Open, RemoteProtocol, Setting, VolumeInformation, constants::*,
};
use std::time::{Duration, SystemTime};

const DRIVE_FIXED: u32 = 3;

impl Fake {
    /// Makes a call, unless the script has another answer for it; or makes it, and loses its answer.
    fn call<T>(&self, name: &'static str, path: &str, call: impl FnOnce(&mut State) -> Answer<T>) -> Answer<T> {
        let mut state = self.state();
        state.begin(name, path)?;
        let answer = call(&mut state);
        state.end().and(answer)
    }
}

impl Api for Fake {
    type Handle = Handle;

    fn open(&self, path: &str, how: &Open<'_>) -> Answer<Handle> {
        let number = self.call("open", path, |state| state.open(path, how))?;
        Ok(Handle { state: self.state.clone(), number, path: path.to_owned() })
    }

    fn read(&self, file: &Handle, offset: u64, length: u32) -> Answer<Vec<u8>> {
        self.call("read", &file.path, |state| state.read(file.number, offset, length))
    }

    fn write(&self, file: &Handle, offset: u64, data: &[u8]) -> Answer<usize> {
        self.call("write", &file.path, |state| state.write(file.number, offset, data))
    }

    fn flush(&self, file: &Handle) -> Answer<()> {
        self.call("flush", &file.path, |state| state.flush(file.number))
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
        self.call(name, &file.path, |state| state.set(file.number, setting))
    }

    fn information(&self, file: &Handle) -> Answer<Information> {
        self.call("information", &file.path, |state| {
            let (index, volume_serial) = (state.index(file.number), state.volume_under(file.number)?.serial as u32);
            let node = state.node(file.number)?;
            let (attributes, size) = (node.attributes, node.data.len() as u64);
            Ok(Information { attributes, modified: Some(SystemTime::UNIX_EPOCH), volume_serial, size, index })
        })
    }

    fn id(&self, file: &Handle) -> Answer<Id> {
        self.call("id", &file.path, |state| {
            let index = state.index(file.number);
            let volume = state.volume_under(file.number)?;
            if volume.can.ids {
                Ok(Id { volume_serial: volume.serial, file: index.into() })
            } else {
                Err(Code::INVALID_PARAMETER)
            }
        })
    }

    fn reparse_tag(&self, file: &Handle) -> Answer<u32> {
        self.call("reparse-tag", &file.path, |state| Ok(state.node(file.number)?.reparse_tag))
    }

    fn remote_protocol(&self, file: &Handle) -> Answer<RemoteProtocol> {
        self.call("remote-protocol", &file.path, |state| {
            state.volume_under(file.number)?.protocol.ok_or(Code::INVALID_PARAMETER)
        })
    }

    fn control(&self, file: &Handle, code: u32, input: &[u8], output: &mut [u8]) -> Answer<usize> {
        self.call("control", &file.path, |state| {
            let volume = state.volume_under(file.number)?;
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
                    let Some((start, length)) = state.next_range(file.number, number(0), number(8))? else {
                        return Ok(0);
                    };
                    output[..8].copy_from_slice(&start.to_le_bytes());
                    output[8..16].copy_from_slice(&length.to_le_bytes());
                    Ok(16)
                }
                FSCTL_SET_SPARSE | FSCTL_QUERY_ALLOCATED_RANGES => Err(Code::NOT_SUPPORTED),
                _ => Err(Code::INVALID_FUNCTION),
            }
        })
    }

    fn duplicate_extents(&self, source: &Handle, target: &Handle, offset: u64, length: u64) -> Answer<()> {
        self.call("clone", &target.path, |state| {
            if state.volume_under(target.number)?.flags & FILE_SUPPORTS_BLOCK_REFCOUNTING == 0 {
                return Err(Code::INVALID_FUNCTION);
            }
            state.duplicate(source.number, target.number, offset, length)
        })
    }

    fn move_file(&self, from: &str, to: &str, _flags: u32) -> Answer<()> {
        self.call("move", from, |state| state.move_file(from, to))
    }

    fn create_directory(&self, path: &str) -> Answer<()> {
        self.call("create-directory", path, |state| state.make_directory(path))
    }

    fn find(&self, pattern: &str) -> Answer<Vec<String>> {
        self.call("find", pattern, |state| state.find(pattern))
    }

    fn disk_space(&self, directory: &str) -> Answer<DiskSpace> {
        self.call("disk-space", directory, |state| {
            let free = state.volume_of(directory)?.free;
            Ok(DiskSpace { available_to_caller: free, total: free + (1 << 30), free })
        })
    }

    fn cluster_size(&self, directory: &str) -> Answer<u64> {
        self.call("cluster-size", directory, |state| state.volume_of(directory).map(|_| 4096))
    }

    fn volume_information(&self, file: &Handle) -> Answer<VolumeInformation> {
        self.call("volume-information", &file.path, |state| {
            let volume = state.volume_under(file.number)?;
            Ok(VolumeInformation { file_system: volume.file_system.to_owned(), flags: volume.flags })
        })
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
        self.call("connect", share, |state| state.connect(share, username, password))
    }

    fn disconnect(&self, share: &str) -> Answer<()> {
        self.call("disconnect", share, |state| state.disconnect(share))
    }

    fn sleep(&self, duration: Duration) {
        // Handles close outside of the lock.
        let released = self.state().sleep(duration);
        drop(released);
    }
}
