//! A backend in memory that can do everything the contract knows, and one thing of it wrong where it is told to.

use crate::server;
use casement_sdk::{
    Backend, Bytes, Capabilities, Entry, Error, Host, Kind, Lister, ObjectFile, Range, Reader, Result, Staged, Stat,
    Usage, WriteOptions, Writer,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    future::pending,
    io::Write,
    mem,
    sync::{
        Arc, LazyLock, Mutex, MutexGuard,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::task::yield_now;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Whose objects: stores of one name share them.
    store: String,
    /// What goes wrong.
    #[serde(default)]
    fault: String,
    secret_key: String,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) objects: BTreeMap<String, Bytes>,
    staged: BTreeMap<String, ()>,
    gone: BTreeSet<String>,
    /// Those that were handed over.
    files: BTreeMap<String, File>,
    opened: bool,
}

pub(crate) type Shared = Arc<Mutex<State>>;

/// What outlives a store that is closed.
pub(crate) fn state(store: &str) -> Shared {
    static STORES: LazyLock<Mutex<BTreeMap<String, Shared>>> = LazyLock::new(Mutex::default);
    STORES.lock().unwrap().entry(store.to_owned()).or_default().clone()
}

#[derive(Clone)]
pub(crate) struct Faulty {
    name: String,
    state: Shared,
    fault: String,
    secret: String,
}

pub(crate) struct Draft {
    store: Faulty,
    key: String,
    token: String,
    size: Option<u64>,
    data: Vec<u8>,
    done: bool,
}

pub(crate) struct Object {
    store: Faulty,
    key: String,
    rest: Bytes,
}

pub(crate) struct Pages {
    rest: Vec<Entry>,
    store: Faulty,
}

