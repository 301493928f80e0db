use super::formats::{GptCheck, VmdkType};
use casement_image::schema::FormatNames;
use casement_stores::Multihash;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Rules for images.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Images {
    /// Images in one page of a list when the request does not say.
    #[schemars(range(min = 1))]
    pub default_page_size: u32,

    /// Images in one page of a list at most.
    #[schemars(range(min = 1))]
    pub max_page_size: u32,

    /// Tags of one image at most; -1 for no limit.
    #[schemars(range(min = -1))]
    pub tag_quota: i64,

    /// Additional properties of one image at most; -1 for no limit.
    #[schemars(range(min = -1))]
    pub property_quota: i64,

    /// Projects that one image is shared with at most; -1 for no limit.
    #[schemars(range(min = -1))]
    pub member_quota: i64,

    /// Locations of one image at most; -1 for no limit.
    #[schemars(range(min = -1))]
    pub location_quota: i64,

    /// The largest image that is taken in, in bytes.
    #[schemars(range(min = 1))]
    pub size_cap_bytes: u64,

    /// Image data that one project may have in all, each image counted once for each of its
    /// locations: bytes, or with a unit `KB`, `MB`, `GB` or `TB` (of 1024). "0" for no limit.
    pub storage_quota: String,

    /// Let Keystone's unified limits say what a project may have, instead of `storage_quota`: `image_size_total`,
    /// `image_count_total` and `image_count_uploading`. Needs `identity.mode = "keystone"`, and the role `reader` on the
    /// system for the service user. What is not registered there nobody may have.
    pub use_keystone_limits: bool,

    /// With Keystone's limits: cut an upload of unknown size at `image_size_total`. Otherwise the limit may be passed
    /// once by a project's only upload, as in Glance.
    pub strict_size_limit: bool,

    /// How long what Keystone said last of a project's limits holds while Keystone is away.
    #[schemars(range(max = super::WEEK))]
    pub keystone_limits_keep_seconds: u64,

    /// Refuse data that is of another disk format than its image says. Data that could harm whoever opens it is
    /// refused in any case.
    pub require_image_format_match: bool,

    /// Types and checks of additional properties, and which properties a new image must have: Glance's
    /// `schema-image.json`. Not set: every additional property is any text.
    #[schemars(example = "schema-image.json")]
    pub schema_file: Option<PathBuf>,

    /// The names that an image's `container_format` may have.
    pub container_formats: Vec<String>,

    /// The names that an image's `disk_format` may have; `gpt` and `luks` are known too.
    pub disk_formats: Vec<String>,

    /// The types of VMDK that are taken: those that hold their data themselves.
    pub vmdk_allowed_types: Vec<VmdkType>,

    /// Checks that disks with partitions may fail: `mbr`, of the partition table in the boot sector.
    pub gpt_safety_checks_nonfatal: Vec<GptCheck>,

    /// The largest disk inside of an image's data (`virtual_size`), in bytes. Not set: no limit.
    #[schemars(range(min = 1), example = &1_099_511_627_776_u64)]
    pub max_virtual_size_bytes: Option<u64>,

    /// How many times larger than the data the disk inside of it may be. An empty disk of 10 GiB is 200 KiB of
    /// qcow2, one to 50000. Not set: no limit.
    #[schemars(range(min = 1), example = &100_000)]
    pub max_virtual_size_ratio: Option<u64>,

    /// Tell clients where an image's data lies (`direct_url`). The URL may give away how the store
    /// is built.
    pub show_direct_url: bool,

    /// Show clients all locations of an image, and let them be changed.
    pub show_multiple_locations: bool,

    /// Digest the data at locations that are given to `POST /v2/images/{id}/locations`. Without it, what is said of
    /// the data is believed, and a location of which nothing is said has no digests.
    pub do_secure_hash: bool,

    /// How often such a location is tried that can't be read.
    #[schemars(range(min = 1, max = 100))]
    pub http_retries: u32,

    /// The digest of `os_hash_value`.
    pub hashing_algorithm: HashingAlgorithm,

    /// Compute MD5 too, the old `checksum`. Without it, `checksum` of new images is null and downloads have no
    /// `Content-MD5`; a single upload is then as fast as `hashing_algorithm` lets it. Clients that know no `os_hash_value`
    /// can't check what they downloaded.
    pub legacy_md5: bool,
}

impl Default for Images {
    fn default() -> Self {
        // The values that Glance has: api_limit_max, limit_param_default, image_tag_quota,
        // image_property_quota, image_member_quota, image_location_quota, image_size_cap, user_storage_quota, and those of
        // [image_format].
        let formats = FormatNames::default();
        Self {
            default_page_size: 25,
            max_page_size: 1000,
            tag_quota: 128,
            property_quota: 128,
            member_quota: 128,
            location_quota: 10,
            size_cap_bytes: 1 << 40,
            storage_quota: "0".into(),
            use_keystone_limits: false,
            strict_size_limit: false,
            keystone_limits_keep_seconds: 300,
            require_image_format_match: true,
            schema_file: None,
            container_formats: formats.container,
            disk_formats: formats.disk,
            vmdk_allowed_types: vec![VmdkType::StreamOptimized, VmdkType::MonolithicSparse],
            gpt_safety_checks_nonfatal: Vec::new(),
            max_virtual_size_bytes: None,
            max_virtual_size_ratio: None,
            show_direct_url: false,
            show_multiple_locations: false,
            do_secure_hash: true,
            http_retries: 3,
            hashing_algorithm: HashingAlgorithm::Sha512,
            legacy_md5: true,
        }
    }
}

impl Images {
    /// The storage quota in bytes; 0 for none. `None` when it can't be read.
    pub(crate) fn storage_quota(&self) -> Option<u64> {
        let text = &self.storage_quota;
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let exponent = match unit.strip_suffix('B').unwrap_or(unit) {
            "" => 0,
            "K" => 10,
            "M" => 20,
            "G" => 30,
            "T" => 40,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(1 << exponent)
    }
}

/// A digest algorithm, by the name that `os_hash_algo` has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum HashingAlgorithm {
    Sha256,
    Sha384,
    Sha512,
}

impl From<HashingAlgorithm> for Multihash {
    fn from(algorithm: HashingAlgorithm) -> Self {
        match algorithm {
            HashingAlgorithm::Sha256 => Self::Sha256,
            HashingAlgorithm::Sha384 => Self::Sha384,
            HashingAlgorithm::Sha512 => Self::Sha512,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storage_quota_is_a_number_and_a_unit() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("10", Some(10)),
            ("10B", Some(10)),
            ("2KB", Some(2048)),
            ("2K", Some(2048)),
            ("3MB", Some(3 << 20)),
            ("5GB", Some(5 << 30)),
            ("1TB", Some(1 << 40)),
            ("", None),
            ("B", None),
            ("-1", None),
            ("1 GB", None),
            ("1gb", None),
            ("1PB", None),
            ("99999999TB", None),
        ] {
            let images = Images { storage_quota: text.into(), ..Images::default() };
            assert_eq!(images.storage_quota(), bytes, "{text}");
        }
    }
}
