//! A VMDK's descriptor: lines of text that say how the data is laid out.

use crate::VmdkType;

/// Whether a file that begins so may be a descriptor: all text, or what QEMU takes for one: `version=` after
/// comments and blank lines.
pub(super) fn may_begin_with(head: &[u8]) -> bool {
    let is_text = |byte: &u8| matches!(byte, b' '..=b'~' | 0x09..=0x0D | 0x1C..=0x1F);
    let mut lines = head.split(|byte| *byte == b'\n');
    let first = lines.find(|line| !line.starts_with(b"#") && !line.trim_ascii().is_empty());
    head.iter().all(is_text) || first.is_some_and(|line| line.starts_with(b"version="))
}

/// The text up to the first NUL, in lower case.
pub(super) struct Descriptor {
    text: String,
    is_ascii: bool,
}

impl Descriptor {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
        let lower = text.iter().map(|byte| if byte.is_ascii() { char::from(byte.to_ascii_lowercase()) } else { '?' });
        Self { text: lower.collect(), is_ascii: text.is_ascii() }
    }

    /// Whether it has a type, and so is a descriptor.
    pub(super) fn is_named(&self) -> bool {
        self.text.contains("createtype")
    }

    /// Why it cannot be trusted. Every line must be understood.
    pub(super) fn broken(&self) -> Option<&'static str> {
        if self.text.is_empty() || !self.is_ascii {
            return Some("there is no descriptor");
        }
        if self.vmdk_type().is_none() {
            return Some("the type is neither monolithicSparse nor streamOptimized");
        }
        let lines = || self.text.lines().map(str::trim);
        if !lines().all(|line| is_extent(line) || is_harmless(line)) {
            return Some("a line of the descriptor is unknown");
        }
        if !lines().any(is_extent) {
            return Some("the descriptor has no extents");
        }
        // No path, on any system, and no protocol.
        lines()
            .any(|line| is_extent(line) && line.contains(['/', '\\', ':']))
            .then_some("an extent names another place")
    }

    /// Why it is not the whole disk.
    pub(super) fn parent(&self) -> Option<&'static str> {
        self.text.contains("parentfilenamehint").then_some("the descriptor names a parent")
    }

    pub(super) fn vmdk_type(&self) -> Option<VmdkType> {
        self.create_type().and_then(VmdkType::by_name)
    }

    /// The type, if it is said once: of several, readers take different ones.
    fn create_type(&self) -> Option<&str> {
        let mut said = self.text.split("createtype").skip(1);
        let value = said.next()?.strip_prefix("=\"")?.split('"').next();
        value.filter(|_| said.next().is_none())
    }
}

fn is_harmless(line: &str) -> bool {
    let is_pair = || line.split_once('=').is_some_and(|(key, _)| !key.contains(char::is_whitespace));
    line.is_empty() || line.starts_with('#') || line.starts_with("ddb") || is_pair()
}

fn is_extent(line: &str) -> bool {
    let access = line.split_whitespace().next();
    matches!(access, Some("rw" | "rdonly" | "noaccess"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n\
        createType=\"monolithicSparse\"\n\n# Extent\nRW 20480 SPARSE \"disk.vmdk\"\n\nddb.adapterType = \"ide\"\n\0\0";

    fn broken(from: &str, to: &str) -> Option<&'static str> {
        assert!(GOOD.contains(from));
        Descriptor::new(GOOD.replacen(from, to, 1).as_bytes()).broken()
    }

    #[test]
    fn a_descriptor_as_tools_write_it_is_sound() {
        assert_eq!(broken("", ""), None);
        assert_eq!(broken("monolithicSparse", "streamOptimized"), None);
        assert_eq!(broken("\n", "\r\n"), None);
    }

    #[test]
    fn types_with_other_files_are_refused() {
        for kind in ["monolithicFlat", "vmfs", "twoGbMaxExtentSparse", ""] {
            assert!(broken("monolithicSparse", kind).is_some(), "{kind}");
        }
        assert!(broken("createType", "type").is_some());
        assert!(broken("version=1", "createType=\"monolithicSparse\"").is_some(), "said twice");
    }

    #[test]
    fn extents_elsewhere_and_unknown_lines_are_refused() {
        for name in ["/etc/passwd", "..\\x", "c:x", "nbd:host:1"] {
            assert_eq!(broken("disk.vmdk", name), Some("an extent names another place"), "{name}");
        }
        assert_eq!(broken("RW 20480", "# RW"), Some("the descriptor has no extents"));
        assert_eq!(broken("CID=", "what is this\nCID="), Some("a line of the descriptor is unknown"));
        assert_eq!(broken("disk", "d\u{ed}sk"), Some("there is no descriptor"));
    }

    #[test]
    fn a_parent_is_found_anywhere() {
        assert_eq!(Descriptor::new(GOOD.as_bytes()).parent(), None);
        let child = GOOD.replace("CID=", "parentFileNameHint=\"/x\"\nCID=");
        assert!(Descriptor::new(child.as_bytes()).parent().is_some());
    }

    #[test]
    fn what_qemu_probes_may_be_a_descriptor() {
        assert!(may_begin_with(b"# \xff\n\nversion=1\ncreateType"));
        assert!(may_begin_with(b"any text"));
        assert!(!may_begin_with(b"\xff\nversion=1\n"));
        assert!(!may_begin_with(b"text\0"));
    }
}
