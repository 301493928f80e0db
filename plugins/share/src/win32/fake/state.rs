//! What is on the volumes, and who has it open.

use super::{
    Abilities, Accident, FakeVolume, Fault, Handle,
    node::{CLUSTER, Node, Opened, SHARED},
};
use crate::win32::{Answer, Code, Open, Setting, constants::*, names};
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) volumes: Vec<FakeVolume>,
    /// By path in upper case: the path as it is stored, and what it names.
    names: BTreeMap<String, (String, u64)>,
    nodes: HashMap<u64, Node>,
    opens: HashMap<u64, Opened>,
    next: u64,
    pub(super) calls: Vec<String>,
    pub(super) faults: Vec<Fault>,
    /// What happens at the call of this number.
    pub(super) accident: Option<(usize, Accident)>,
    pub(super) slept: Duration,
    pub(super) releases: Vec<(usize, Handle)>,
    /// How many sleeps it takes until servers notice that handles of a lost connection are dead.
    pub(super) unnoticed: usize,
    /// Shares with the account that is connected.
    pub(super) connections: Vec<(String, String)>,
}

fn key(path: &str) -> String {
    path.trim_end_matches('\\').chars().map(names::upper).collect()
}

fn parent(path: &str) -> &str {
    path.trim_end_matches('\\').rsplit_once('\\').map_or("", |(parent, _)| parent)
}