/// No two of these are alike.
fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Faulty {
    fn is(&self, fault: &str) -> bool {
        self.fault == fault
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Under which key an object really lies.
    fn really(&self, key: &str) -> String {
        match self.fault.as_str() {
            "capitals are lost" => key.to_lowercase(),
            "escapes are undone" => server::plain(key).replace('+', " "),
            "long keys are cut" => key.chars().take(150).collect(),
            "dots are climbed" => key.rsplit_once("../").map_or(key, |(_, rest)| rest).to_owned(),
            "ends are trimmed" => key.trim_end_matches(['.', ' ']).to_owned(),
            "letters are composed" => key.replace("e\u{301}", "\u{e9}"),
            "projects share their objects" => key.split('@').next().unwrap_or_default().to_owned(),
            _ => key.to_owned(),
        }
    }

    /// Whether this is a store that is in trouble when it meets such a key.
    fn trips_over(&self, key: &str) -> bool {
        match self.fault.as_str() {
            "spaces are trouble" => key.contains(' '),
            "dots are trouble" => key.contains(".."),
            "slashes are trouble" => key.contains('/'),
            "control characters are trouble" => key.contains(char::is_control),
            "devices are trouble" => key == "CON",
            "image ids are trouble" => key.len() == 36 && !key.contains("conformance"),
            _ => false,
        }
    }

    /// Faults in which two keys are taken for one have no second commit refused.
    fn replaces(&self) -> bool {
        const ALL: [&str; 7] = [
            "commit replaces",
            "readable before commit",
            "capitals are lost",
            "escapes are undone",
            "dots are climbed",
            "letters are composed",
            "long keys are cut",
        ];
        ALL.contains(&self.fault.as_str())
    }

    fn object(&self, key: &str) -> Result<Bytes> {
        if self.is("projects are not looked for") && key.contains('@') {
            return Err(Error::not_found(key));
        }
        let key = self.really(key);
        self.state().objects.get(&key).cloned().ok_or_else(|| Error::not_found(&key))
    }

    fn stat_of(&self, data: &Bytes) -> Stat {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let modified = if self.is("time in seconds") { since.as_secs() } else { since.as_millis() as u64 };
        let etag = if self.is("etag changes") { number() } else { data.len() as u64 };
        let size = data.len() as u64 + u64::from(self.is("size is one more"));
        Stat { size, etag: Some(etag.to_string()), modified_ms: Some(modified) }
    }
}

impl Backend for Faulty {
    const NAME: &'static str = "faulty";
    const CAPABILITIES: Capabilities = Capabilities {
        list: true,
        stage_tokens: true,
        copy: true,
        usage: true,
        presign: true,
        open_file: true,
        chunk_size: 10_000,
        ..Capabilities::DEFAULT
    };
    type Config = Config;
    type Writer = Draft;
    type Reader = Object;
    type Lister = Pages;

    async fn open(config: Config, _: Host) -> Result<Self> {
        let Config { store, fault, secret_key } = config;
        match fault.as_str() {
            "does not open" => return Err(Error::new(Kind::Unavailable, "the medium is out")),
            "never opens" => pending().await,
            _ => {}
        }
        let name = if fault == "forgets" { format!("{store}-{}", number()) } else { store };
        let state = state(&name);
        if fault == "opens only once" && mem::replace(&mut state.lock().unwrap().opened, true) {
            return Err(Error::new(Kind::Unavailable, "somebody has opened it"));
        }
        Ok(Self { state, name, fault, secret: secret_key })
    }

    fn capabilities(&self) -> Capabilities {
        match self.fault.as_str() {
            "capabilities change" => Capabilities { chunk_size: number() + 1, ..Self::CAPABILITIES },
            "declares too little" => Capabilities { copy: false, ..Self::CAPABILITIES },
            _ => Self::CAPABILITIES,
        }
    }

    async fn stat(&self, key: &str) -> Result<Stat> {
        yield_now().await;
        match self.fault.as_str() {
            "stat hangs" => pending().await,
            "stat blocks" => std::thread::sleep(Duration::from_secs(6)),
            "stat panics" => panic!("stat was told to panic"),
            "nothing is an internal error" => {
                return self.object(key).map(|data| self.stat_of(&data)).map_err(|_| Error::new(Kind::Internal, "?"));
            }
            _ => {}
        }
        Ok(self.stat_of(&self.object(key)?))
    }

    async fn create(&self, key: &str, options: WriteOptions) -> Result<Draft> {
        if self.is("panics at other letters") && !key.is_ascii() {
            panic!("what is this?");
        }
        if self.trips_over(key) {
            return Err(Error::new(Kind::Unavailable, "the request was malformed"));
        }
        let token = match self.fault.as_str() {
            "one token for all" => "token".to_owned(),
            "empty token" => String::new(),
            _ => options.transfer,
        };
        if !self.is("staged writes are not listed") {
            self.state().staged.insert(token.clone(), ());
        }
        let draft = Draft {
            store: self.clone(),
            key: key.to_owned(),
            token,
            size: options.size,
            data: Vec::new(),
            done: false,
        };
        if self.is("create given up leaves its stage") {
            let draft = mem::ManuallyDrop::new(draft);
            tokio::time::sleep(Duration::from_millis(20)).await;
            return Ok(mem::ManuallyDrop::into_inner(draft));
        }
        yield_now().await;
        Ok(draft)
    }

    async fn read(&self, key: &str, range: Range) -> Result<Object> {
        yield_now().await;
        if self.is("reads nothing as empty") && self.object(key).is_err() {
            return Ok(Object { store: self.clone(), key: key.to_owned(), rest: Bytes::new() });
        }
        let data = self.object(key)?;
        let size = data.len() as u64;
        if self.is("a range behind the end is an error") && range.offset > size {
            return Err(Error::new(Kind::Internal, "416"));
        }
        if self.is("a range at the end is an error") && range.offset == size && size > 0 {
            return Err(Error::new(Kind::Internal, "416"));
        }
        let offset = if self.is("offset is ignored") { 0 } else { range.offset.min(size) };
        let len = if self.is("length is ignored") { None } else { range.len };
        let end = match len {
            None => size,
            Some(len) if self.is("lengths overflow") => (range.offset + len).min(size),
            Some(0) if self.is("no bytes are all bytes") => size,
            Some(len) => offset.saturating_add(len).min(size),
        };
        let end = if self.is("the last byte is missing") { end.saturating_sub(1).max(offset) } else { end };
        Ok(Object { store: self.clone(), key: key.to_owned(), rest: data.slice(offset as usize..end as usize) })
    }

    async fn delete(&self, key: &str) -> Result<()> {
        yield_now().await;
        if self.is("deletes nothing with success") {
            self.state().objects.remove(key);
            return Ok(());
        }
        if self.is("deletes what begins alike") {
            self.state().objects.retain(|other, _| other == key || !other.starts_with(key));
        }
        if self.is("files end with their objects")
            && let Some(file) = self.state().files.remove(key)
        {
            file.set_len(0).unwrap();
        }
        if self.is("does not delete") {
            return self.object(key).map(drop);
        }
        let key = self.really(key);
        let mut state = self.state();
        if self.is("deleted keys stay taken") {
            state.gone.insert(key.clone());
        }
        let removed = state.objects.remove(&key).ok_or_else(|| Error::not_found(&key))?;
        if self.is("copies are links") {
            state.objects.retain(|_, data| data.as_ptr() != removed.as_ptr());
        }
        Ok(())
    }

    async fn list(&self, prefix: &str, after: Option<&str>) -> Result<Pages> {
        yield_now().await;
        let after = after.unwrap_or_default();
        let state = self.state();
        let begins = |key: &str| match self.fault.as_str() {
            "prefix is ignored" => true,
            "prefix is a folder" => key == prefix || prefix.ends_with('-') && key.starts_with(prefix),
            _ => key.starts_with(prefix),
        };
        let behind = |key: &str| match self.fault.as_str() {
            "after is included" => key >= after,
            "after is ignored" => true,
            _ => key > after,
        };
        let wanted = state.objects.iter().filter(|(key, _)| begins(key) && behind(key));
        let size = |data: &Bytes| if self.is("sizes are not listed") { 0 } else { data.len() as u64 };
        let mut rest: Vec<_> = wanted.map(|(key, data)| Entry { key: key.clone(), size: size(data) }).collect();
        if self.is("staged writes are listed as objects") {
            let staged = state.staged.keys().filter(|token| token.starts_with(prefix));
            rest.extend(staged.map(|token| Entry { key: token.clone(), size: 0 }));
        }
        if self.is("an empty listing is an error") && rest.is_empty() {
            return Err(Error::not_found(prefix));
        }
        match self.fault.as_str() {
            "listed backwards" => rest.reverse(),
            "listed by the alphabet" => rest.sort_by_key(|entry| entry.key.to_lowercase().replace('-', "")),
            _ => {}
        }
        Ok(Pages { rest, store: self.clone() })
    }

    async fn discard(&self, token: &str) -> Result<()> {
        yield_now().await;
        match self.fault.as_str() {
            "discards nothing with success" => {
                self.state().staged.remove(token);
                return Ok(());
            }
            "discard does nothing" | "staged writes stay" | "refused commit stays staged"
                if self.state().staged.contains_key(token) =>
            {
                return Ok(());
            }
            "discards objects" => {
                let name = token.rsplit('/').next().unwrap_or_default();
                self.state().objects.remove(name);
            }
            "discards everything" => self.state().staged.clear(),
            _ => {}
        }
        self.state().staged.remove(token).ok_or_else(|| Error::new(Kind::NotFound, "nothing is staged so"))
    }

    async fn list_staged(&self) -> Result<Vec<Staged>> {
        yield_now().await;
        let idle_ms = Some(if self.is("idle for ages") { 1 << 40 } else { 5 });
        Ok(self.state().staged.keys().map(|token| Staged { token: token.clone(), idle_ms }).collect())
    }

    async fn copy(&self, from: &str, to: &str) -> Result<Stat> {
        yield_now().await;
        let data = match self.object(from) {
            Err(_) if self.is("copies nothing with success") => Bytes::new(),
            data => data?,
        };
        if !self.is("copy replaces") && self.state().objects.contains_key(to) {
            return Err(Error::exists(to));
        }
        if self.is("copy moves") {
            self.state().objects.remove(from);
        }
        let copied = if self.is("copies half") { data.slice(..data.len() / 2) } else { data.clone() };
        if self.is("empty copies are errors") && copied.is_empty() {
            return Err(Error::new(Kind::Internal, "nothing to copy"));
        }
        self.state().objects.insert(to.to_owned(), copied);
        Ok(self.stat_of(&data))
    }

    async fn presign_read(&self, key: &str, lifetime: Duration) -> Result<String> {
        let lifetime = if self.is("URLs live for ever") { Duration::from_secs(86_400) } else { lifetime };
        let key = if self.is("URLs know no odd keys") { key.replace(' ', "") } else { key.to_owned() };
        Ok(server::sign(&self.name, &key, lifetime, &self.fault))
    }

    async fn open_file(&self, key: &str) -> Result<ObjectFile> {
        let data = match self.object(key) {
            Err(_) if self.is("files of nothing are empty") => Bytes::new(),
            data => data?,
        };
        let held = if self.is("files are cut") { data.len() / 2 } else { data.len() };
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&data[..held]).unwrap();
        self.state().files.insert(key.to_owned(), file.try_clone().unwrap());
        Ok(ObjectFile { file, size: data.len() as u64 })
    }

    fn place(&self, key: &str, owner: &str) -> Result<String> {
        match self.fault.as_str() {
            "projects move" => Ok(format!("{key}@{}", number())),
            "odd owners are trouble" if owner.contains("..") => Err(Error::new(Kind::Internal, "400 Bad Request")),
            _ => Ok(format!("{key}@{owner}")),
        }
    }

    fn format_location(&self, key: &str) -> Result<String> {
        Ok(match self.fault.as_str() {
            "locations know no projects" => format!("faulty://store/{}", key.split('@').next().unwrap_or_default()),
            "one location for all" => "faulty://store/object".to_owned(),
            "locations tell secrets" => format!("faulty://user:{}@store/{key}", self.secret),
            "locations are paths" => format!("/faulty/{key}"),
            "locations change" => format!("faulty://{}/{}", number(), server::escaped(key)),
            _ => format!("faulty://store/{}", server::escaped(key)),
        })
    }

    fn parse_location(&self, uri: &str) -> Result<String> {
        if self.is("every location is its own") {
            return Ok(uri.rsplit('/').next().unwrap_or_default().to_owned());
        }
        if self.is("nonsense panics") {
            return Ok(server::plain(uri.strip_prefix("faulty://store/").unwrap()));
        }
        let rest = uri.strip_prefix("faulty://").and_then(|rest| rest.split_once('/'));
        rest.map(|(_, key)| server::plain(key)).ok_or_else(|| Error::not_found(uri))
    }

    async fn health(&self) -> Result<()> {
        if self.is("never healthy") { Err(Error::new(Kind::Unavailable, "not today")) } else { Ok(()) }
    }

    async fn usage(&self) -> Result<Usage> {
        Ok(Usage { used: Some(1), free: (!self.is("free space is unknown")).then_some(1) })
    }
}

