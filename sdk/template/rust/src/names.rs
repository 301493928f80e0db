//! Any key as a file name, and back: hexadecimal digits, which no system takes for something else.

use casement_sdk::{Error, Kind, Result};

/// In bytes: with two digits for each, the longest that file systems take.
const LONGEST: usize = 120;

/// The file's name for a key. Nothing is found under a key that is too long; nothing can be written there either.
pub(crate) fn file_name(key: &str) -> Result<String> {
    if key.is_empty() || key.len() > LONGEST {
        return Err(Error::new(Kind::Unsupported, format!("a key has 1 to {LONGEST} bytes, this one {}", key.len())));
    }
    Ok(key.bytes().map(|byte| format!("{byte:02x}")).collect())
}

/// The key of a file; none where the file is not ours.
pub(crate) fn key(file_name: &str) -> Option<String> {
    let digits = file_name.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
    String::from_utf8(digits.collect::<Option<_>>()?)
        .ok()
        .filter(|key| self::file_name(key).as_deref() == Ok(file_name))
}

/// The gateway names transfers with letters, digits and `-`. A token of another form is not ours, and could lead anywhere.
pub(crate) fn is_transfer(token: &str) -> bool {
    (1..=64).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_file_name() {
        for key in ["a", "../a", "a b", "ä", "CON", "a/b"] {
            assert_eq!(super::key(&file_name(key).unwrap()).as_deref(), Some(key));
        }
    }

    #[test]
    fn other_files_are_not_objects() {
        for name in ["", "a", "zz", "readme.txt", "4A", "é"] {
            assert_eq!(key(name), None, "{name}");
        }
    }

    #[test]
    fn a_token_leads_nowhere_else() {
        assert!(is_transfer("3f2a-1"));
        assert!(!is_transfer("../a") && !is_transfer("") && !is_transfer("a.b"));
    }
}
