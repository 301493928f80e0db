//! What is in a container, a page at a time.

use crate::{account::Account, answer, client::Call, names::Place};
use casement_sdk::{Error, Kind, Result};
use reqwest::{Method, header::DATE};
use serde::Deserialize;
use time::{OffsetDateTime, PrimitiveDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// Names on one page.
const PAGE: usize = 1000;
/// A page of the longest names.
const LARGEST_PAGE: usize = 16 << 20;
const STAMP: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond]");

/// One object of a listing.
#[derive(Debug, Deserialize)]
pub(crate) struct Listed {
    /// Empty for what is no object.
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) bytes: u64,
    /// MD5 in hex.
    #[serde(default)]
    pub(crate) hash: String,
    #[serde(default)]
    last_modified: String,
}

impl Listed {
    pub(crate) fn modified(&self) -> Option<OffsetDateTime> {
        PrimitiveDateTime::parse(&self.last_modified, STAMP).ok().map(PrimitiveDateTime::assume_utc)
    }
}

/// What is wanted of a container.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub(crate) prefix: String,
    /// Only behind this name.
    pub(crate) after: String,
    /// Only so many, the last ones first.
    pub(crate) last: Option<usize>,
}

/// A page, and when it was written by the server's clock.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) objects: Vec<Listed>,
    pub(crate) at: Option<OffsetDateTime>,
}

impl Account {
    /// An empty page is the end, and the page of a container that is not there.
    pub(crate) async fn page(&self, container: &Place, wanted: &Wanted) -> Result<Page> {
        let container = container.beside("");
        let what = format!("listing the container `{}`", container.container);
        let mut call = Call::new(Method::GET, &container, what)
            .query("format", "json")
            .query("prefix", &*wanted.prefix)
            .query("limit", wanted.last.unwrap_or(PAGE).to_string());
        if !wanted.after.is_empty() {
            call = call.query("marker", &*wanted.after);
        }
        if wanted.last.is_some() {
            call = call.query("reverse", "true");
        }
        let answer = match self.client.send(&call).await?.successful() {
            Err(error) if error.kind() == Kind::NotFound => return Ok(Page { objects: Vec::new(), at: None }),
            answer => answer?,
        };
        let at = answer::date(answer.headers(), &DATE);
        let garbage = answer.unfit("the server's answer is no listing");
        let text = self.client.collect(answer, LARGEST_PAGE).await?;
        // Some answer 204 to what is empty.
        let objects = if text.is_empty() { Vec::new() } else { serde_json::from_slice(&text).map_err(|_| garbage)? };
        Ok(Page { objects, at })
    }

    pub(crate) fn pages(&self, container: &Place, prefix: &str, after: &str) -> Pages<'_> {
        let wanted = Wanted { prefix: prefix.to_owned(), after: after.to_owned(), last: None };
        Pages { account: self, container: container.beside(""), wanted }
    }
}

/// A listing page by page.
pub(crate) struct Pages<'a> {
    account: &'a Account,
    container: Place,
    wanted: Wanted,
}

impl Pages<'_> {
    /// `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Page>> {
        let page = self.account.page(&self.container, &self.wanted).await?;
        let Some(last) = page.objects.last() else { return Ok(None) };
        if last.name <= self.wanted.after {
            return Err(Error::new(Kind::Corrupt, "the server lists the same names again and again"));
        }
        self.wanted.after.clone_from(&last.name);
        Ok(Some(page))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_listing_is_read_as_swift_writes_it() {
        let text = r#"[{"name": "a", "bytes": 3, "hash": "x", "content_type": "y", "last_modified": "2026-11-25T22:30:06.123450"},
            {"subdir": "b/"}]"#;
        let listed: Vec<Listed> = serde_json::from_str(text).unwrap();
        assert_eq!((listed[0].name.as_str(), listed[0].bytes), ("a", 3));
        assert_eq!(listed[0].modified().unwrap().unix_timestamp_nanos() / 1_000_000, 1_795_645_806_123);
        assert!(listed[1].name.is_empty() && listed[1].modified().is_none());
    }
}
