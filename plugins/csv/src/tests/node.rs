//! A node of a cluster, as far as this plugin looks at one: files in memory, volumes, and answers as a script says.

use casement_share::win32::{
    Answer, Api, Code, DiskSpace, Id, Information, Open, RemoteProtocol, Setting, VolumeInformation, constants::*,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime},
};

/// The node that the tests' store stands on. Clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct Node(Arc<Mutex<State>>);

#[derive(Debug, Default)]
pub(super) struct State {
    /// By path, in lower case.
    entries: BTreeMap<String, Entry>,
    /// By mount point, in lower case.
    pub(super) volumes: BTreeMap<String, Volume>,
    refusals: Vec<Refusal>,
    pub(super) calls: Vec<String>,
    next_id: u64,
    pub(super) cluster: super::cluster::Told,
}

#[derive(Debug, Clone)]
struct Entry {
    name: String,
    id: u64,
    /// `None` for a directory.
    data: Option<Arc<Mutex<Vec<u8>>>>,
}

/// A volume that is mounted.
#[derive(Debug, Clone)]
pub(super) struct Volume {
    pub(super) serial: u64,
    pub(super) file_system: &'static str,
    pub(super) flags: u32,
    /// What FSCTL_IS_CSV_FILE answers.
    pub(super) csv: Answer<()>,
    /// What FSCTL_CSV_CONTROL answers.
    pub(super) access: Answer<(u32, u32, bool, bool)>,
    pub(super) available: u64,
}

#[derive(Debug)]
struct Refusal {
    call: &'static str,
    path: String,
    code: Code,
    left: usize,
}

#[derive(Debug)]
pub(super) struct Handle {
    path: Mutex<String>,
    entry: Entry,
    /// Opened itself, and not what it leads to.
    is_mount_point: bool,
}

impl Volume {
    /// One that this node, number 1, reaches directly, and another node owns.
    pub(super) fn healthy(serial: u64) -> Self {
        Self { serial, file_system: "CSVFS", flags: 0, csv: Ok(()), access: Ok((2, 1, true, true)), available: 1 << 30 }
    }

    fn system() -> Self {
        let (csv, access) = (Err(Code::INVALID_FUNCTION), Err(Code::INVALID_FUNCTION));
        Self { file_system: "NTFS", csv, access, ..Self::healthy(1) }
    }
}

impl Node {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(super) fn folder(&self, path: &str) -> &Self {
        self.lock().insert(path, None);
        self
    }

    /// Mounts a volume, with the folder that a store wants on it.
    pub(super) fn volume(&self, name: &str, volume: Volume) -> &Self {
        let path = format!(r"C:\ClusterStorage\{name}");
        self.folder(r"C:\ClusterStorage").folder(&path).folder(&format!(r"{path}\images"));
        self.lock().volumes.insert(path.to_lowercase(), volume);
        self
    }

    pub(super) fn change(&self, name: &str, change: impl FnOnce(&mut Volume)) {
        let path = format!(r"c:\clusterstorage\{}", name.to_lowercase());
        change(self.lock().volumes.get_mut(&path).unwrap());
    }

    /// Lets `times` calls fail that concern a path with this in it.
    pub(super) fn refuse(&self, call: &'static str, path: &str, code: Code, times: usize) {
        self.lock().refusals.push(Refusal { call, path: path.to_lowercase(), code, left: times });
    }

    /// Puts other data into a file.
    pub(super) fn overwrite(&self, path: &str, data: &[u8]) {
        let state = self.lock();
        let file = state.entries[&path.to_lowercase()].data.as_ref().unwrap();
        *file.lock().unwrap() = data.to_vec();
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.lock().entries.contains_key(&path.to_lowercase())
    }

    pub(super) fn count(&self, call: &str) -> usize {
        self.lock().calls.iter().filter(|made| made.as_str() == call).count()
    }

    fn call(&self, name: &'static str, path: &str) -> Answer<MutexGuard<'_, State>> {
        let mut state = self.lock();
        state.calls.push(name.to_owned());
        let path = path.to_lowercase();
        let refusal = state
            .refusals
            .iter_mut()
            .find(|refusal| refusal.left > 0 && refusal.call == name && path.contains(&refusal.path));
        match refusal {
            Some(refusal) => {
                refusal.left -= 1;
                Err(refusal.code)
            }
            None => Ok(state),
        }
    }

    fn volume_of(&self, file: &Handle) -> Volume {
        let path = file.path.lock().unwrap();
        if file.is_mount_point { Volume::system() } else { self.lock().volume_of(&path) }
    }
}

impl State {
    /// Takes a volume away with all that is on it.
    pub(super) fn forget(&mut self, path: &str) {
        let path = path.to_lowercase();
        self.volumes.remove(&path);
        self.entries.retain(|key, _| !key.starts_with(&path));
    }

