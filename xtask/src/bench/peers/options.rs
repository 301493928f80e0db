//! What of a run can be chosen.

use crate::Result;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) rounds: usize,
    /// These rows alone, by their names; all where it is empty.
    pub(super) only: Vec<String>,
    pub(super) sizes: Sizes,
}

/// How much work each row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    /// Bytes of the one image.
    pub(super) image: u64,
    /// Bytes of each of eight images.
    pub(super) part: u64,
    /// Milliseconds for which small requests are made.
    pub(super) millis: u64,
    /// Slow downloads.
    pub(super) slow: usize,
    /// Images in the catalogs whose lists are compared, the first of which is what the others are held against.
    pub(super) catalogs: [u64; 3],
}

const WHOLE: Sizes =
    Sizes { image: 1 << 30, part: 256 << 20, millis: 3000, slow: 1000, catalogs: [1000, 100_000, 1_000_000] };
/// To see that all of it works.
const QUICK: Sizes =
    Sizes { image: 64 << 20, part: 16 << 20, millis: 500, slow: 100, catalogs: [1000, 10_000, 20_000] };

impl Options {
    pub(super) fn parse(args: &[&str]) -> Result<Self> {
        let mut options = Self { rounds: 5, only: Vec::new(), sizes: WHOLE };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} wants a value"));
            match *arg {
                "--rounds" => {
                    let rounds = value()?.parse().ok().filter(|rounds| *rounds > 0);
                    options.rounds = rounds.ok_or("--rounds wants a number from 1 on")?;
                }
                "--only" => options.only.extend(value()?.split(',').map(str::to_owned)),
                "--quick" => options.sizes = QUICK,
                _ => return Err(format!("{arg} is no option; there are --rounds N, --only NAME,NAME and --quick")),
            }
        }
        Ok(options)
    }

    pub(super) fn wants(&self, row: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == row)
    }

    /// Whether the figures are those that are written down.
    pub(super) fn is_whole(&self) -> bool {
        self.only.is_empty() && self.sizes == WHOLE
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_run_is_whole_unless_something_is_left_out() {
        assert!(Options::parse(&[]).unwrap().is_whole());
        assert!(Options::parse(&["--rounds", "7"]).unwrap().is_whole());
        assert!(!Options::parse(&["--only", "upload"]).unwrap().is_whole());
        assert!(!Options::parse(&["--quick"]).unwrap().is_whole());
    }

    #[test]
    fn some_rows_can_be_asked_for() {
        let options = Options::parse(&["--rounds", "2", "--only", "upload,list"]).unwrap();
        assert_eq!(options.rounds, 2);
        assert!(options.wants("upload") && options.wants("list") && !options.wants("download"));
    }

    #[test]
    fn what_is_no_option_is_refused() {
        for wrong in [&["--rounds"] as &[&str], &["--rounds", "0"], &["--rounds", "many"], &["upload"]] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
