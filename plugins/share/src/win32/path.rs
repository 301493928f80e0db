//! A root as text: read in the spellings that people use, written in one, and told how to write it where it makes no sense.

use super::names;
use crate::{Class, Error, Place, Result};
use std::fmt;

/// An absolute path that a root can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Root {
    base: Base,
    names: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Base {
    Drive(char),
    Share { host: String, share: String },
}

/// Shown where a path is refused.
const HINT: &str = "between single quotes TOML takes a backslash as it is";
/// What the longest path can have, in UTF-16 units ("Maximum Path Length Limitation"), less what a store adds.
const LONGEST: usize = 32_000;

impl Root {
    pub(super) fn parse(text: &str) -> Result<Self> {
        if let Some(char) = text.chars().find(|char| char.is_control()) {
            return refuse_spoilt(text, char);
        }
        let path = text.replace('/', "\\");
        let (base, rest) = base(text, &path)?;
        let names: Vec<String> =
            rest.split('\\').filter(|name| !matches!(*name, "" | ".")).map(str::to_owned).collect();
        if let Some((name, objection)) = names.iter().find_map(|name| Some((name, names::objection(name)?))) {
            return match name.as_str() {
                ".." => refuse(text, "leads upwards with `..`: write the directory that is meant"),
                _ => refuse(text, &format!("cannot be a path: `{name}` in it {objection}")),
            };
        }
        let root = Self { base, names };
        if root.to_string().encode_utf16().count() > LONGEST {
            return refuse(text, "is too long for Windows");
        }
        Ok(root)
    }

    /// The form in which Windows takes the path as it is, also beyond 260 characters.
    pub(super) fn extended(&self) -> String {
        match &self.base {
            Base::Drive(_) => format!(r"\\?\{self}"),
            Base::Share { .. } => format!(r"\\?\UNC\{}", self.to_string().trim_start_matches('\\')),
        }
    }

    /// `\\server\share`
    pub(super) fn share(&self) -> Option<String> {
        match &self.base {
            Base::Drive(_) => None,
            Base::Share { host, share } => Some(format!(r"\\{host}\{share}")),
        }
    }

