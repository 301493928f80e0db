//! Static large objects: a manifest that names segments, and manifests that name manifests.

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

/// Swift's largest manifest by default, and what its own words add to it.
pub(crate) const LARGEST_ANSWER: usize = 32 << 20;

/// An entry of a manifest as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    /// `/<container>/<object>`
    pub(crate) path: String,
    pub(crate) etag: String,
    pub(crate) size_bytes: u64,
}

/// The same as it is read again.
#[derive(Debug, Deserialize)]
pub(crate) struct Read {
    /// `/<container>/<object>`
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) bytes: u64,
    #[serde(default)]
    pub(crate) hash: String,
    /// A part of the object that it names.
    pub(crate) range: Option<String>,
    /// Bytes that stand in the manifest itself.
    pub(crate) data: Option<String>,
    #[serde(default)]
    pub(crate) sub_slo: bool,
}

/// The ETag that Swift gives an object of these segments.
pub(crate) fn etag(entries: &[Entry]) -> String {
    let mut digest = Md5::new();
    entries.iter().for_each(|entry| digest.update(&entry.etag));
    hex::encode(digest.finalize())
}

pub(crate) fn size(entries: &[Entry]) -> u64 {
    entries.iter().map(|entry| entry.size_bytes).sum()
}

/// How many of these entries fit into one manifest. At least one.
pub(crate) fn fitting(entries: &[Entry], most: u32, bytes: u64) -> usize {
    let length = |entry: &Entry| serde_json::to_string(entry).map_or(0, |text| text.len() as u64 + 1);
    let longest = entries.iter().map(length).max().unwrap_or(1).max(1);
    usize::try_from(u64::from(most).min(bytes.saturating_sub(2) / longest)).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(etag: &str) -> Entry {
        Entry { path: "/c/x".into(), etag: etag.into(), size_bytes: 3 }
    }

    #[test]
    fn the_etag_is_that_of_the_etags() {
        // md5("d41d8cd98f00b204e9800998ecf8427e" + "900150983cd24fb0d6963f7d28e17f72")
        let entries = [entry("d41d8cd98f00b204e9800998ecf8427e"), entry("900150983cd24fb0d6963f7d28e17f72")];
        assert_eq!(etag(&entries), "6b2e416060edbaa9d35302f13d3e1a6a");
        assert_eq!(size(&entries), 6);
    }

    #[test]
    fn a_manifest_is_bounded_by_entries_and_by_bytes() {
        let entries = vec![entry("d41d8cd98f00b204e9800998ecf8427e"); 10];
        let one = serde_json::to_string(&entries[0]).map_or(0, |text| text.len() as u64 + 1);
        assert_eq!(fitting(&entries, 7, 1 << 20), 7);
        assert_eq!(fitting(&entries, 7, 2 + 3 * one), 3);
        assert_eq!(fitting(&entries, 7, 1), 1);
    }
}
