//! From a key to a location URI, and back. The only place that judges either; what a path means is the file system's to
//! say.

use crate::{Class, Error, FileSystem, Result, keys};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// What stays as it is in the path of a URI: RFC 3986's `pchar`.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// A path as RFC 8089 knows it: a host, empty for this one, and the names that lead to a file or directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub host: String,
    pub names: Vec<Vec<u8>>,
}

/// `file:///root/key`, or `file://server/share/key`
pub(crate) fn format(fs: &impl FileSystem, root: &str, key: &str) -> Result<String> {
    keys::check_for_writing(fs, key)?;
    let Place { host, names } = fs.place(root);
    let mut uri = format!("file://{host}");
    for name in names.iter().map(Vec::as_slice).chain([key.as_bytes()]) {
        uri.push('/');
        uri.extend(percent_encode(name, ESCAPED));
    }
    Ok(uri)
}

/// The inverse of [`format()`], also of spellings that others have written: the key of what lies in one of the roots.
pub(crate) fn parse(fs: &impl FileSystem, roots: &[&str], uri: &str) -> Result<String> {
    let (scheme, rest) = uri.split_once(':').unwrap_or(("", uri));
    if !["file", "filesystem"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        let message = format!("`{uri}` is not the location of a file: it should start with `file:///`");
        return Err(Error::new(Class::Unsupported, message));
    }
    let places: Vec<Place> = roots.iter().map(|root| fs.place(root)).collect();
    for reading in fs.readings(rest) {
        if let Some(key) = places.iter().find_map(|root| key_below(fs, root, &reading)) {
            return Ok(key);
        }
    }
    let message = format!("`{uri}` does not lie in {}", keys::quoted(roots));
    Err(Error::new(Class::NotFound, message))
}

/// Whether two roots lie in one place.
pub(crate) fn are_one(fs: &impl FileSystem, one: &str, other: &str) -> bool {
    let (one, other) = (fs.place(one), fs.place(other));
    leads_to(fs, &one.host, &one.names, &other)
}

fn leads_to(fs: &impl FileSystem, host: &str, names: &[Vec<u8>], root: &Place) -> bool {
    names.len() == root.names.len()
        && host.eq_ignore_ascii_case(&root.host)
        && names.iter().zip(&root.names).all(|(one, other)| fs.same_name(one, other))
}

/// The last name of `reading` if it is a key and all before it are the root's. A `..` is never resolved: it equals no
/// name of a root and is no key.
fn key_below(fs: &impl FileSystem, root: &Place, reading: &Place) -> Option<String> {
    let (key, directory) = reading.names.split_last()?;
    let key = std::str::from_utf8(key).ok()?;
    (leads_to(fs, &reading.host, directory, root) && keys::is_key(fs, key)).then(|| key.to_owned())
}
