//! Looks at the volumes whenever the store is asked for its health: tells what changes, sets the metrics, and names the
//! volume that cannot be used.

use crate::{
    Config, Volumes, roots,
    state::{Standing, State, View},
    volumes::{Found, extended},
};
use casement_sdk::Host;
use casement_share::{
    Class, Error, Result, RootOptions,
    win32::{Answer, Api, Cluster},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, TryLockError},
};

#[derive(Debug)]
pub(crate) struct Watch<A, C> {
    volumes: Arc<Volumes<A>>,
    cluster: C,
    host: Host,
    /// The volumes of the store.
    names: Vec<String>,
    /// The folder that makes a volume part of the store, where none is named.
    folder: Option<String>,
    seen: Mutex<Seen>,
}

/// The cluster is asked anew at each so many looks, whatever this node sees.
const LOOKS: u64 = 12;

/// What was seen the last time.
#[derive(Debug, Default)]
struct Seen {
    looks: u64,
    states: BTreeMap<String, State>,
    /// Volumes that have come since the store was opened.
    newcomers: BTreeSet<String>,
}

impl<A: Api, C: Cluster> Watch<A, C> {
    pub(crate) fn new(
        volumes: Arc<Volumes<A>>,
        cluster: C,
        host: Host,
        config: &Config,
        roots: &[RootOptions],
    ) -> Self {
        let names =
            roots.iter().filter_map(|root| volumes.split(&root.path)).map(|(name, _)| name.to_owned()).collect();
        let folder = config.volumes.is_empty().then(|| config.folder.clone());
        Self { volumes, cluster, host, names, folder, seen: Mutex::default() }
    }

    pub(crate) fn look(&self) -> Result<()> {
        // A volume that is paused may let a look wait for minutes; others must not queue up behind it.
        let mut seen = match self.seen.try_lock() {
            Err(TryLockError::WouldBlock) => {
                let message = "a cluster shared volume has not answered since it was looked at last: is it paused?";
                return Err(Error::new(Class::Paused, message));
            }
            Err(TryLockError::Poisoned(seen)) => seen.into_inner(),
            Ok(seen) => seen,
        };
        self.tell_of_newcomers(&mut seen.newcomers);
        let views: Vec<_> = self.names.iter().map(|name| (name, View::of(&self.volumes, name))).collect();
        let standings = self.standings(&seen, &views);
        let mut fault = Ok(());
        for (name, view) in views {
            let standing = match &standings {
                Some(new) => new.get(&name.to_lowercase()).cloned(),
                None => seen.states.get(name).and_then(|state| state.standing.clone()),
            };
            let state = State { view, standing };
            self.measure(name, &state);
            self.tell(name, seen.states.get(name), &state);
            if let Some(found) = state.fault(&self.volumes.path(name)) {
                fault = fault.and(Err(found));
            }
            seen.states.insert(name.clone(), state);
        }
        seen.looks += 1;
        fault
    }

    /// What the cluster says, where it may say something new: it is asked over the network, and not every few seconds.
    fn standings(&self, seen: &Seen, views: &[(&String, Answer<View>)]) -> Option<BTreeMap<String, Standing>> {
        let is_settled = |(name, view): &(&String, Answer<View>)| {
            view.is_ok_and(|view| view.access.is_some())
                && seen.states.get(*name).is_some_and(|state| state.view == *view)
        };
        if views.iter().all(is_settled) && !seen.looks.is_multiple_of(LOOKS) {
            return None;
        }
        let asked = Standing::of_all(&self.volumes, &self.cluster);
        Some(asked.inspect_err(|code| tracing::debug!(%code, "the cluster does not tell")).unwrap_or_default())
    }

    fn measure(&self, name: &str, state: &State) {
        let set = |figure, value| self.host.gauge_set(&metric(name, figure), value);
        set("available", f64::from(u8::from(state.view.is_ok())));
        let Ok(view) = state.view else { return };
        if let Some(access) = view.access {
            set("redirected", f64::from(u8::from(view.is_redirected())));
            set("owned_here", f64::from(u8::from(access.is_owner())));
        }
        if let Ok(space) = self.volumes.api().disk_space(&extended(&self.volumes.path(name))) {
            set("free_bytes", space.available_to_caller as f64);
        }
    }

    fn tell(&self, volume: &str, before: Option<&State>, now: &State) {
        if before == Some(now) {
            return;
        }
        let owners = before.and_then(State::owner).zip(now.owner());
        if owners.is_some_and(|(before, now)| before != now) {
            self.host.counter_add(&metric(volume, "owner_changes"), 1);
        }
        match now.view {
            Err(_) => tracing::warn!(volume, state = %now, "a cluster shared volume is not available"),
            Ok(view) if view.is_slower_than_meant() => {
                tracing::warn!(volume, state = %now, "the data of a cluster shared volume goes through its owner node");
            }
            Ok(_) => tracing::info!(volume, state = %now, "cluster shared volume"),
        }
    }

    /// A store keeps the volumes that it was opened with.
    fn tell_of_newcomers(&self, newcomers: &mut BTreeSet<String>) {
        let Some(folder) = &self.folder else { return };
        for name in self.volumes.names().unwrap_or_default() {
            let is_known = self.names.contains(&name) || newcomers.contains(&name);
            let path = self.volumes.path(&format!(r"{name}\{folder}"));
            if is_known || !matches!(self.volumes.look(&name), Found::Volume) || roots::is_missing(&self.volumes, &path)
            {
                continue;
            }
            tracing::warn!(path, "a new cluster shared volume has this folder: restart the gateway to use it");
            newcomers.insert(name);
        }
    }
}

/// A metric's name, in which few characters may stand.
fn metric(volume: &str, figure: &str) -> String {
    let plain = |char: char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '_' };
    format!("csv_{}_{figure}", volume.chars().map(plain).collect::<String>())
}