impl State {
    pub(super) fn add(&mut self, volume: FakeVolume) {
        // It hides what stood under its mount point.
        let below = format!(r"{}\", key(&volume.mount));
        self.names.retain(|path, _| !path.starts_with(&below));
        let node = Node { mount: volume.mount.clone(), attributes: FILE_ATTRIBUTE_DIRECTORY, ..Node::default() };
        let number = self.add_node(node);
        self.names.insert(key(&volume.mount), (volume.mount.clone(), number));
        self.volumes.push(volume);
    }

    /// Takes a volume away, with all that is on it.
    pub(super) fn remove(&mut self, mount: &str) {
        self.volumes.retain(|volume| volume.mount != mount);
        let nodes = &self.nodes;
        self.names.retain(|_, (_, node)| nodes[node].mount != mount);
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn add_node(&mut self, node: Node) -> u64 {
        let number = self.number();
        self.nodes.insert(number, node);
        number
    }

    /// Records a call, and answers it if the script says so.
    pub(super) fn begin(&mut self, name: &'static str, path: &str) -> Answer<()> {
        self.calls.push(format!("{name} {path}"));
        if let Some((_, fault)) = self.accident.filter(|(at, _)| self.calls.len() - 1 == *at) {
            match fault {
                Accident::Answer(code) => return Err(code),
                Accident::LossBefore => return self.lose(),
                Accident::LossAfter => {}
            }
        }
        let due = |fault: &mut Fault| {
            let meant = fault.name == name && path.contains(&fault.path);
            if meant && fault.skip > 0 {
                fault.skip -= 1;
                return false;
            }
            meant
        };
        match self.faults.iter_mut().position(due) {
            Some(at) => Err(self.faults.remove(at).code),
            None => Ok(()),
        }
    }

    /// After a call was made.
    pub(super) fn end(&mut self) -> Answer<()> {
        match self.accident {
            Some((at, Accident::LossAfter)) if self.calls.len() - 1 == at => self.lose(),
            _ => Ok(()),
        }
    }

    fn lose(&mut self) -> Answer<()> {
        self.let_die(|_| true);
        Err(Code::NETNAME_DELETED)
    }

    /// Ends what is open on some volumes, as the server does when a connection is cut: deletes that waited are done.
    fn let_die(&mut self, is_lost: impl Fn(&str) -> bool) {
        for open in self.opens.values_mut().filter(|open| is_lost(&self.nodes[&open.node].mount)) {
            open.dead = true;
        }
        let going = |node: &u64| {
            let mut of_node = self.opens.values().filter(|open| open.node == *node);
            let posix = self.opens.values().any(|open| open.node == *node && open.dead && open.posix_delete);
            posix || self.nodes[node].pending && of_node.all(|open| open.dead)
        };
        self.names.retain(|_, (_, node)| !going(node));
    }

    pub(super) fn volume_mut(&mut self, mount: &str) -> &mut FakeVolume {
        self.volumes.iter_mut().find(|volume| volume.mount == mount).unwrap()
    }

    /// The volume that a path leads to, if the machine and its account reach it.
    pub(super) fn volume_of(&self, path: &str) -> Answer<&FakeVolume> {
        let path = key(path);
        let below = |volume: &&FakeVolume| {
            let mount = key(&volume.mount);
            path.strip_prefix(&mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('\\'))
        };
        let missing = if path.starts_with(r"\\?\UNC\") { Code::BAD_NETPATH } else { Code::PATH_NOT_FOUND };
        // Of volumes that are mounted in one another, the innermost.
        let volume = self.volumes.iter().filter(below).max_by_key(|volume| volume.mount.len()).ok_or(missing)?;
        if let Some(code) = volume.cut {
            return Err(code);
        }
        let is_known = |account: &str| {
            let share = volume.mount.replace(r"\\?\UNC\", r"\\");
            self.connections.contains(&(share, account.to_owned()))
        };
        match volume.account {
            Some((account, _)) if !is_known(account) => Err(Code::ACCESS_DENIED),
            _ => Ok(volume),
        }
    }

    fn abilities(&self, node: u64) -> Abilities {
        self.volumes.iter().find(|volume| volume.mount == self.nodes[&node].mount).unwrap().can
    }

    fn named(&self, path: &str) -> Answer<u64> {
        match self.names.get(&key(path)) {
            Some((_, node)) => Ok(*node),
            None if self.names.contains_key(&key(parent(path))) => Err(Code::FILE_NOT_FOUND),
            None => Err(Code::PATH_NOT_FOUND),
        }
    }

    pub(super) fn open(&mut self, path: &str, how: &Open<'_>) -> Answer<u64> {
        let volume = self.volume_of(path)?;
        let (can, mount, read_only) = (volume.can, volume.mount.clone(), volume.flags & FILE_READ_ONLY_VOLUME != 0);
        let node = match (how.disposition, self.named(path)) {
            (CREATE_NEW, Ok(node)) if self.nodes[&node].pending && !can.opens_what_is_going => {
                return Err(Code::ACCESS_DENIED);
            }
            (CREATE_NEW, Ok(_)) => return Err(Code::FILE_EXISTS),
            (CREATE_NEW, Err(Code::FILE_NOT_FOUND)) if read_only => return Err(Code::WRITE_PROTECT),
            (CREATE_NEW, Err(Code::FILE_NOT_FOUND)) => {
                let sddl = how.sddl.map(str::to_owned);
                let node = self.add_node(Node { mount, sddl, ..Node::default() });
                self.names.insert(key(path), (path.to_owned(), node));
                node
            }
            (_, node) => node?,
        };
        self.check_access(node, how, can)?;
        let number = self.number();
        let (access, share) = (how.access, how.share);
        let raw = how.flags & FILE_FLAG_OPEN_REPARSE_POINT != 0;
        self.opens.insert(number, Opened { node, access, share, raw, posix_delete: false, dead: false });
        Ok(number)
    }

    fn check_access(&self, number: u64, how: &Open<'_>, can: Abilities) -> Answer<()> {
        let node = &self.nodes[&number];
        let is_directory = node.attributes & FILE_ATTRIBUTE_DIRECTORY != 0;
        let writes = how.access & GENERIC_WRITE != 0;
        let refused = node.pending && !can.opens_what_is_going
            || is_directory && how.flags & FILE_FLAG_BACKUP_SEMANTICS == 0
            || node.attributes & FILE_ATTRIBUTE_READONLY != 0 && writes
            || node.denied && how.access & SHARED != 0;
        if refused {
            return Err(Code::ACCESS_DENIED);
        }
        let counts = |open: &Opened| open.node == number && (!open.dead || self.unnoticed > 0);
        if self.opens.values().any(|open| counts(open) && open.conflicts(how.access, how.share)) {
            return Err(Code::SHARING_VIOLATION);
        }
        Ok(())
    }

    pub(super) fn close(&mut self, number: u64) {
        if self.unnoticed > 0 && self.opens.get(&number).is_some_and(|open| open.dead) {
            return;
        }
        let Some(open) = self.opens.remove(&number) else { return };
        let is_last = !self.opens.values().any(|other| other.node == open.node && !other.dead);
        if open.posix_delete || is_last && self.nodes[&open.node].pending {
            self.names.retain(|_, (_, node)| *node != open.node);
        }
    }

    /// An open file, unless the share it is on was lost.
    pub(super) fn node(&mut self, number: u64) -> Answer<&mut Node> {
        let open = &self.opens[&number];
        if open.dead {
            return Err(Code::NETNAME_DELETED);
        }
        Ok(self.nodes.get_mut(&open.node).unwrap())
    }

    /// The volume of an open file.
    pub(super) fn volume_under(&mut self, number: u64) -> Answer<&mut FakeVolume> {
        let mount = self.node(number)?.mount.clone();
        Ok(self.volume_mut(&mount))
    }

    pub(super) fn index(&self, number: u64) -> u64 {
        self.opens[&number].node
    }

    fn has(&self, number: u64, access: u32) -> Answer<()> {
        if self.opens[&number].access & access != 0 { Ok(()) } else { Err(Code::ACCESS_DENIED) }
    }

    pub(super) fn read(&mut self, number: u64, offset: u64, length: u32) -> Answer<Vec<u8>> {
        self.has(number, GENERIC_READ)?;
        let raw = self.opens[&number].raw;
        self.node(number)?.read(offset, length, raw)
    }

    pub(super) fn write(&mut self, number: u64, offset: u64, data: &[u8]) -> Answer<usize> {
        self.has(number, GENERIC_WRITE)?;
        let volume = self.volume_under(number)?;
        volume.free = volume.free.checked_sub(data.len() as u64).ok_or(Code::DISK_FULL)?;
        self.node(number)?.write(offset, data);
        Ok(data.len())
    }

    pub(super) fn flush(&mut self, number: u64) -> Answer<()> {
        self.has(number, GENERIC_WRITE)?;
        let node = self.node(number)?;
        node.flushed = node.data.clone();
        Ok(())
    }

    fn set_len(&mut self, number: u64, length: u64) -> Answer<()> {
        self.has(number, GENERIC_WRITE)?;
        self.node(number)?.data.resize(usize::try_from(length).unwrap(), 0);
        Ok(())
    }

    pub(super) fn set(&mut self, number: u64, setting: &Setting<'_>) -> Answer<()> {
        let volume = self.volume_under(number)?;
        let (can, free) = (volume.can, volume.free);
        let known = |can: bool| if can { Ok(()) } else { Err(Code::INVALID_PARAMETER) };
        match *setting {
            Setting::RenameEx { to, .. } => known(can.posix_rename).and_then(|()| self.rename(number, to)),
            Setting::Rename { to } => known(can.rename).and_then(|()| self.rename(number, to)),
            Setting::DispositionEx { .. } if can.posix_delete_is_a_lie => self.delete(number, false),
            Setting::DispositionEx { .. } => known(can.posix_delete).and_then(|()| self.delete(number, true)),
            Setting::Disposition => self.delete(number, false),
            Setting::EndOfFile(length) => self.set_len(number, length),
            Setting::Allocation(length) if can.allocation.is_ok() && length > free => Err(Code::DISK_FULL),
            Setting::Allocation(_) => can.allocation,
            Setting::Attributes(attributes) => {
                self.node(number)?.attributes = attributes & !FILE_ATTRIBUTE_NORMAL;
                Ok(())
            }
        }
    }

    /// Gives an open file another name.
    fn rename(&mut self, number: u64, to: &str) -> Answer<()> {
        self.has(number, DELETE)?;
        self.node(number)?;
        self.rename_node(self.index(number), to)
    }

    pub(super) fn move_file(&mut self, from: &str, to: &str) -> Answer<()> {
        let node = self.named(from)?;
        if self.opens.values().any(|open| open.node == node && open.share & FILE_SHARE_DELETE == 0) {
            return Err(Code::SHARING_VIOLATION);
        }
        self.rename_node(node, to)
    }

    fn rename_node(&mut self, node: u64, to: &str) -> Answer<()> {
        let is_gone = self.nodes[&node].pending || !self.names.values().any(|(_, named)| *named == node);
        if is_gone && !self.abilities(node).opens_what_is_going {
            return Err(Code::ACCESS_DENIED);
        }
        if self.volume_of(to)?.mount != self.nodes[&node].mount {
            return Err(Code::NOT_SAME_DEVICE);
        }
        match self.named(to) {
            Ok(other) if other != node && self.nodes[&other].pending => Err(Code::ACCESS_DENIED),
            Ok(other) if other != node => Err(Code::ALREADY_EXISTS),
            Err(Code::PATH_NOT_FOUND) => Err(Code::PATH_NOT_FOUND),
            _ => {
                self.names.retain(|_, (_, named)| *named != node);
                self.names.insert(key(to), (to.to_owned(), node));
                Ok(())
            }
        }
    }

    fn delete(&mut self, number: u64, posix: bool) -> Answer<()> {
        self.has(number, DELETE)?;
        let node = self.node(number)?;
        if node.attributes & FILE_ATTRIBUTE_READONLY != 0 {
            return Err(Code::ACCESS_DENIED);
        }
        if posix {
            self.opens.get_mut(&number).unwrap().posix_delete = true;
        } else {
            node.pending = true;
        }
        Ok(())
    }

    pub(super) fn next_range(&mut self, number: u64, start: u64, length: u64) -> Answer<Option<(u64, u64)>> {
        Ok(self.node(number)?.next_range(start as usize, (start + length) as usize))
    }

    pub(super) fn duplicate(&mut self, source: u64, target: u64, offset: u64, length: u64) -> Answer<()> {
        let (at, unit) = (offset as usize, CLUSTER as u64);
        let from = self.node(source)?;
        let (is_sparse, size) = (from.attributes & FILE_ATTRIBUTE_SPARSE_FILE, from.data.len());
        let data = from.data[at..size.min(at + length as usize)].to_vec();
        let to = self.node(target)?;
        let is_wrong = !offset.is_multiple_of(unit) || !length.is_multiple_of(unit) || length >= 1 << 32;
        if is_wrong || at + data.len() > to.data.len() || to.attributes & FILE_ATTRIBUTE_SPARSE_FILE != is_sparse {
            return Err(Code::INVALID_PARAMETER);
        }
        to.data[at..at + data.len()].copy_from_slice(&data);
        Ok(())
    }

    pub(super) fn make_directory(&mut self, path: &str) -> Answer<()> {
        let mount = self.volume_of(path)?.mount.clone();
        match self.named(path) {
            Ok(_) => Err(Code::ALREADY_EXISTS),
            Err(Code::FILE_NOT_FOUND) => {
                let node = self.add_node(Node { mount, attributes: FILE_ATTRIBUTE_DIRECTORY, ..Node::default() });
                self.names.insert(key(path), (path.to_owned(), node));
                Ok(())
            }
            Err(code) => Err(code),
        }
    }

    pub(super) fn find(&self, pattern: &str) -> Answer<Vec<String>> {
        self.volume_of(pattern)?;
        let name_of = |path: &str| path.rsplit('\\').next().unwrap_or_default().to_owned();
        let Some(directory) = pattern.strip_suffix(r"\*") else {
            self.named(pattern)?;
            return Ok(vec![name_of(&self.names[&key(pattern)].0)]);
        };
        self.named(directory).map_err(|_| Code::PATH_NOT_FOUND)?;
        let inside = self.names.values().filter(|(path, _)| key(parent(path)) == key(directory));
        Ok([".".into(), "..".into()].into_iter().chain(inside.map(|(path, _)| name_of(path))).collect())
    }

    pub(super) fn connect(&mut self, share: &str, username: &str, password: &str) -> Answer<()> {
        let mount = share.replacen(r"\\", r"\\?\UNC\", 1);
        let volume = self.volumes.iter().find(|volume| volume.mount == mount).ok_or(Code::BAD_NETPATH)?;
        if let Some(code) = volume.cut {
            return Err(code);
        }
        if volume.account.is_some_and(|account| account != (username, password)) {
            return Err(Code::LOGON_FAILURE);
        }
        let server = |share: &str| share.trim_start_matches('\\').split('\\').next().map(str::to_owned);
        let other = |(known, account): &(String, String)| server(known) == server(share) && account != username;
        if self.connections.iter().any(other) {
            return Err(Code::SESSION_CREDENTIAL_CONFLICT);
        }
        self.connections.push((share.to_owned(), username.to_owned()));
        Ok(())
    }

    pub(super) fn disconnect(&mut self, share: &str) -> Answer<()> {
        let before = self.connections.len();
        self.connections.retain(|(known, _)| known != share);
        if self.connections.len() < before { Ok(()) } else { Err(Code::NOT_CONNECTED) }
    }

    pub(super) fn cut(&mut self, mount: &str, code: Code) {
        self.volume_mut(mount).cut = Some(code);
        self.let_die(|on| on == mount);
    }

    pub(super) fn mend(&mut self, mount: &str) {
        self.volume_mut(mount).cut = None;
    }

    pub(super) fn forget(&mut self) {
        self.nodes.values_mut().for_each(|node| node.data = node.flushed.clone());
    }

    pub(super) fn sleep(&mut self, duration: Duration) -> Vec<Handle> {
        self.slept += duration;
        self.unnoticed = self.unnoticed.saturating_sub(1);
        self.releases.iter_mut().for_each(|(left, _)| *left = left.saturating_sub(1));
        let (due, rest) = self.releases.drain(..).partition(|(left, _)| *left == 0);
        self.releases = rest;
        let due: Vec<(usize, Handle)> = due;
        due.into_iter().map(|(_, handle)| handle).collect()
    }

    pub(super) fn put(&mut self, path: &str, data: &[u8]) {
        let mount = self.volume_of(path).unwrap().mount.clone();
        let node = self.add_node(Node { mount, data: data.to_vec(), flushed: data.to_vec(), ..Node::default() });
        self.names.insert(key(path), (path.to_owned(), node));
    }

    fn node_at(&mut self, path: &str) -> &mut Node {
        let node = self.named(path).unwrap();
        self.nodes.get_mut(&node).unwrap()
    }

    pub(super) fn mark(&mut self, path: &str, attributes: u32, reparse_tag: u32) {
        let node = self.node_at(path);
        node.attributes |= attributes;
        node.reparse_tag = reparse_tag;
    }

    pub(super) fn deny(&mut self, path: &str) {
        self.node_at(path).denied = true;
    }

    pub(super) fn data(&mut self, path: &str) -> Option<Vec<u8>> {
        self.named(path).ok().map(|node| self.nodes[&node].data.clone())
    }

    pub(super) fn sddl(&mut self, path: &str) -> Option<String> {
        self.node_at(path).sddl.clone()
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.names.values().map(|(path, _)| path.clone()).collect()
    }
}
