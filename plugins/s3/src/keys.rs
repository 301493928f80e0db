//! Which keys are names of objects.

use casement_sdk::{Error, Kind, Result};

/// Amazon's limit.
const LONGEST: usize = 1024;

/// Refuses what a service, a proxy or an answer in XML would take for another key, or for none.
pub(crate) fn check(key: &str) -> Result<()> {
    let refused = |why: &str| Err(Error::new(Kind::Unsupported, format!("a key of S3 {why}")));
    if key.is_empty() || key.len() > LONGEST {
        return refused("has from 1 to 1024 bytes");
    }
    // Some services take the one for a slash, and none can list the others.
    if key.chars().any(|c| c.is_control() || c == '\\') {
        return refused("has no control characters and no `\\`");
    }
    if key.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return refused("has something between its slashes, and neither `.` nor `..`");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_reading() {
        for good in ["3d4c", "a/b", "a b", "ä", "a%20b", "..a", "a..b"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["", "a//b", "/a", "a/", "a/../b", "..", ".", "a\nb", "a\0b", "a\\b", &"x".repeat(1025)] {
            assert_eq!(check(bad).map_err(|error| error.kind()), Err(Kind::Unsupported), "{bad:?}");
        }
    }
}
