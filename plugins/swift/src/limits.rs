//! What this Swift can do, as it says itself at `/info`.

use serde::Deserialize;

/// The answer of a Swift with many features is a fraction of this.
pub(crate) const LARGEST_ANSWER: usize = 256 << 10;

/// The limits of large objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Segments of one manifest; `None` where there are no static large objects.
    pub(crate) segments: Option<u32>,
    /// Bytes of one manifest.
    pub(crate) manifest: u64,
    /// Bytes of one segment.
    pub(crate) least: u64,
    pub(crate) most: u64,
}

impl Default for Limits {
    /// Swift's own defaults, for a server that does not tell.
    fn default() -> Self {
        Self { segments: Some(1000), manifest: 2 << 20, least: 1, most: 5 << 30 }
    }
}

#[derive(Deserialize)]
struct Info {
    swift: Swift,
    slo: Option<Slo>,
}

#[derive(Deserialize)]
struct Swift {
    max_file_size: Option<u64>,
}

#[derive(Deserialize)]
struct Slo {
    max_manifest_segments: Option<u32>,
    max_manifest_size: Option<u64>,
    min_segment_size: Option<u64>,
}

impl Limits {
    /// The defaults where the text is none of a Swift's.
    pub(crate) fn parse(text: &[u8]) -> Self {
        let usual = Self::default();
        let Ok(Info { swift, slo }) = serde_json::from_slice::<Info>(text) else { return usual };
        let most = swift.max_file_size.unwrap_or(usual.most).max(1);
        let Some(slo) = slo else { return Self { segments: None, most, ..usual } };
        Self {
            segments: slo.max_manifest_segments.or(usual.segments).filter(|segments| *segments > 1),
            manifest: slo.max_manifest_size.unwrap_or(usual.manifest),
            least: slo.min_segment_size.unwrap_or(usual.least),
            most,
        }
    }

    /// The size of segments nearest to the one that is wished for.
    pub(crate) fn segment_size(&self, wished: u64) -> u64 {
        wished.max(self.least).min(self.most)
    }

    /// How many segments an object can have: a manifest of manifests.
    pub(crate) fn most_segments(&self) -> u32 {
        self.segments.map_or(1, |segments| segments.saturating_mul(segments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_what_the_server_says_they_are() {
        let told = br#"{"swift": {"version": "2.38.3", "max_file_size": 5368709122},
            "slo": {"max_manifest_segments": 500, "max_manifest_size": 8388608, "min_segment_size": 1048576}}"#;
        let limits = Limits::parse(told);
        assert_eq!(limits, Limits { segments: Some(500), manifest: 8 << 20, least: 1 << 20, most: 5_368_709_122 });
        assert_eq!((limits.segment_size(1), limits.segment_size(1 << 40)), (1 << 20, 5_368_709_122));
        assert_eq!(limits.most_segments(), 250_000);
    }

    #[test]
    fn a_server_that_does_not_tell_has_swifts_defaults_and_one_without_large_objects_has_none() {
        for text in ["", "<html>", "{}", "[]"] {
            assert_eq!(Limits::parse(text.as_bytes()), Limits::default());
        }
        assert_eq!(Limits::parse(br#"{"swift": {}}"#).segments, None);
        assert_eq!(Limits::parse(br#"{"swift": {}, "slo": {}}"#), Limits::default());
    }
}
