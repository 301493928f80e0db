//! The store: one root or several, and what the contract asks of them.

use crate::{
    Class, Dir, Error, File, FileSystem, Lister, Metadata, Options, Reader, Result, Writer, buffers::Buffers,
    folders::STAGING, keys, location, options::Tuning, reader::hand_over, root::Root, sweeper::Sweeper, wait::ride_out,
};
use casement_failpoints::failpoint;
use casement_sdk::{Capabilities, Host, ObjectFile, Range, Staged, Stat, Usage, WriteOptions, blocking};
use std::{fmt::Debug, sync::Arc, time::SystemTime};
use uuid::Uuid;

/// What makes a plugin of this library: its name, its keys, and the file system that it stands on.
pub trait Flavour: Debug + Sized + Send + Sync + 'static {
    /// The name by which a store selects the plugin.
    const NAME: &'static str;
    /// The store's keys in the configuration.
    type Config: serde::de::DeserializeOwned + schemars::JsonSchema + Send + 'static;
    type FileSystem: FileSystem;

    /// From a store's keys to what it is made from.
    fn prepare(config: Self::Config, host: &Host) -> Result<(Self, Self::FileSystem, Options)>;

    /// Looks at what only this plugin knows of; a failure makes the store unhealthy.
    fn inspect(&self) -> Result<()> {
        Ok(())
    }
}

/// A store in directories.
#[derive(Debug)]
pub struct Store<V: Flavour> {
    flavour: V,
    roots: Vec<Arc<Root<V::FileSystem>>>,
    options: Arc<Options>,
    tuning: Tuning,
    /// Objects can be read by others as well.
    hands_over: bool,
    buffers: Arc<Buffers>,
    _sweeper: Sweeper,
}

impl<V: Flavour> Store<V> {
    /// Opens the store. Of several roots one is enough; the others are used as soon as they can be opened.
    pub fn new(flavour: V, fs: V::FileSystem, options: Options) -> Result<Self> {
        options.check()?;
        fs.check(&options)?;
        let fs = Arc::new(fs);
        let roots = options.roots.iter().map(|root| Root::new(&fs, root, &options).map(Arc::new));
        let roots = roots.collect::<Result<Vec<_>>>()?;
        refuse_twins(&roots)?;
        let is_remote = open_any(&roots)?;
        let (tuning, hands_over) = (options.tuning(is_remote), V::FileSystem::HANDS_OVER && !is_remote);
        let sweeper = Sweeper::start(&roots)?;
        let buffers = Arc::new(Buffers::new(tuning.chunk_size));
        Ok(Self { flavour, roots, options: Arc::new(options), tuning, hands_over, buffers, _sweeper: sweeper })
    }

    /// The root that has an object. While one of several cannot be asked, nobody knows that there is none.
    fn find(&self, key: &str) -> Result<(&Arc<Root<V::FileSystem>>, Metadata)> {
        let mut answer = Error::not_found(key);
        for root in &self.roots {
            match ride_out(root.ride_out, |_| root.metadata(&root.verified()?, key)) {
                Ok(found) => return Ok((root, found)),
                Err(error) if error.class() == Class::NotFound => {}
                Err(error) => answer = error,
            }
        }
        Err(answer)
    }

    /// The root for a new object: of the highest weight where there is room, and among those with most of it.
    fn choose(&self, key: &str, size: u64) -> Result<&Arc<Root<V::FileSystem>>> {
        if let [root] = &*self.roots {
            return Ok(root);
        }
        keys::check_for_writing(&*self.roots[0].fs, key)?;
        let full = format!("none of the roots has {size} bytes free: make room in one of them");
        let mut refusal = Error::new(Class::Full, full);
        let mut fitting = Vec::new();
        for root in &self.roots {
            match self.room(root, key) {
                Ok(room) if room >= size.max(1) => fitting.push((root.weight, room, root)),
                Ok(_) => {}
                Err(error) if error.class() == Class::Exists => return Err(error),
                Err(error) => refusal = error,
            }
        }
        let best = fitting.into_iter().max_by_key(|(weight, room, _)| (*weight, *room));
        best.map(|(_, _, root)| root).ok_or(refusal)
    }

    /// How many bytes a new object could have in a root.
    fn room(&self, root: &Root<V::FileSystem>, key: &str) -> Result<u64> {
        let dir = root.verified()?;
        self.refuse_taken(root, &dir, key)?;
        Ok(dir.space()?.available.saturating_sub(self.options.reserve))
    }