impl Writer for Draft {
    fn token(&self) -> &str {
        &self.token
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        match self.store.fault.as_str() {
            "keeps chunks" => mem::forget(chunk.clone()),
            "keeps only whole chunks" if chunk.len() < 10_000 && !self.data.is_empty() => return Ok(()),
            "turns chunks round" => {
                let before = mem::replace(&mut self.data, chunk.to_vec());
                self.data.extend(before);
                return Ok(());
            }
            "refuses single bytes" if chunk.len() == 1 => return Err(Error::new(Kind::Internal, "EntityTooSmall")),
            _ => {}
        }
        self.data.extend_from_slice(&chunk);
        if self.store.is("readable before commit") {
            let (key, data) = (self.key.clone(), Bytes::from(self.data.clone()));
            self.store.state().objects.insert(key, data);
        }
        yield_now().await;
        Ok(())
    }

    async fn commit(mut self) -> Result<Stat> {
        let fault = self.store.fault.clone();
        yield_now().await;
        let mut data = mem::take(&mut self.data);
        if let ("pads to the announced size", Some(size)) = (fault.as_str(), self.size) {
            data.resize(size as usize, 0);
        }
        if fault == "refuses empty objects" && data.is_empty() {
            return Err(Error::new(Kind::Internal, "nothing to upload"));
        }
        let key = self.store.really(&self.key);
        if fault == "discards everything" && !self.store.state().staged.contains_key(&self.token) {
            return Err(Error::new(Kind::NotFound, "what was staged is gone"));
        }
        let taken = self.store.state().objects.contains_key(&key) || self.store.state().gone.contains(&key);
        if taken && !self.store.replaces() {
            self.done = fault == "refused commit stays staged";
            let kind = if fault == "taken is an internal error" { Kind::Internal } else { Kind::Exists };
            return Err(Error::new(kind, "taken"));
        }
        if fault == "publishes in two steps" {
            let half = Bytes::copy_from_slice(&data[..data.len() / 2]);
            self.store.state().objects.insert(key.clone(), half);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let data = Bytes::from(data);
        let stat = self.store.stat_of(&data);
        self.store.state().objects.insert(key, data);
        self.done = fault == "stays staged after commit";
        Ok(stat)
    }

    async fn abort(mut self) -> Result<()> {
        match self.store.fault.as_str() {
            "abort keeps the stage" => self.done = true,
            "abort deletes the object of the key" => _ = self.store.state().objects.remove(&self.key),
            "abort publishes" => {
                let (key, data) = (self.key.clone(), Bytes::from(mem::take(&mut self.data)));
                self.store.state().objects.insert(key, data);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.done && !["drop keeps the stage", "staged writes stay"].contains(&self.store.fault.as_str()) {
            self.store.state().staged.remove(&self.token);
        }
    }
}

impl Reader for Object {
    async fn next(&mut self) -> Result<Option<Bytes>> {
        const CHUNK: usize = 7_000;
        yield_now().await;
        if self.store.is("ends early when deleted") && self.store.object(&self.key).is_err() {
            return Ok(None);
        }
        let chunk = self.rest.split_to(self.rest.len().min(CHUNK));
        Ok((!chunk.is_empty()).then_some(chunk))
    }
}

impl Lister for Pages {
    async fn next_page(&mut self) -> Result<Vec<Entry>> {
        const PAGE: usize = 30;
        yield_now().await;
        let page: Vec<_> = self.rest.drain(..self.rest.len().min(PAGE)).collect();
        if self.store.is("only one page") {
            self.rest.clear();
        }
        Ok(page)
    }
}
