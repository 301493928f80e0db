//! Deleting: small objects, and large ones with their segments, whoever wrote them.

use crate::{
    account::{Account, DLO, TRANSFER, is_slo},
    answer::text,
    client::Call,
    names::{Place, Stage},
};
use casement_sdk::{Error, Kind, Result};
use percent_encoding::percent_decode_str;
use reqwest::{
    Method, StatusCode,
    header::{ACCEPT, HeaderMap},
};
use serde::Deserialize;

/// The report of a deletion names what failed, a thousand objects at the most.
const LARGEST_REPORT: usize = 4 << 20;

/// The container and the prefix of the segments of a large object, where they can be told from those of others.
pub(crate) fn segments_of(headers: &HeaderMap, place: &Place) -> Option<String> {
    if is_slo(headers) {
        let stage = Stage::new(place.clone(), text(headers, &TRANSFER)?).ok()?;
        return Some(format!("{}/{}", place.segments().container, stage.prefix()));
    }
    let manifest = percent_decode_str(text(headers, &DLO)?).decode_utf8().ok()?;
    let (_, prefix) = manifest.split_once('/')?;
    // Glance has `<container>/<image id>-` there, Swift's own client `<container>/<object>/…`. Under any other prefix may
    // lie what is somebody else's.
    let is_own = prefix.strip_prefix(&*place.object).is_some_and(|rest| rest.starts_with(['-', '/']));
    is_own.then(|| manifest.into_owned())
}

/// What Swift says of a deletion of many objects.
#[derive(Deserialize)]
struct Report {
    #[serde(rename = "Response Status")]
    status: String,
    #[serde(rename = "Errors", default)]
    errors: Vec<(String, String)>,
}

impl Account {
    pub(crate) async fn delete(&self, key: &str) -> Result<()> {
        let place = self.names.for_reading(key)?;
        self.committed(&place).await?;
        let Some(headers) = self.look_for(&place).await? else {
            // A write that is still under way somewhere is older than this, and so comes too late.
            self.remove_one(&place).await?;
            return Err(Error::not_found(key));
        };
        match segments_of(&headers, &place) {
            Some(segments) => self.delete_with_segments(&place, &segments).await?,
            None if is_slo(&headers) => self.delete_by_swift(&place, key).await?,
            None => {
                if headers.contains_key(DLO) {
                    tracing::warn!(key, "only the manifest is deleted: its segments may be those of other objects too");
                }
                self.remove_one(&place).await?;
            }
        }
        self.drop_own_containers(&place).await
    }

    /// The manifest goes first, so that nobody reads a part of the object; the mark tells what is left to do.
    async fn delete_with_segments(&self, place: &Place, segments: &str) -> Result<()> {
        let name = format!("delete-{:016x}", fastrand::u64(..));
        let stage = Stage::new(place.clone(), &name)?;
        self.mark_deletion(&stage, segments).await?;
        self.remove_one(place).await?;
        self.remove_segments(place, segments).await?;
        self.unmark(&stage).await
    }

    /// All objects whose names begin so, in the account of `place`.
    pub(crate) async fn remove_segments(&self, place: &Place, segments: &str) -> Result<()> {
        let Some((container, prefix)) = segments.split_once('/').filter(|(_, prefix)| !prefix.is_empty()) else {
            return Ok(());
        };
        let container = Place { account: place.account.clone(), ..Place::new(container, "") };
        let mut pages = self.pages(&container, prefix, "");
        while let Some(page) = pages.next().await? {
            let objects = page.objects.into_iter().map(|object| object.name).filter(|name| !name.is_empty());
            self.remove_all(objects.map(|name| container.beside(name)).collect::<Vec<_>>()).await?;
        }
        Ok(())
    }

    /// Segments that somebody else has named are known to the manifest alone.
    async fn delete_by_swift(&self, place: &Place, key: &str) -> Result<()> {
        let what = format!("deleting `{key}` with its segments");
        let call = Call::new(Method::DELETE, place, &*what)
            .query("multipart-manifest", "delete")
            .header(ACCEPT, "application/json");
        let answer = self.client.send(&call).await?.successful()?;
        if answer.status() == StatusCode::NO_CONTENT {
            return Ok(());
        }
        let garbage = answer.unfit("the server's answer is no report");
        let text = self.client.collect(answer, LARGEST_REPORT).await?;
        let report: Report = serde_json::from_slice(&text).map_err(|_| garbage)?;
        // What is not there any more does not count as an error.
        if report.status.starts_with("200") && report.errors.is_empty() {
            return Ok(());
        }
        let first = report.errors.first().map_or(&*report.status, |(_, status)| status);
        Err(Error::new(Kind::Unavailable, format!("{what}: {} objects are left ({first})", report.errors.len())))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::account::SLO;
    use reqwest::header::HeaderName;

    fn segments(headers: &[(HeaderName, &str)]) -> Option<String> {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        segments_of(&headers, &Place::new("glance", "a"))
    }

    #[test]
    fn segments_are_found_that_are_the_objects_own() {
        let own = [(SLO, "True"), (TRANSFER, "t-1")];
        assert_eq!(segments(&own).as_deref(), Some("glance_segments/a/t-1/"));
        assert_eq!(segments(&[(DLO, "glance/a-")]).as_deref(), Some("glance/a-"));
        assert_eq!(segments(&[(DLO, "glance%5Fx/a/1/2/3/")]).as_deref(), Some("glance_x/a/1/2/3/"));
        for foreign in ["glance/", "glance/a", "glance/ab", "glance/b-", "glance", ""] {
            assert_eq!(segments(&[(DLO, foreign)]), None, "{foreign}");
        }
        assert_eq!(segments(&[(SLO, "True")]), None);
        assert_eq!(segments(&[]), None);
    }
}
