//! The state of a cluster shared volume, as this node and as the cluster see it.

use crate::{
    Volumes,
    control::{self, Access, VolumeInfo},
};
use casement_share::{
    Class, Error,
    win32::{Answer, Api, Cluster, Code, constants::FILE_SUPPORTS_BLOCK_REFCOUNTING},
};
use std::{collections::BTreeMap, fmt};

/// How this node sees a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    /// `None` where Windows does not tell this account.
    pub(crate) access: Option<Access>,
    /// ReFS reads and writes through the owner node by design.
    pub(crate) is_refs: bool,
}

/// How the cluster sees a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The name of the node that owns it.
    pub(crate) owner: String,
    pub(crate) info: VolumeInfo,
}

/// All that is known of a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct State {
    /// Or why it cannot be looked at.
    pub(crate) view: Answer<View>,
    /// `None` where the cluster does not tell this account.
    pub(crate) standing: Option<Standing>,
}

impl View {
    pub(crate) fn of<A: Api>(volumes: &Volumes<A>, volume: &str) -> Answer<Self> {
        let api = volumes.api();
        let file = volumes.open(&volumes.path(volume), 0)?;
        if !volumes.is_csvfs(&file)? {
            return Err(Code::NON_CSV_PATH);
        }
        let volume = api.volume_information(&file)?;
        let is_refs = volume.flags & FILE_SUPPORTS_BLOCK_REFCOUNTING != 0 || volume.file_system.ends_with("ReFS");
        match Access::ask(api, &file) {
            Err(code) if code.class().is_transient() => Err(code),
            access => Ok(Self { access: access.ok(), is_refs }),
        }
    }

    /// Whether data goes through the owner node, over the network, instead of to the disk.
    pub(crate) fn is_redirected(&self) -> bool {
        self.access.is_some_and(|access| !(access.is_owner() || access.disk && access.direct))
    }

    /// Whether that is something to look into.
    pub(crate) fn is_slower_than_meant(&self) -> bool {
        self.is_redirected() && self.access.is_some_and(|access| !access.disk || !self.is_refs)
    }
}

impl Standing {
    /// Of all volumes that the cluster tells of, by their names.
    pub(crate) fn of_all<A: Api>(volumes: &Volumes<A>, cluster: &impl Cluster) -> Answer<BTreeMap<String, Self>> {
        let mut all = BTreeMap::new();
        for resource in cluster.shared_volume_resources()? {
            // A disk that is not online tells nothing (RESOURCE_NOT_ONLINE), and hinders no other.
            let told = cluster.resource_control(&resource, control::GET_SHARED_VOLUME_INFO);
            let told = told.and_then(|answer| Ok((answer, cluster.owner(&resource)?)));
            let Ok((answer, owner)) = told.inspect_err(|code| tracing::debug!(resource, %code, "tells nothing")) else {
                continue;
            };
            for info in VolumeInfo::list(&answer) {
                if let Some((name, "")) = volumes.split(&info.friendly_name) {
                    all.insert(name.to_lowercase(), Self { owner: owner.clone(), info: info.clone() });
                }
            }
        }
        Ok(all)
    }

    fn fault(&self) -> Option<&'static str> {
        let has = |fault| self.info.faults & fault != 0;
        if has(control::FAULT_IN_MAINTENANCE) {
            Some("is in maintenance")
        } else if has(control::FAULT_DISMOUNTED) {
            Some("is dismounted")
        } else if has(control::FAULT_NO_ACCESS) {
            Some("cannot be accessed")
        } else {
            None
        }
    }
}

impl State {
    pub(crate) fn owner(&self) -> Option<u32> {
        self.view.ok().and_then(|view| view.access).map(|access| access.owner)
    }

    /// Why the volume cannot be used, if it cannot.
    pub(crate) fn fault(&self, path: &str) -> Option<Error> {
        let told = self.standing.as_ref().and_then(Standing::fault);
        let owner = self.standing.as_ref().map(|standing| format!(" (owner: node `{}`)", standing.owner));
        let owner = owner.unwrap_or_default();
        match (self.view, told) {
            (Ok(_), None) => None,
            (Err(code), None) => {
                let class = match code.class() {
                    Class::NotFound | Class::Config => Class::Absent,
                    class => class,
                };
                let message = format!("the cluster shared volume `{path}`{owner} cannot be looked at: {code}");
                Some(Error::new(class, message))
            }
            (_, Some(fault)) => {
                let message = format!(
                    "the cluster shared volume `{path}`{owner} {fault}: Get-ClusterSharedVolume tells its state, and the \
                     cluster's events why"
                );
                Some(Error::new(Class::Paused, message))
            }
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let view = match self.view {
            Ok(view) => view,
            Err(code) => return write!(f, "cannot be looked at: {code}"),
        };
        match (&self.standing, view.access) {
            (Some(standing), Some(access)) if access.is_owner() => {
                write!(f, "owned by this node, `{}`", standing.owner)?
            }
            (Some(standing), _) => write!(f, "owned by node `{}`", standing.owner)?,
            (None, Some(access)) if access.is_owner() => f.write_str("owned by this node")?,
            (None, Some(access)) => write!(f, "owned by node number {}", access.owner)?,
            (None, None) => f.write_str("its owner is not known")?,
        }
        f.write_str(", ")?;
        f.write_str(match view.access {
            None => "its way to the disk is not known",
            Some(access) if access.is_owner() => "with the disk at hand",
            Some(access) if !access.disk => "block redirected: this node does not reach the disk",
            Some(access) if !access.direct && view.is_refs => "file system redirected, as always with ReFS",
            Some(access) if !access.direct => "file system redirected: direct access is switched off",
            Some(_) => "with direct access",
        })?;
        let faults = self.standing.as_ref().map_or(0, |standing| standing.info.faults);
        if faults & control::FAULT_NO_DIRECT_IO != 0 {
            f.write_str(", no direct access on any node")?;
        }
        if self.standing.as_ref().is_some_and(|standing| standing.info.in_backup) {
            f.write_str(", in backup")?;
        }
        Ok(())
    }
}
