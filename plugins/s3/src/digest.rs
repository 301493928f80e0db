//! How it is known that what arrived is what was sent: by a checksum that the service repeats, and by the ETag where that
//! is an MD5.

use crate::Checksum;
use base64::{Engine, prelude::BASE64_STANDARD};
use casement_object::Part;
use casement_sdk::{Error, Kind, Result};
use md5::{Digest, Md5};
use sha2::Sha256;

/// The checksums of a part, as they go into headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) crc32: Option<String>,
    pub(crate) sha256: Option<String>,
}

impl Sums {
    pub(crate) async fn of(part: &Part, checksum: Checksum) -> Result<Self> {
        Ok(match checksum {
            Checksum::None => Self::default(),
            // Faster than handing it to another thread.
            Checksum::Crc32 => Self { crc32: Some(crc32(part)), sha256: None },
            Checksum::Sha256 => {
                Self { crc32: None, sha256: Some(aside(part, |part| base64(&hash::<Sha256>(part))).await?) }
            }
        })
    }

    /// Whether the service has computed the same. `None` when it does not say.
    pub(crate) fn are_confirmed(&self, crc32: Option<&str>, sha256: Option<&str>) -> Option<bool> {
        let pairs = [(self.crc32.as_deref(), crc32), (self.sha256.as_deref(), sha256)];
        pairs.into_iter().find_map(|(ours, theirs)| Some(ours? == theirs?))
    }
}

/// Whether the ETag is the MD5 of the part. `None` where it is none: data that is encrypted has others.
pub(crate) async fn is_etag_of(part: &Part, etag: Option<&str>) -> Result<Option<bool>> {
    let Some(theirs) = etag.and_then(md5_in) else { return Ok(None) };
    Ok(Some(aside(part, hash::<Md5>).await? == theirs))
}

/// The ETag of a part that is not encrypted.
pub(crate) async fn md5(part: &Part) -> Result<String> {
    Ok(hex::encode(aside(part, hash::<Md5>).await?))
}

/// The MD5 that an ETag is.
fn md5_in(etag: &str) -> Option<Vec<u8>> {
    let digits = etag.trim_matches('"');
    hex::decode(digits).ok().filter(|bytes| bytes.len() == 16)
}

/// The ETag of an object that was made of parts, by theirs; `None` where they are no MD5s.
pub(crate) fn etag_of_parts<'a>(etags: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut of_all = Md5::new();
    let mut count = 0u32;
    for etag in etags {
        of_all.update(md5_in(etag)?);
        count += 1;
    }
    Some(format!("{}-{count}", hex::encode(of_all.finalize())))
}

/// Whether two ETags of objects that were made of parts are the same. `None` where one of them is of another kind.
pub(crate) fn are_same_parts(expected: Option<&str>, etag: Option<&str>) -> Option<bool> {
    let (expected, etag) = (expected?, etag?.trim_matches('"'));
    let (digits, count) = etag.split_once('-')?;
    let is_one = digits.len() == 32 && hex::decode(digits).is_ok() && count.parse::<u32>().is_ok();
    is_one.then(|| etag.eq_ignore_ascii_case(expected))
}

fn crc32(part: &Part) -> String {
    let mut sum = crc32fast::Hasher::new();
    for chunk in part.chunks() {
        sum.update(chunk);
    }
    base64(&sum.finalize().to_be_bytes())
}

fn hash<D: Digest>(part: &Part) -> Vec<u8> {
    let mut digest = D::new();
    for chunk in part.chunks() {
        digest.update(chunk);
    }
    digest.finalize().to_vec()
}

fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

/// Hashing takes milliseconds that other transfers need not wait for.
async fn aside<T: Send + 'static>(part: &Part, hash: impl FnOnce(&Part) -> T + Send + 'static) -> Result<T> {
    let part = part.clone();
    tokio::task::spawn_blocking(move || hash(&part))
        .await
        .map_err(|error| Error::new(Kind::Internal, format!("a checksum came to no end: {error}")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn part(chunks: &[&'static str]) -> Part {
        let mut part = Part::default();
        chunks.iter().for_each(|chunk| part.push((*chunk).into()));
        part
    }

    #[tokio::test]
    async fn checksums_are_those_that_s3_computes() {
        let abc = part(&["a", "bc"]);
        let sums = Sums::of(&abc, Checksum::Crc32).await.unwrap();
        assert_eq!(sums.crc32.as_deref(), Some("NSRBwg=="));
        assert_eq!(sums.are_confirmed(Some("NSRBwg=="), None), Some(true));
        assert_eq!(sums.are_confirmed(Some("AAAAAA=="), None), Some(false));
        assert_eq!(sums.are_confirmed(None, Some("x")), None);
        let sums = Sums::of(&abc, Checksum::Sha256).await.unwrap();
        assert_eq!(sums.sha256.as_deref(), Some("ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="));
        assert_eq!(Sums::of(&abc, Checksum::None).await.unwrap(), Sums::default());
    }

    #[tokio::test]
    async fn an_etag_counts_where_it_is_an_md5() {
        let abc = part(&["ab", "c"]);
        let same = |etag| is_etag_of(&abc, etag);
        assert_eq!(same(Some("\"900150983cd24fb0d6963f7d28e17f72\"")).await.unwrap(), Some(true));
        assert_eq!(same(Some("\"000150983cd24fb0d6963f7d28e17f72\"")).await.unwrap(), Some(false));
        for other in [Some("\"900150983cd24fb0d6963f7d28e17f72-1\""), Some("\"v1\""), None] {
            assert_eq!(same(other).await.unwrap(), None, "{other:?}");
        }
    }

    #[test]
    fn the_etag_of_an_object_is_that_of_its_parts_together() {
        let parts = ["\"900150983cd24fb0d6963f7d28e17f72\"", "\"d41d8cd98f00b204e9800998ecf8427e\""];
        let expected = etag_of_parts(parts.into_iter()).unwrap();
        assert!(expected.ends_with("-2"));
        assert_eq!(are_same_parts(Some(&expected), Some(&format!("\"{expected}\""))), Some(true));
        assert_eq!(are_same_parts(Some(&expected), Some("\"900150983cd24fb0d6963f7d28e17f72-2\"")), Some(false));
        assert_eq!(are_same_parts(Some(&expected), Some("\"opaque\"")), None);
        assert_eq!(etag_of_parts(["\"opaque\""].into_iter()), None);
    }
}