    fn insert(&mut self, path: &str, data: Option<Arc<Mutex<Vec<u8>>>>) -> Entry {
        self.next_id += 1;
        let name = path.rsplit('\\').next().unwrap_or_default().to_owned();
        let entry = Entry { name, id: self.next_id, data };
        self.entries.entry(path.to_lowercase()).or_insert(entry).clone()
    }

    fn volume_of(&self, path: &str) -> Volume {
        let path = path.to_lowercase();
        let is_on = |mount: &str| path == mount || path.starts_with(&format!(r"{mount}\"));
        // The innermost mount point counts.
        let mounted = self.volumes.iter().rfind(|(mount, _)| is_on(mount));
        mounted.map_or_else(Volume::system, |(_, volume)| volume.clone())
    }
}

fn plain(path: &str) -> &str {
    path.trim_start_matches(r"\\?\")
}

fn parent(path: &str) -> &str {
    path.rsplit_once('\\').map_or("", |(parent, _)| parent)
}

impl Api for Node {
    type Handle = Handle;

    fn open(&self, path: &str, how: &Open<'_>) -> Answer<Handle> {
        let path = plain(path);
        let mut state = self.call("open", path)?;
        let key = path.to_lowercase();
        let entry = match (state.entries.get(&key).cloned(), how.disposition) {
            (Some(_), CREATE_NEW) => return Err(Code::FILE_EXISTS),
            (None, CREATE_NEW) => state.insert(path, Some(Arc::default())),
            (Some(entry), _) => entry,
            (None, _) if state.entries.contains_key(parent(&key)) => return Err(Code::FILE_NOT_FOUND),
            (None, _) => return Err(Code::PATH_NOT_FOUND),
        };
        let is_mount_point = how.flags & FILE_FLAG_OPEN_REPARSE_POINT != 0 && state.volumes.contains_key(&key);
        Ok(Handle { path: Mutex::new(path.to_owned()), entry, is_mount_point })
    }

    fn read(&self, file: &Handle, offset: u64, length: u32) -> Answer<Vec<u8>> {
        drop(self.call("read", &file.path.lock().unwrap())?);
        let data = file.entry.data.as_ref().ok_or(Code::INVALID_FUNCTION)?.lock().unwrap();
        let start = data.len().min(offset as usize);
        Ok(data[start..data.len().min(start + length as usize)].to_vec())
    }

    fn write(&self, file: &Handle, offset: u64, data: &[u8]) -> Answer<usize> {
        drop(self.call("write", &file.path.lock().unwrap())?);
        let mut held = file.entry.data.as_ref().ok_or(Code::INVALID_FUNCTION)?.lock().unwrap();
        let end = offset as usize + data.len();
        let length = held.len().max(end);
        held.resize(length, 0);
        held[offset as usize..end].copy_from_slice(data);
        Ok(data.len())
    }

    fn flush(&self, file: &Handle) -> Answer<()> {
        self.call("flush", &file.path.lock().unwrap()).map(drop)
    }

    fn set(&self, file: &Handle, setting: &Setting<'_>) -> Answer<()> {
        let mut path = file.path.lock().unwrap();
        let mut state = self.call("set", &path)?;
        match *setting {
            Setting::RenameEx { to, .. } | Setting::Rename { to } => {
                let to = plain(to);
                if state.entries.contains_key(&to.to_lowercase()) {
                    return Err(Code::ALREADY_EXISTS);
                }
                let mut entry = state.entries.remove(&path.to_lowercase()).ok_or(Code::FILE_NOT_FOUND)?;
                entry.name = to.rsplit('\\').next().unwrap_or_default().to_owned();
                state.entries.insert(to.to_lowercase(), entry);
                *path = to.to_owned();
            }
            Setting::DispositionEx { .. } | Setting::Disposition => {
                state.entries.remove(&path.to_lowercase()).ok_or(Code::FILE_NOT_FOUND)?;
            }
            Setting::EndOfFile(length) => file.entry.data.as_ref().unwrap().lock().unwrap().resize(length as usize, 0),
            Setting::Allocation(_) | Setting::Attributes(_) => {}
        }
        Ok(())
    }

    fn information(&self, file: &Handle) -> Answer<Information> {
        let reparse = if file.is_mount_point { FILE_ATTRIBUTE_REPARSE_POINT } else { 0 };
        let attributes = if file.entry.data.is_none() { FILE_ATTRIBUTE_DIRECTORY } else { FILE_ATTRIBUTE_NORMAL };
        Ok(Information {
            attributes: attributes | reparse,
            modified: Some(SystemTime::UNIX_EPOCH),
            volume_serial: self.volume_of(file).serial as u32,
            size: file.entry.data.as_ref().map_or(0, |data| data.lock().unwrap().len() as u64),
            index: file.entry.id,
        })
    }

    fn id(&self, file: &Handle) -> Answer<Id> {
        Ok(Id { volume_serial: self.volume_of(file).serial, file: file.entry.id.into() })
    }

    fn reparse_tag(&self, _: &Handle) -> Answer<u32> {
        Ok(REPARSE_TAG_NAME_SURROGATE)
    }

    fn remote_protocol(&self, _: &Handle) -> Answer<RemoteProtocol> {
        Err(Code::INVALID_PARAMETER)
    }

    fn control(&self, file: &Handle, code: u32, _: &[u8], output: &mut [u8]) -> Answer<usize> {
        drop(self.call("control", &file.path.lock().unwrap())?);
        let volume = self.volume_of(file);
        match code {
            0x0009_0248 => volume.csv.map(|()| 0),
            0x0009_02D4 => {
                let (owner, here, disk, direct) = volume.access?;
                output[..4].copy_from_slice(&owner.to_le_bytes());
                output[4..8].copy_from_slice(&here.to_le_bytes());
                (output[8], output[9]) = (disk.into(), direct.into());
                Ok(16)
            }
            _ => Err(Code::NOT_SUPPORTED),
        }
    }

    fn duplicate_extents(&self, source: &Handle, target: &Handle, offset: u64, length: u64) -> Answer<()> {
        drop(self.call("duplicate extents", &target.path.lock().unwrap())?);
        assert_eq!(self.volume_of(source).serial, self.volume_of(target).serial, "extents are shared in a volume");
        assert_eq!((offset % CLUSTER, length % CLUSTER), (0, 0), "whole clusters are shared");
        let source = source.entry.data.as_ref().unwrap().lock().unwrap();
        let mut target = target.entry.data.as_ref().unwrap().lock().unwrap();
        let range = offset as usize..source.len().min((offset + length) as usize);
        target[range.clone()].copy_from_slice(&source[range]);
        Ok(())
    }

    fn move_file(&self, _: &str, _: &str, _: u32) -> Answer<()> {
        Err(Code::NOT_SUPPORTED)
    }

    fn create_directory(&self, path: &str) -> Answer<()> {
        let mut state = self.call("create directory", path)?;
        if state.entries.contains_key(&plain(path).to_lowercase()) {
            return Err(Code::ALREADY_EXISTS);
        }
        state.insert(plain(path), None);
        Ok(())
    }

    fn find(&self, pattern: &str) -> Answer<Vec<String>> {
        let state = self.call("find", pattern)?;
        let pattern = plain(pattern).to_lowercase();
        let Some(folder) = pattern.strip_suffix(r"\*") else {
            return state.entries.get(&pattern).map(|entry| vec![entry.name.clone()]).ok_or(Code::FILE_NOT_FOUND);
        };
        if !state.entries.contains_key(folder) {
            return Err(Code::PATH_NOT_FOUND);
        }
        let inside = state.entries.iter().filter(|(path, _)| parent(path) == folder);
        Ok([".", ".."].map(str::to_owned).into_iter().chain(inside.map(|(_, entry)| entry.name.clone())).collect())
    }

    fn disk_space(&self, directory: &str) -> Answer<DiskSpace> {
        let state = self.call("disk space", directory)?;
        let available = state.volume_of(plain(directory)).available;
        Ok(DiskSpace { available_to_caller: available, total: 1 << 40, free: available })
    }

    fn cluster_size(&self, _: &str) -> Answer<u64> {
        Ok(CLUSTER)
    }

    fn volume_information(&self, file: &Handle) -> Answer<VolumeInformation> {
        let Volume { file_system, flags, .. } = self.volume_of(file);
        Ok(VolumeInformation { file_system: file_system.to_owned(), flags })
    }

    fn volume_path(&self, path: &str) -> Answer<String> {
        Ok(path.to_owned())
    }

    fn drive_type(&self, _: &str) -> u32 {
        3
    }

    fn windows_directory(&self) -> Answer<String> {
        Ok(r"C:\Windows".to_owned())
    }

    fn check_sddl(&self, _: &str) -> Answer<()> {
        Ok(())
    }

    fn connect(&self, _: &str, _: &str, _: &str) -> Answer<()> {
        Err(Code::NOT_SUPPORTED)
    }

    fn disconnect(&self, _: &str) -> Answer<()> {
        Err(Code::NOT_SUPPORTED)
    }

    fn sleep(&self, _: Duration) {}
}

pub(super) const CLUSTER: u64 = 65_536;
