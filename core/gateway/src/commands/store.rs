//! The stores from outside, beside a service that may have them open.

use super::{inspect::abilities, say};
use crate::{
    cli::{StoreCheckArgs, StoreListArgs},
    config,
    exit::{Exit, Failure, Result},
    runtime, wiring,
};
use casement_image::ImageId;
use casement_stores::{Store, Stores, Usage};
use serde::Serialize;
use std::{fmt, path::Path, sync::Arc};
use uuid::Uuid;

pub(super) fn list(args: &StoreListArgs) -> Result<()> {
    open(&args.config.config, async |stores| {
        let default = stores.default_store().map(|store| store.id().to_owned());
        for store in stores.iter() {
            let line = Line::of(store, default.as_deref() == Some(store.id())).await;
            match args.json {
                true => say(serde_json::to_string(&line).map_err(Failure::of(Exit::Internal, "JSON"))?)?,
                false => say(line)?,
            }
        }
        Ok(())
    })
}

pub(super) fn check(args: &StoreCheckArgs) -> Result<()> {
    open(&args.config.config, async |stores| {
        let mut failed = 0;
        for store in chosen(&stores, &args.stores)? {
            match try_out(&store).await {
                Ok(done) => say(format_args!("ok       {}: {done}", store.id()))?,
                Err(reason) => {
                    failed += 1;
                    say(format_args!("error    {}: {reason}", store.id()))?;
                }
            }
        }
        match failed {
            0 => Ok(()),
            _ => Err(Failure::new(Exit::StoreUnavailable, format_args!("stores that cannot be used: {failed}"))),
        }
    })
}

/// Without copies of the plugins: a service may have its own in use.
fn open(file: &Path, work: impl AsyncFnOnce(Stores) -> Result<()>) -> Result<()> {
    let mut options = config::in_place(config::load(file)?.stores_options());
    // What is wrong with a store is told here, and keeps no other from being looked at.
    options.stores.iter_mut().for_each(|store| store.required = false);
    runtime::run(async { work(wiring::stores(options).await?).await })
}

fn chosen(stores: &Stores, names: &[String]) -> Result<Vec<Arc<Store>>> {
    if names.is_empty() {
        return Ok(stores.iter().cloned().collect());
    }
    let known: Vec<_> = stores.iter().map(|store| store.id()).collect();
    let unknown = |name| Failure::new(Exit::Usage, format!("no store `{name}`; there are {}", known.join(", ")));
    names.iter().map(|name| stores.get(name).cloned().ok_or_else(|| unknown(name))).collect()
}

/// What was tried, or why it came to nothing.
async fn try_out(store: &Arc<Store>) -> std::result::Result<&'static str, String> {
    if let Some(reason) = store.unavailable() {
        return Err(reason);
    }
    store.health().await.map_err(|error| error.to_string())?;
    if store.is_read_only() || store.capabilities().is_none_or(|can| !can.delete) {
        return Ok("it answers; nothing was written, because it takes nothing or could not remove it");
    }
    let id = ImageId::parse(&Uuid::new_v4().to_string()).ok_or("no id")?;
    store.try_out(id.as_str()).await.map_err(|error| format!("{error} (the object was {})", id.as_str()))?;
    Ok("an object was written, read and removed")
}

#[derive(Serialize)]
struct Line {
    id: String,
    plugin: String,
    default: bool,
    read_only: bool,
    /// Why it cannot be used; nothing when it can.
    unavailable: Option<String>,
    capabilities: Vec<&'static str>,
    used_bytes: Option<u64>,
    free_bytes: Option<u64>,
}

impl Line {
    async fn of(store: &Store, default: bool) -> Self {
        let can = store.capabilities();
        let usage = match can {
            Some(can) if can.usage => store.usage().await.unwrap_or_default(),
            _ => Usage::default(),
        };
        Self {
            id: store.id().to_owned(),
            plugin: store.options().plugin.clone(),
            default,
            read_only: store.is_read_only(),
            unavailable: store.unavailable(),
            capabilities: can.map(|can| abilities(&can)).unwrap_or_default(),
            used_bytes: usage.used,
            free_bytes: usage.free,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let default = if self.default { ", default" } else { "" };
        let read_only = if self.read_only { ", read-only" } else { "" };
        write!(f, "{} ({}{default}{read_only})", self.id, self.plugin)?;
        if let Some(reason) = &self.unavailable {
            return write!(f, "\n  unavailable  {reason}");
        }
        write!(f, "\n  can   {}", self.capabilities.join(", "))?;
        if let Some(free) = self.free_bytes {
            write!(f, "\n  free  {}", Size(free))?;
        }
        if let Some(used) = self.used_bytes {
            write!(f, "\n  used  {}", Size(used))?;
        }
        Ok(())
    }
}

/// Bytes, as people read them.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        let Some(power) = self.0.checked_ilog2().map(|log| log / 10).filter(|power| *power > 0) else {
            return write!(f, "{} bytes", self.0);
        };
        // A tenth is exact enough, in whole numbers.
        let tenths = (u128::from(self.0) * 10) >> (10 * power);
        write!(f, "{}.{} {}", tenths / 10, tenths % 10, UNITS[power as usize - 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_told_as_people_read_them() {
        let told = [0, 1023, 1024, 1536, 1 << 40, u64::MAX].map(|bytes| Size(bytes).to_string());
        assert_eq!(told, ["0 bytes", "1023 bytes", "1.0 KiB", "1.5 KiB", "1.0 TiB", "15.9 EiB"]);
    }
}
