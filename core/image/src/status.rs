//! The status machine of an image (Glance: `domain/__init__.py`, valid_state_targets).

use std::{fmt, str::FromStr};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    Queued,
    Saving,
    Uploading,
    Importing,
    Active,
    Deactivated,
    Killed,
    PendingDelete,
    Deleted,
}

impl Status {
    const NAMES: [(Status, &'static str); 9] = [
        (Status::Queued, "queued"),
        (Status::Saving, "saving"),
        (Status::Uploading, "uploading"),
        (Status::Importing, "importing"),
        (Status::Active, "active"),
        (Status::Deactivated, "deactivated"),
        (Status::Killed, "killed"),
        (Status::PendingDelete, "pending_delete"),
        (Status::Deleted, "deleted"),
    ];

    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(status, _)| *status == self).map_or("", |(_, name)| name)
    }

    /// Whether an image may go from here to `to`.
    pub(crate) fn may_become(self, to: Status) -> bool {
        use Status::*;
        matches!(
            (self, to),
            (Queued, Saving | Uploading | Importing | Active | Deleted)
                | (Saving, Active | Killed | Deleted | Queued)
                | (Uploading, Importing | Queued | Deleted)
                | (Importing, Active | Deleted | Queued)
                | (Active, PendingDelete | Deleted | Deactivated)
                | (Killed, Deleted)
                | (PendingDelete, Deleted | Active)
                | (Deactivated, Active | Deleted)
        )
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::NAMES.iter().find(|(_, name)| *name == text).map(|(status, _)| *status).ok_or(())
    }
}
