use casement_policy::RuleFormat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Who may do what.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Policy {
    /// The rules that replace Glance's defaults: oslo.policy's `policy.yaml` or `policy.json`. Not set: the defaults
    /// alone.
    #[schemars(example = "policy.yaml")]
    pub file: Option<PathBuf>,

    /// As oslo.policy's option of this name. Only true is supported: what the older defaults allow beyond those of
    /// today can be written into the file.
    pub enforce_new_defaults: bool,

    /// Who may create, read, update and delete which additional properties: Glance's file of property protections.
    /// Not set: whoever may change an image may change all of them.
    #[schemars(example = "property-protections.conf")]
    pub property_protection_file: Option<PathBuf>,

    /// What the values in that file are.
    pub property_protection_rule_format: ProtectionFormat,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            file: None,
            enforce_new_defaults: true,
            property_protection_file: None,
            property_protection_rule_format: ProtectionFormat::Roles,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum ProtectionFormat {
    /// Roles, separated by commas.
    Roles,
    /// Names of rules of the policy.
    Policies,
}

impl From<ProtectionFormat> for RuleFormat {
    fn from(format: ProtectionFormat) -> Self {
        match format {
            ProtectionFormat::Roles => Self::Roles,
            ProtectionFormat::Policies => Self::Policies,
        }
    }
}
