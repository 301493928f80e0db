//! The limited JSON pointers of PATCH paths.

use crate::{Error, Result};

/// The names a pointer goes through, unescaped; at least one.
pub(crate) fn parse(pointer: &str) -> Result<Vec<String>> {
    check(pointer)?;
    Ok(pointer
        .trim_start_matches('/')
        .split('/')
        .map(|token| token.replace("~1", "/").replace("~0", "~").trim().to_owned())
        .collect())
}

fn check(pointer: &str) -> Result<()> {
    let refuse = |what: &str| Err(Error::invalid(format!("Pointer `{pointer}` {what}")));
    let Some(rest) = pointer.strip_prefix('/') else {
        return refuse("does not start with \"/\".");
    };
    // Nothing, or only blanks, between two slashes. The leading slash does not count.
    let tokens: Vec<&str> = rest.split('/').collect();
    if tokens.len() > 2 && tokens[1..tokens.len() - 1].iter().any(|token| token.trim().is_empty()) {
        return refuse("contains adjacent \"/\".");
    }
    if rest.ends_with('/') {
        return refuse("end with \"/\".");
    }
    if rest.trim() == "/" {
        return refuse("does not contains valid token.");
    }
    if rest.split('~').skip(1).any(|after| !after.starts_with(['0', '1'])) {
        return refuse("contains \"~\" not part of a recognized escape sequence.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_pointer_that_is_none_is_refused_in_glances_words() {
        for (pointer, message) in [
            ("", "Pointer `` does not start with \"/\"."),
            ("name", "Pointer `name` does not start with \"/\"."),
            ("/a//b", "Pointer `/a//b` contains adjacent \"/\"."),
            ("/a/ /b", "Pointer `/a/ /b` contains adjacent \"/\"."),
            ("/a/", "Pointer `/a/` end with \"/\"."),
            ("/ /", "Pointer `/ /` end with \"/\"."),
            ("//", "Pointer `//` end with \"/\"."),
            ("// ", "Pointer `// ` does not contains valid token."),
            ("/a~2", "Pointer `/a~2` contains \"~\" not part of a recognized escape sequence."),
            ("/a~", "Pointer `/a~` contains \"~\" not part of a recognized escape sequence."),
            ("/a~~0", "Pointer `/a~~0` contains \"~\" not part of a recognized escape sequence."),
        ] {
            assert_eq!(parse(pointer).unwrap_err().message, message);
        }
    }

    #[test]
    fn tokens_are_unescaped_and_trimmed() {
        for (pointer, tokens) in [
            ("/name", vec!["name"]),
            ("//a", vec!["a"]),
            ("/ a ", vec!["a"]),
            ("/", vec![""]),
            ("/a~1b~0c", vec!["a/b~c"]),
            ("/~01", vec!["~1"]),
            ("/locations/-", vec!["locations", "-"]),
        ] {
            assert_eq!(parse(pointer).unwrap(), tokens, "{pointer}");
        }
    }
}
