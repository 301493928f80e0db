//! A file system between a store and a real one. Each call has a number; the script says which fail, and whether the
//! call was made before its answer was lost.
#![allow(clippy::unwrap_used)]

use crate::{Class, Dir, Error, File, FileSystem, Metadata, Options, Place, Result, Space};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// The call is not made.
    Before,
    /// The call is made, and its answer lost.
    After,
}

#[derive(Debug, Clone, Copy)]
struct Fault {
    class: Class,
    when: When,
    from: usize,
    until: usize,
}

/// Which calls fail, and how. Shared by all that is opened on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    calls: Arc<Mutex<Vec<&'static str>>>,
    fault: Arc<Mutex<Option<Fault>>>,
    /// What is opened on a share is dead once the share was lost.
    remote: Arc<AtomicBool>,
}

impl Script {
    pub(crate) fn on_a_share(self) -> Self {
        self.remote.store(true, Ordering::Relaxed);
        self
    }

    /// Lets `count` calls in a row fail, the first after `skip` more.
    pub(crate) fn fail(&self, class: Class, when: When, skip: usize, count: usize) {
        let from = self.calls.lock().unwrap().len() + skip;
        *self.fault.lock().unwrap() = Some(Fault { class, when, from, until: from.saturating_add(count) });
    }

    pub(crate) fn heal(&self) {
        *self.fault.lock().unwrap() = None;
    }

    /// How many calls there were; and their names.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap().clone()
    }

    fn call<T>(&self, name: &'static str, call: impl FnOnce() -> Result<T>) -> Result<T> {
        let number = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(name);
            calls.len() - 1
        };
        let fault = *self.fault.lock().unwrap();
        match fault.filter(|fault| (fault.from..fault.until).contains(&number)) {
            None => call(),
            Some(Fault { class, when, .. }) => {
                if when == When::After {
                    call()?;
                }
                Err(Error::new(class, format!("scripted: {name} answers {class:?}")))
            }
        }
    }
}

#[derive(Debug)]
pub(crate) struct Faulty<T> {
    inner: T,
    script: Script,
}

impl<T> Faulty<T> {
    pub(crate) fn new(inner: T, script: &Script) -> Self {
        Self { inner, script: script.clone() }
    }

    fn wrap<U>(&self, inner: U) -> Faulty<U> {
        Faulty::new(inner, &self.script)
    }
}

impl<F: FileSystem> FileSystem for Faulty<F> {
    type Dir = Faulty<F::Dir>;

    fn check(&self, options: &Options) -> Result<()> {
        self.inner.check(options)
    }

    fn settle(&self, root: &str) -> Result<String> {
        self.inner.settle(root)
    }

    fn objection(&self, name: &str) -> Option<&'static str> {
        self.inner.objection(name)
    }

    fn place(&self, root: &str) -> Place {
        self.inner.place(root)
    }

    fn readings(&self, rest: &str) -> Vec<Place> {
        self.inner.readings(rest)
    }

    fn same_name(&self, one: &[u8], other: &[u8]) -> bool {
        self.inner.same_name(one, other)
    }

    fn open(&self, root: &str) -> Result<Self::Dir> {
        self.script.call("open root", || self.inner.open(root)).map(|dir| self.wrap(dir))
    }
}

impl<D: Dir> Dir for Faulty<D> {
    type File = Faulty<D::File>;

    fn open_dir(&self, name: &str) -> Result<Self> {
        self.script.call("open directory", || self.inner.open_dir(name)).map(|dir| self.wrap(dir))
    }

    fn make_dir(&self, name: &str) -> Result<()> {
        self.script.call("make directory", || self.inner.make_dir(name))
    }

    fn open_file(&self, name: &str) -> Result<Self::File> {
        self.script.call("open file", || self.inner.open_file(name)).map(|file| self.wrap(file))
    }

    fn create_file(&self, name: &str) -> Result<Self::File> {
        self.script.call("create file", || self.inner.create_file(name)).map(|file| self.wrap(file))
    }

    fn reopen_file(&self, name: &str) -> Result<Self::File> {
        self.script.call("reopen file", || self.inner.reopen_file(name)).map(|file| self.wrap(file))
    }

    fn metadata(&self, name: &str) -> Result<Metadata> {
        self.script.call("look at name", || self.inner.metadata(name))
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.script.call("remove", || self.inner.remove(name))
    }

    fn publish(&self, name: &str, file: Self::File, to: &Self, new_name: &str) -> Result<()> {
        self.script.call("publish", || self.inner.publish(name, file.inner, &to.inner, new_name))
    }

    fn sync(&self) -> Result<()> {
        self.script.call("flush directory", || self.inner.sync())
    }

    fn names(&self) -> Result<Vec<String>> {
        self.script.call("list", || self.inner.names())
    }

    fn space(&self) -> Result<Space> {
        self.script.call("ask for space", || self.inner.space())
    }

    fn volume(&self) -> Result<u128> {
        self.script.call("ask for volume", || self.inner.volume())
    }

    fn is_mounted(&self) -> Result<bool> {
        self.inner.is_mounted()
    }

    fn is_remote(&self) -> bool {
        self.script.remote.load(Ordering::Relaxed)
    }

    fn probe(&self) -> Result<()> {
        self.inner.probe()
    }

    fn sweep(&self) -> Result<()> {
        self.inner.sweep()
    }
}

impl<F: File> File for Faulty<F> {
    fn metadata(&self) -> Result<Metadata> {
        self.script.call("look at file", || self.inner.metadata())
    }

    fn read_at(&self, offset: u64, length: usize) -> Result<Vec<u8>> {
        self.script.call("read", || self.inner.read_at(offset, length))
    }

    fn read_into(&self, buffer: &mut Vec<u8>, offset: u64, length: usize) -> Result<()> {
        self.script.call("read", || self.inner.read_into(buffer, offset, length))
    }

    fn write_all_at(&self, data: &[u8], offset: u64) -> Result<()> {
        self.script.call("write", || self.inner.write_all_at(data, offset))
    }

    fn set_len(&self, length: u64) -> Result<()> {
        self.script.call("set length", || self.inner.set_len(length))
    }

    fn sync(&self) -> Result<()> {
        self.script.call("flush file", || self.inner.sync())
    }

    fn preallocate(&self, length: u64) -> Result<bool> {
        self.script.call("preallocate", || self.inner.preallocate(length))
    }

    fn make_sparse(&self) -> Result<bool> {
        self.script.call("make sparse", || self.inner.make_sparse())
    }

    fn will_read(&self, offset: u64, length: u64) {
        self.inner.will_read(offset, length);
    }

    fn start_writeback(&self, offset: u64, length: u64) {
        self.inner.start_writeback(offset, length);
    }

    fn copy_from(&self, source: &Self, size: u64) -> Result<()> {
        self.script.call("copy", || self.inner.copy_from(&source.inner, size))
    }
}