    fn refuse_taken(
        &self,
        root: &Root<V::FileSystem>,
        dir: &<V::FileSystem as FileSystem>::Dir,
        key: &str,
    ) -> Result<()> {
        match root.metadata(dir, key) {
            Ok(_) => Err(Error::exists(key)),
            Err(error) if error.class() == Class::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn write(
        &self,
        root: &Arc<Root<V::FileSystem>>,
        key: &str,
        transfer: String,
        size: Option<u64>,
    ) -> Result<Writer<V::FileSystem>> {
        Writer::create(root, &self.options, self.tuning, key, transfer, size)
    }

    /// Tells of a failure at any root, unless another one has what is asked for.
    fn first_that_has<T>(&self, nothing: Error, ask: impl Fn(&Arc<Root<V::FileSystem>>) -> Result<T>) -> Result<T> {
        let mut answer = nothing;
        for root in &self.roots {
            match ask(root) {
                Err(error) if error.class() == Class::NotFound => {}
                Err(error) => answer = error,
                found => return found,
            }
        }
        Err(answer)
    }

    fn remove(&self, key: &str) -> Result<()> {
        self.first_that_has(Error::not_found(key), |root| ride_out(root.ride_out, |lost| remove(root, key, lost)))
    }

    fn discard_staged(&self, token: &str) -> Result<()> {
        let nothing = || Error::new(Class::NotFound, format!("nothing is staged under `{token}`"));
        if !keys::is_transfer(token) {
            return Err(nothing());
        }
        self.first_that_has(nothing(), |root| {
            let staging = root.staging(&root.verified()?)?;
            staging.remove(token).map_err(|error| match error.class() {
                Class::NotFound => error,
                _ => root.failed("discarding", token, error),
            })
        })
    }

    fn copy_inside(&self, from: &str, to: &str) -> Result<Stat> {
        let (root, _) = self.find(from)?;
        let source = root.open_object(from)?;
        let size = source.metadata().map_err(|error| root.failed("looking at", from, error))?.size;
        for other in &self.roots {
            self.refuse_taken(other, &other.verified()?, to)?;
        }
        // No size: what shares its extents or has holes needs less space, and must not be preallocated.
        let mut writer = self.write(root, to, Uuid::new_v4().to_string(), None)?;
        writer.copy_from(&source, from, size)?;
        writer.finish_and_publish()
    }

    /// What happens by itself now and then.
    #[cfg(test)]
    pub(crate) fn sweep(&self) -> Result<()> {
        self.roots.iter().try_for_each(|root| crate::sweeper::sweep(root))
    }

    fn look_after(&self) -> Result<()> {
        // Who knows more of the volumes can say more of what is wrong with one.
        self.flavour.inspect()?;
        for root in &self.roots {
            let space = root.verified()?.space()?;
            if space.read_only {
                let message = format!("the file system of `{}` is read-only: make it writable", root.path);
                return Err(Error::new(Class::ReadOnly, message));
            }
        }
        Ok(())
    }
}

/// Whether any root that could be opened lies on a server.
fn open_any<F: FileSystem>(roots: &[Arc<Root<F>>]) -> Result<bool> {
    let mut is_remote = None;
    let mut failure = None;
    for root in roots {
        match root.verified() {
            Ok(dir) => *is_remote.get_or_insert(false) |= dir.is_remote(),
            Err(error) if error.class() == Class::Config => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "a root cannot be used");
                failure.get_or_insert(error);
            }
        }
    }
    match (is_remote, failure) {
        (None, Some(error)) => Err(error),
        (is_remote, _) => Ok(is_remote.unwrap_or(false)),
    }
}

fn refuse_twins<F: FileSystem>(roots: &[Arc<Root<F>>]) -> Result<()> {
    for (index, root) in roots.iter().enumerate() {
        if roots[..index].iter().any(|other| location::are_one(&*root.fs, &root.path, &other.path)) {
            return Err(Error::new(Class::Config, format!("the root `{}` is named twice: leave one out", root.path)));
        }
    }
    Ok(())
}

fn remove<F: FileSystem>(root: &Root<F>, key: &str, lost: bool) -> Result<()> {
    let dir = root.verified()?;
    failpoint("share.remove")?;
    let removed = root.metadata(&dir, key).and_then(|_| match dir.remove(key) {
        Err(error) if error.class() == Class::NotFound => Err(Error::not_found(key)),
        Err(error) if error.class() == Class::Held => {
            tracing::info!(key, %error, "a deleted object is held by another program, and goes later");
            root.condemned.add(&dir, key)
        }
        result => result,
    });
    failpoint("share.removed")?;
    // Also when there is nothing: whoever removed it may not have got as far as this.
    dir.sync().map_err(|error| root.failed("flushing the directory of", key, error))?;
    match removed {
        // Removed by a call whose answer was lost.
        Err(error) if lost && error.class() == Class::NotFound => Ok(()),
        Err(error) if error.class() != Class::NotFound => Err(root.failed("deleting", key, error)),
        result => result,
    }
}

