//! How a service has ended, by the exit code that the SCM keeps.

use crate::exit::HELP;

/// What a code means, in the words of `--help`.
pub(super) fn meaning(code: u32) -> Option<&'static str> {
    let mut codes = HELP.lines().skip(1).filter_map(|line| line.trim().split_once(' '));
    codes.find(|(known, _)| known.parse() == Ok(code)).map(|(_, text)| text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn a_code_has_the_meaning_that_the_help_gives_it() {
        assert_eq!(meaning(Exit::Config as u32), Some("the configuration is wrong"));
        assert_eq!(meaning(Exit::Interrupted as u32), Some("told twice to stop"));
        assert_eq!(meaning(1), None);
    }
}