    pub(super) fn place(&self) -> Place {
        let (host, first) = match &self.base {
            Base::Drive(letter) => (String::new(), format!("{letter}:")),
            Base::Share { host, share } => (host.clone(), share.clone()),
        };
        let names = [&first].into_iter().chain(&self.names);
        Place { host, names: names.map(|name| name.clone().into_bytes()).collect() }
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.base {
            Base::Drive(letter) if self.names.is_empty() => write!(f, r"{letter}:\"),
            Base::Drive(letter) => write!(f, r"{letter}:\{}", self.names.join(r"\")),
            Base::Share { host, share } => {
                write!(f, r"\\{host}\{share}")?;
                self.names.iter().try_for_each(|name| write!(f, r"\{name}"))
            }
        }
    }
}

/// What a path, with backslashes alone, starts from; and the rest of it.
fn base<'p>(text: &str, path: &'p str) -> Result<(Base, &'p str)> {
    let leading = path.len() - path.trim_start_matches('\\').len();
    if let Some(rest) = path.strip_prefix(r"\\?\") {
        return match rest.get(..4) {
            Some(unc) if unc.eq_ignore_ascii_case(r"UNC\") => share(text, &rest[4..]),
            _ => drive(text, rest).unwrap_or_else(|| {
                refuse(
                    text,
                    r"names a volume in a way that has no location URI: write a drive, as in 'C:\images', or a share",
                )
            }),
        };
    }
    match leading {
        0 => drive(text, path).unwrap_or_else(|| {
            refuse(text, &format!(r"is not absolute: write the whole path with its drive, as in '{}'", whole(path)))
        }),
        1 => refuse(
            text,
            &format!(
                r"has no drive: write 'C:{path}', or '\{path}' if its first name is that of a file server ({HINT})"
            ),
        ),
        2 if path.starts_with(r"\\.\") => refuse(text, "is a device and no directory"),
        2 => share(text, &path[2..]),
        _ => {
            let right = path.split('\\').filter(|name| !name.is_empty()).collect::<Vec<_>>().join(r"\");
            refuse(text, &format!(r"starts with {leading} backslashes: write '\\{right}' ({HINT})"))
        }
    }
}

/// A path that a relative one may mean.
fn whole(path: &str) -> String {
    let path = path.strip_prefix(r".\").unwrap_or(path);
    format!(r"C:\{}", path.trim_start_matches(r"..\"))
}

/// `None` if the path does not start with a drive.
fn drive<'p>(text: &str, path: &'p str) -> Option<Result<(Base, &'p str)>> {
    let mut chars = path.chars();
    let letter = chars.next().filter(char::is_ascii_alphabetic)?.to_ascii_uppercase();
    if chars.next() != Some(':') {
        return None;
    }
    let rest = chars.as_str();
    Some(match rest.strip_prefix('\\') {
        Some(rest) => Ok((Base::Drive(letter), rest)),
        None => {
            refuse(text, &format!(r"depends on the current directory of the drive: write '{letter}:\{rest}' ({HINT})"))
        }
    })
}

/// What follows the two backslashes of a share.
fn share<'p>(text: &str, path: &'p str) -> Result<(Base, &'p str)> {
    let mut parts = path.splitn(3, '\\');
    let (host, share) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if share.is_empty() {
        return refuse(text, &format!(r"names no share: write '\\{host}\share', with the name of the share"));
    }
    for name in [host, share] {
        if let Some(objection) = names::objection(name) {
            return refuse(text, &format!("cannot be a share: `{name}` in it {objection}"));
        }
    }
    let base = Base::Share { host: host.to_owned(), share: share.to_owned() };
    Ok((base, parts.next().unwrap_or_default()))
}

/// A control character stands where a person wrote a backslash and a letter between double quotes.
fn refuse_spoilt<T>(text: &str, char: char) -> Result<T> {
    let shown: String = text.chars().map(|char| unescaped(char).unwrap_or_else(|| char.to_string())).collect();
    // `"\\srv\temp"` lost the first of its two backslashes too.
    let shown = match shown.strip_prefix('\\') {
        Some(rest) if !rest.starts_with('\\') => format!(r"\\{rest}"),
        _ => shown,
    };
    let message = match unescaped(char) {
        Some(escape) => format!(
            "the root holds a control character, which `{escape}` between double quotes means in TOML: \
             write root = '{shown}' ({HINT})"
        ),
        None => "the root holds a control character, which no file name can have".into(),
    };
    Err(Error::new(Class::Config, message))
}

/// What TOML reads as this control character.
fn unescaped(char: char) -> Option<String> {
    let letter = match char {
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        _ => return None,
    };
    Some(format!(r"\{letter}"))
}

fn refuse<T>(text: &str, why: &str) -> Result<T> {
    Err(Error::new(Class::Config, format!("the root `{text}` {why}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn refused(text: &str) -> String {
        let error = Root::parse(text).unwrap_err();
        assert_eq!(error.class(), Class::Config);
        error.to_string()
    }

    #[test]
    fn spellings_of_one_root_become_one() {
        let spellings = [
            (r"C:\images", r"C:\images", r"\\?\C:\images"),
            ("c:/images/", r"C:\images", r"\\?\C:\images"),
            (r"C:\\images\.\a\\", r"C:\images\a", r"\\?\C:\images\a"),
            (r"\\?\c:\images", r"C:\images", r"\\?\C:\images"),
            (r"D:\", r"D:\", r"\\?\D:\"),
            (r"\\srv\share", r"\\srv\share", r"\\?\UNC\srv\share"),
            ("//srv.example.org/share$/a b/", r"\\srv.example.org\share$\a b", r"\\?\UNC\srv.example.org\share$\a b"),
            (r"\\?\unc\srv\share\a", r"\\srv\share\a", r"\\?\UNC\srv\share\a"),
            (r"\\?\UNC/srv/share/a", r"\\srv\share\a", r"\\?\UNC\srv\share\a"),
        ];
        for (text, shown, extended) in spellings {
            let root = Root::parse(text).unwrap();
            assert_eq!((root.to_string().as_str(), root.extended().as_str()), (shown, extended), "{text}");
        }
    }

    #[test]
    fn a_root_that_an_escape_of_toml_has_spoilt_is_told_the_right_spelling() {
        let spoilt = [
            ("C:\temp", r"root = 'C:\temp'"),
            ("C:\new\table", r"root = 'C:\new\table'"),
            ("C:\u{8}ackup", r"root = 'C:\backup'"),
            ("D:\u{c}iles\root", r"root = 'D:\files\root'"),
            ("E:\u{1b}sx", r"root = 'E:\esx'"),
            ("\\srv\temp", r"root = '\\srv\temp'"),
            ("\\\\srv\temp", r"root = '\\srv\temp'"),
        ];
        for (text, right) in spoilt {
            assert!(refused(text).contains(right), "{}", refused(text));
        }
        assert!(refused("C:\\a\u{7}").contains("no file name can have"));
    }

    #[test]
    fn wrong_numbers_of_backslashes_are_told_the_right_one() {
        let one = refused(r"\srv\share");
        assert!(one.contains(r"'C:\srv\share'") && one.contains(r"'\\srv\share'"), "{one}");
        assert!(refused(r"\\\srv\share").contains(r"write '\\srv\share'"));
        assert!(refused(r"\\\\srv\\share").contains(r"write '\\srv\share'"));
        assert!(refused(r"\\srv").contains(r"'\\srv\share'"));
        assert!(refused(r"\\srv\\share").contains("names no share"));
    }

    #[test]
    fn what_depends_on_a_current_directory_is_told_the_whole_path() {
        assert!(refused("C:images").contains(r"'C:\images'"));
        assert!(refused("C:").contains(r"'C:\'"));
        assert!(refused("images").contains(r"'C:\images'"));
        assert!(refused(r".\images").contains(r"'C:\images'"));
        assert!(refused("/srv/images").contains(r"'C:\srv\images'"));
        assert!(refused("").contains("is not absolute"));
    }

    #[test]
    fn what_is_no_directory_is_refused() {
        for text in [
            r"C:\a\..\b",
            r"C:\a\CON",
            r"C:\nul.txt\a",
            r"C:\images ",
            r"C:\images.\a",
            r"C:\images:stream",
            r"C:\a*",
            r"\\.\COM1",
            r"\\.\PhysicalDrive0",
            r"\\?\Volume{6dd2bb80-3bd5-4d16-8a7f-2a6d8d0e7c4c}\a",
            r"\\srv:445\share",
            r"\\?\UNC\srv",
        ] {
            refused(text);
        }
        refused(&format!(r"C:\{}", r"a\".repeat(20_000)));
    }

    #[test]
    fn a_long_path_is_no_other_than_a_short_one() {
        let deep = format!(r"C:\{}", ["a"; 200].join(r"\"));
        assert_eq!(Root::parse(&deep).unwrap().extended(), format!(r"\\?\{deep}"));
    }
}