fn staged_in<F: FileSystem>(root: &Root<F>, staged: &mut Vec<Staged>) -> Result<()> {
    let staging = root.staging(&root.verified()?)?;
    let names = staging.names().map_err(|error| root.failed("listing", STAGING, error))?;
    for token in names.into_iter().filter(|name| keys::is_transfer(name)) {
        match staging.metadata(&token) {
            Ok(found) if !found.is_file => {}
            Ok(found) => {
                let idle = found.modified.map(|written| written.elapsed().unwrap_or_default());
                let idle_ms = idle.and_then(|idle| u64::try_from(idle.as_millis()).ok());
                staged.push(Staged { token, idle_ms });
            }
            // Finished since the directory was read.
            Err(error) if error.class() == Class::NotFound => {}
            Err(error) => return Err(root.failed("looking at staged", &token, error)),
        }
    }
    Ok(())
}

pub(crate) fn stat_of(found: &Metadata) -> Stat {
    let modified = found.modified.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    let modified_ms = modified.and_then(|since| u64::try_from(since.as_millis()).ok());
    Stat { size: found.size, etag: None, modified_ms }
}

type Sdk<T> = casement_sdk::Result<T>;

impl<V: Flavour> blocking::Backend for Store<V> {
    const NAME: &'static str = V::NAME;
    const CAPABILITIES: Capabilities = Capabilities {
        list: true,
        stage_tokens: true,
        copy: true,
        usage: true,
        open_file: V::FileSystem::HANDS_OVER,
        ..Capabilities::DEFAULT
    };
    type Config = V::Config;
    type Writer = Writer<V::FileSystem>;
    type Reader = Reader<V::FileSystem>;
    type Lister = Lister<V::FileSystem>;

    fn open(config: V::Config, host: Host) -> Sdk<Self> {
        let (flavour, fs, options) = V::prepare(config, &host)?;
        Self::new(flavour, fs, options).map_err(Error::at_open)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { chunk_size: self.tuning.chunk_size, open_file: self.hands_over, ..Self::CAPABILITIES }
    }

    fn stat(&self, key: &str) -> Sdk<Stat> {
        Ok(stat_of(&self.find(key)?.1))
    }

    fn create(&self, key: &str, options: WriteOptions) -> Sdk<Self::Writer> {
        let root = self.choose(key, options.size.unwrap_or(0))?;
        Ok(self.write(root, key, options.transfer, options.size)?)
    }

    fn read(&self, key: &str, range: Range) -> Sdk<Self::Reader> {
        let open = |root: &Arc<Root<V::FileSystem>>| Reader::new(root, key, range, &self.buffers);
        Ok(self.first_that_has(Error::not_found(key), open)?)
    }

    fn open_file(&self, key: &str) -> Sdk<ObjectFile> {
        if !self.hands_over {
            return Err(casement_sdk::Error::unsupported("handing over a file"));
        }
        let open = |root: &Arc<Root<V::FileSystem>>| ride_out(root.ride_out, |_| hand_over(root, key));
        Ok(self.first_that_has(Error::not_found(key), open)?)
    }

    fn delete(&self, key: &str) -> Sdk<()> {
        Ok(self.remove(key)?)
    }

    fn list(&self, prefix: &str, after: Option<&str>) -> Sdk<Self::Lister> {
        Ok(Lister::new(&self.roots, prefix, after)?)
    }

    fn discard(&self, token: &str) -> Sdk<()> {
        Ok(self.discard_staged(token)?)
    }

    fn list_staged(&self) -> Sdk<Vec<Staged>> {
        let mut staged = Vec::new();
        self.roots.iter().try_for_each(|root| staged_in(root, &mut staged))?;
        Ok(staged)
    }

    fn copy(&self, from: &str, to: &str) -> Sdk<Stat> {
        Ok(self.copy_inside(from, to)?)
    }

    fn format_location(&self, key: &str) -> Sdk<String> {
        // Where it is, and the first root for what is nowhere: a name alone says no more.
        let root =
            if self.roots.len() == 1 { &self.roots[0] } else { self.find(key).map_or(&self.roots[0], |it| it.0) };
        Ok(location::format(&*root.fs, &root.path, key)?)
    }

    fn parse_location(&self, uri: &str) -> Sdk<String> {
        let paths: Vec<&str> = self.roots.iter().map(|root| root.path.as_str()).collect();
        Ok(location::parse(&*self.roots[0].fs, &paths, uri)?)
    }

    fn health(&self) -> Sdk<()> {
        Ok(self.look_after()?)
    }

    fn usage(&self) -> Sdk<Usage> {
        let mut sum = Usage { used: Some(0), free: Some(0) };
        for root in &self.roots {
            let space = root.verified()?.space()?;
            let free = space.available.saturating_sub(self.options.reserve);
            sum = Usage {
                used: sum.used.map(|used| used.saturating_add(space.used)),
                free: sum.free.map(|all| all.saturating_add(free)),
            };
        }
        Ok(sum)
    }
}
