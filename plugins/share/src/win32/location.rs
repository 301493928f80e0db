//! What `file:` URIs mean on Windows. RFC 8089 has `file:///C:/images/id` and, in appendix E, `file://server/share/id`;
//! others have written backslashes, no third slash, two slashes too many, or a bar for the colon.

use crate::Place;
use percent_encoding::percent_decode_str;

/// Readings of what follows `file:`, most likely first. Glance writes the path as it is: where the root itself has a `%`,
/// only the undecoded path lies in it. The key has none then.
pub(super) fn readings(rest: &str) -> Vec<Place> {
    let decoded: Vec<u8> = percent_decode_str(rest).collect();
    let raw = Some(rest.as_bytes()).filter(|raw| *raw != decoded);
    let plain_key = |place: &Place| place.names.last().is_some_and(|key| !key.contains(&b'%'));
    let raw = raw.and_then(reading).filter(plain_key);
    reading(&decoded).into_iter().chain(raw).collect()
}

/// No name holds a slash or a backslash, so the number of them in front tells all there is to know.
fn reading(rest: &[u8]) -> Option<Place> {
    let is_separator = |byte: &u8| matches!(byte, b'/' | b'\\');
    if rest.last().is_some_and(is_separator) {
        return None;
    }
    let leading = rest.iter().take_while(|byte| is_separator(byte)).count();
    let mut names = rest.split(|byte| is_separator(byte)).filter(|name| !name.is_empty()).peekable();

    if names.next_if_eq(&b"?".as_slice()).is_some() {
        if names.next_if(|name| name.eq_ignore_ascii_case(b"UNC")).is_some() {
            return on_server(names);
        }
    } else if leading == 2 {
        let mut after_host = names.clone().skip(1);
        if after_host.next().is_some_and(|name| drive(name).is_some()) {
            names.next_if(|name| name.eq_ignore_ascii_case(b"localhost"));
        }
    }
    match names.peek().and_then(|name| drive(name)) {
        Some(drive) => {
            let names = std::iter::once(drive).chain(names.skip(1).map(<[u8]>::to_vec));
            Some(Place { host: String::new(), names: names.collect() })
        }
        // `file:/a` and `file:///a` have no host and, here, mean nothing.
        None if matches!(leading, 0 | 1 | 3) => None,
        None => on_server(names),
    }
}

fn on_server<'r>(mut names: impl Iterator<Item = &'r [u8]>) -> Option<Place> {
    let host = String::from_utf8(names.next()?.to_vec()).ok()?;
    Some(Place { host, names: names.map(<[u8]>::to_vec).collect() })
}

/// `C:` of `C:` or `C|`.
fn drive(name: &[u8]) -> Option<Vec<u8>> {
    match name {
        [letter, b':' | b'|'] if letter.is_ascii_alphabetic() => Some(vec![*letter, b':']),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(rest: &str) -> Vec<(String, Vec<String>)> {
        let name = |name: Vec<u8>| String::from_utf8(name).unwrap();
        readings(rest).into_iter().map(|place| (place.host, place.names.into_iter().map(name).collect())).collect()
    }

    fn local(names: &[&str]) -> (String, Vec<String>) {
        on("", names)
    }

    fn on(host: &str, names: &[&str]) -> (String, Vec<String>) {
        (host.to_owned(), names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_drive_is_found_in_every_spelling() {
        for rest in [
            "///C:/x/id",
            "/C:/x/id",
            "C:/x/id",
            "//localhost/C:/x/id",
            r"//C:\x\id",
            r"///C:\x\id",
            "//C:/x/id",
            "///C|/x/id",
            r"//\\?\C:\x\id",
            r"///\\?\C:\x\id",
            "///C%3A/x/id",
            "///C%7C/x/id",
            "//C:%5Cx%5Cid",
        ] {
            assert_eq!(read(rest)[0], local(&["C:", "x", "id"]), "{rest}");
        }
    }

    #[test]
    fn a_share_is_found_in_every_spelling() {
        for rest in [
            "//srv/share/x/id",
            "////srv/share/x/id",
            "/////srv/share/x/id",
            r"//\\srv\share\x\id",
            r"///\\srv\share\x\id",
            r"\\srv\share\x\id",
            r"//\\?\UNC\srv\share\x\id",
            "//%5C%5Csrv%5Cshare%5Cx%5Cid",
        ] {
            assert_eq!(read(rest)[0], on("srv", &["share", "x", "id"]), "{rest}");
        }
        assert_eq!(read("//localhost/share/id"), [on("localhost", &["share", "id"])]);
    }

    #[test]
    fn a_path_is_read_decoded_first_and_then_as_it_stands() {
        assert_eq!(read("///C:/a%20b/id"), [local(&["C:", "a b", "id"]), local(&["C:", "a%20b", "id"])]);
        assert_eq!(read("///C:/a/i%20d"), [local(&["C:", "a", "i d"])]);
    }

    #[test]
    fn a_path_of_another_system_means_nothing_here() {
        assert_eq!(read("///var/lib/glance/id"), []);
        assert_eq!(read("/var/id"), []);
        assert_eq!(read("var/id"), []);
        assert_eq!(read(""), []);
        assert_eq!(read("//"), []);
        // A directory's name.
        assert_eq!(read("///C:/images/id/"), []);
    }
}
