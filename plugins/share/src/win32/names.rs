//! Which names a file can have on Windows, and which names are one.

/// Names of devices, whatever extension follows. From "Naming Files, Paths, and Namespaces" (Microsoft Learn).
const DEVICES: &[&str] = &["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
/// Followed by one digit, which may be a superscript.
const PORTS: &[&str] = &["COM", "LPT"];

/// Why no file can have this name. What `\\?\` would let pass is refused too: other programs could not open it.
pub(super) fn objection(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("is empty")
    } else if name.chars().any(|char| char < ' ') {
        Some("contains a control character")
    } else if name.contains(':') {
        Some("contains a colon, which would name another stream of a file")
    } else if name.contains(['<', '>', '"', '/', '\\', '|', '?', '*']) {
        Some("contains a character that Windows allows in no file name")
    } else if name.ends_with(['.', ' ']) {
        Some("ends with a dot or a space, which Windows would cut off")
    } else if is_device(name) {
        Some("is the name of a device on Windows")
    } else if name.encode_utf16().count() > 255 {
        Some("is longer than 255 characters")
    } else {
        None
    }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end();
    let is_port = |port: &&str| {
        let digit = stem.get(port.len()..).unwrap_or_default();
        stem.get(..port.len()).is_some_and(|start| start.eq_ignore_ascii_case(port))
            && matches!(digit, "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "¹" | "²" | "³")
    };
    DEVICES.iter().any(|device| stem.eq_ignore_ascii_case(device)) || PORTS.iter().any(is_port)
}

/// Whether NTFS takes two names for one. It has a table of upper-case letters of its own; Unicode's simple mapping differs
/// from it in a few rare letters, for which a store would see two names, and creating the second would fail.
pub(super) fn are_one(one: &[u8], other: &[u8]) -> bool {
    match (std::str::from_utf8(one), std::str::from_utf8(other)) {
        (Ok(one), Ok(other)) => one.chars().map(upper).eq(other.chars().map(upper)),
        _ => one == other,
    }
}

/// The simple mapping: a letter whose upper case is several letters stays as it is.
pub(super) fn upper(char: char) -> char {
    let mut upper = char.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) => only,
        _ => char,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_ids_and_foreign_letters_are_names() {
        for name in [
            "6dd2bb80-3bd5-4d16-8a7f-2a6d8d0e7c4c",
            "a.b",
            ".hidden",
            "Ünï¢ödé",
            "COM",
            "COM0",
            "COM10",
            "console",
            "nully",
        ] {
            assert_eq!(objection(name), None, "{name}");
        }
    }

    #[test]
    fn names_of_devices_are_refused_with_any_extension() {
        for name in ["CON", "nul", "Aux.txt", "com1", "COM¹", "lpt9.tar.gz", "CONIN$", "conout$.x", "nul .txt", "PRN.a"]
        {
            assert!(objection(name).is_some_and(|why| why.contains("device")), "{name}");
        }
    }

    #[test]
    fn what_windows_would_change_or_read_otherwise_is_refused() {
        for name in
            ["a.", "a ", "..", ".", "a:b", "a/b", "a\\b", "a*", "a?", "a\"", "<a", "a>", "a|b", "a\tb", "a\0", ""]
        {
            assert!(objection(name).is_some(), "{name:?}");
        }
        assert!(objection(&"ä".repeat(255)).is_none() && objection(&"ä".repeat(256)).is_some());
    }

    #[test]
    fn names_that_differ_in_case_alone_are_one() {
        assert!(are_one("Straße-Ä.ISO".as_bytes(), "straße-ä.iso".as_bytes()));
        assert!(!are_one("straße".as_bytes(), "strasse".as_bytes()));
        assert!(!are_one(b"a\xff", b"A\xff"));
    }
}
