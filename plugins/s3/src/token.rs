//! The name of a staged write: what it takes to abort it.

use casement_sdk::{Error, Kind, Result};

/// What the contract allows.
const MOST: usize = 512;
const IN_MEMORY: &str = "memory:";

/// Upload ids have no spaces, and keys may have.
pub(crate) fn format(key: &str, upload_id: &str) -> Result<String> {
    let token = format!("{upload_id} {key}");
    if upload_id.is_empty() || upload_id.contains(' ') || token.len() > MOST {
        let message = format!(
            "the service names its multipart uploads in a way that can't be remembered ({} bytes with the key; {MOST} at most, \
             without spaces): images larger than one part can't be stored there",
            token.len()
        );
        return Err(Error::new(Kind::Unsupported, message));
    }
    Ok(token)
}

/// Of a write that is kept in memory: nothing of it is left behind, but its commit can be waited for. No upload id has a
/// colon.
pub(crate) fn in_memory(key: &str, transfer: &str) -> String {
    format(key, &format!("{IN_MEMORY}{transfer}")).unwrap_or_default()
}

/// The key, and the upload id where there is an upload.
pub(crate) fn parse(token: &str) -> Option<(&str, Option<&str>)> {
    let (upload_id, key) = token.split_once(' ')?;
    let is_one = !upload_id.is_empty() && !key.is_empty();
    is_one.then(|| (key, (!upload_id.starts_with(IN_MEMORY)).then_some(upload_id)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_token_says_which_upload_of_which_object_it_is() {
        for key in ["3d4c", "with space", "a/b"] {
            assert_eq!(parse(&format(key, "2~xyz.-_").unwrap()), Some((key, Some("2~xyz.-_"))));
            assert_eq!(parse(&in_memory(key, "transfer-1")), Some((key, None)));
        }
        for other in ["", "x", " x", "x "] {
            assert_eq!(parse(other), None, "{other:?}");
        }
    }

    #[test]
    fn one_that_can_not_be_remembered_is_refused() {
        assert!(format("key", &"x".repeat(508)).is_ok());
        for bad in ["x".repeat(509), String::new(), "a b".to_owned()] {
            assert_eq!(format("key", &bad).unwrap_err().kind(), Kind::Unsupported);
        }
    }
}
