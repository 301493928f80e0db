//! Which formats images may have, and what their data may hold.

use super::Images;
use casement_image::schema::FormatNames;
use casement_service::{FormatSettings, VmdkType as Known};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A type of VMDK, by the name that VMware gives it. Others have their data in other files, and are refused in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(crate) enum VmdkType {
    #[serde(rename = "streamOptimized")]
    StreamOptimized,
    #[serde(rename = "monolithicSparse")]
    MonolithicSparse,
}

impl From<VmdkType> for Known {
    fn from(vmdk_type: VmdkType) -> Self {
        match vmdk_type {
            VmdkType::StreamOptimized => Self::StreamOptimized,
            VmdkType::MonolithicSparse => Self::MonolithicSparse,
        }
    }
}

/// A check of partition tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum GptCheck {
    Mbr,
}

impl Images {
    pub(crate) fn format_names(&self) -> FormatNames {
        FormatNames { container: self.container_formats.clone(), disk: self.disk_formats.clone() }
    }

    pub(crate) fn format_settings(&self) -> FormatSettings {
        let name = |check: &GptCheck| match check {
            GptCheck::Mbr => "mbr".to_owned(),
        };
        FormatSettings {
            require_format_match: self.require_image_format_match,
            gpt_safety_checks_nonfatal: self.gpt_safety_checks_nonfatal.iter().map(name).collect(),
            vmdk_allowed_types: self.vmdk_allowed_types.iter().copied().map(Into::into).collect(),
            max_virtual_size: self.max_virtual_size_bytes,
            max_virtual_ratio: self.max_virtual_size_ratio,
            ..FormatSettings::default()
        }
    }
}
