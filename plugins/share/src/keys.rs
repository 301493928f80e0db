//! Which names can be objects, and which can be transfers.

use crate::{Class, Error, FileSystem, Result};

/// Why `key` cannot be the name of a file in the root. Names with a leading dot are ours, the file server's (`.nfs…`) or
/// the administrator's, never an image's.
fn objection(fs: &impl FileSystem, key: &str) -> Option<&'static str> {
    match key {
        "" => Some("is empty"),
        _ if key.starts_with('.') => Some("starts with a dot"),
        _ if key.len() > 255 => Some("is longer than 255 bytes"),
        _ => fs.objection(key),
    }
}

/// Whether a file of this name can be an object.
pub(crate) fn is_key(fs: &impl FileSystem, name: &str) -> bool {
    objection(fs, name).is_none()
}

/// Nothing can be found under a key that could never have been written.
pub(crate) fn check_for_reading(fs: &impl FileSystem, key: &str) -> Result<()> {
    if is_key(fs, key) { Ok(()) } else { Err(Error::not_found(key)) }
}

pub(crate) fn check_for_writing(fs: &impl FileSystem, key: &str) -> Result<()> {
    match objection(fs, key) {
        None => Ok(()),
        Some(objection) => Err(Error::new(Class::Misuse, format!("the key `{key}` {objection}"))),
    }
}

/// Whether `name` has the form that the contract promises of a transfer.
pub(crate) fn is_transfer(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// `the root `a`` or `one of the roots `a`, `b``
pub(crate) fn quoted(roots: &[&str]) -> String {
    match roots {
        [root] => format!("the root `{root}`"),
        roots => format!("one of the roots `{}`", roots.join("`, `")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_is_letters_digits_and_hyphens() {
        assert!(is_transfer("a-1") && is_transfer(&"x".repeat(64)));
        assert!(!is_transfer("") && !is_transfer("a_b") && !is_transfer("../a") && !is_transfer("ä"));
        assert!(!is_transfer(&"x".repeat(65)));
    }
}
