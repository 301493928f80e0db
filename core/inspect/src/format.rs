//! The formats by their names.

use std::fmt;

/// What data can be found to be. The order is that of names in messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Nothing else was recognised.
    Raw,
    Qcow2,
    /// Connectix/Microsoft virtual hard disk: dynamic, or fixed with its footer at the end.
    Vhd,
    Vhdx,
    Vmdk,
    Vdi,
    Qed,
    /// ISO 9660 or UDF.
    Iso,
    /// A disk with a partition table, GPT or MBR.
    Gpt,
    Luks,
    /// Parallels.
    Ploop,
}

impl Format {
    const ALL: [Self; 11] = [
        Self::Raw,
        Self::Qcow2,
        Self::Vhd,
        Self::Vhdx,
        Self::Vmdk,
        Self::Vdi,
        Self::Qed,
        Self::Iso,
        Self::Gpt,
        Self::Luks,
        Self::Ploop,
    ];

    /// The name, as it stands in an image's `disk_format`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
            Self::Vhd => "vhd",
            Self::Vhdx => "vhdx",
            Self::Vmdk => "vmdk",
            Self::Vdi => "vdi",
            Self::Qed => "qed",
            Self::Iso => "iso",
            Self::Gpt => "gpt",
            Self::Luks => "luks",
            Self::Ploop => "ploop",
        }
    }

    /// The format called `name`; `None` for formats that leave no trace in the data (`ami` and its parts).
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// The types of VMDK that hold their data themselves, and so can be images. `createType` says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VmdkType {
    MonolithicSparse,
    StreamOptimized,
}

impl VmdkType {
    pub const ALL: [Self; 2] = [Self::MonolithicSparse, Self::StreamOptimized];

    /// The name, as VMware and Glance write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::MonolithicSparse => "monolithicSparse",
            Self::StreamOptimized => "streamOptimized",
        }
    }

    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
