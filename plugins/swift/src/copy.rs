//! Copying inside Swift. What is in segments is copied segment by segment: two manifests never share one, because whoever
//! deletes an object deletes its segments.

use crate::{
    account::{Account, DLO, TRANSFER, is_slo},
    answer::{etag, text},
    client::{Call, escaped},
    manifest::{self, Entry},
    names::{Place, Stage},
    staged::AT_ONCE,
};
use casement_sdk::{Error, Kind, Result, Stat};
use futures_util::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use percent_encoding::percent_decode_str;
use reqwest::{
    Method,
    header::{HeaderMap, HeaderName},
};

const COPY_FROM: HeaderName = HeaderName::from_static("x-copy-from");
const COPY_FROM_ACCOUNT: HeaderName = HeaderName::from_static("x-copy-from-account");
/// Manifests in manifests: Swift itself goes ten deep.
const DEEPEST: u32 = 10;

/// A segment that is to be copied.
#[derive(Debug)]
struct Segment {
    from: Place,
    etag: String,
    size: u64,
}

impl Account {
    pub(crate) async fn copy(&self, from: &str, to: &str) -> Result<Stat> {
        let (source, target) = (self.names.for_reading(from)?, self.names.for_writing(to)?);
        let head = self.look_for(&source).await?.ok_or_else(|| Error::not_found(from))?;
        self.ensure(&target).await?;
        if self.look_for(&target).await?.is_some() {
            return Err(Error::exists(to));
        }
        let stage = Stage::new(target, &format!("copy-{:016x}", fastrand::u64(..)))?;
        let Some(segments) = self.segments(&source, &head).await? else {
            return self.copy_whole(&source, &stage, to).await;
        };
        let copied = self.copy_segments(segments, &stage).await;
        if copied.is_err()
            && let Err(error) = self.discard_stage(&stage).await
            && error.kind() != Kind::NotFound
        {
            tracing::warn!(%error, "what was copied in part is not removed; recovery will do it");
        }
        copied
    }

    async fn copy_whole(&self, source: &Place, stage: &Stage, to: &str) -> Result<Stat> {
        // A condition would be one on the source.
        let call = self.copy_call(source, &stage.place).header(TRANSFER, &stage.transfer);
        self.client.send(&call).await?.successful()?;
        self.stat(to).await
    }

    async fn copy_segments(&self, segments: Vec<Segment>, stage: &Stage) -> Result<Stat> {
        self.ensure_segments(&stage.place).await?;
        self.mark(stage).await?;
        let copies = segments.into_iter().zip(0..).map(|(segment, number)| async move {
            let to = stage.segment(number);
            self.patience.attempt("copying a segment", || self.copy_segment(&segment, &to)).await
        });
        let entries: Vec<_> = stream::iter(copies).buffered(AT_ONCE).try_collect().await?;
        let stat = self.publish_segments(stage, entries).await?;
        self.unmark(stage).await?;
        Ok(stat)
    }

    async fn copy_segment(&self, segment: &Segment, to: &Place) -> Result<Entry> {
        let answer = self.client.send(&self.copy_call(&segment.from, to)).await?.successful()?;
        if etag(answer.headers()).is_some_and(|told| told != segment.etag) {
            return Err(answer.unfit("the segment has become another"));
        }
        Ok(Entry {
            path: format!("/{}/{}", to.container, to.object),
            etag: segment.etag.clone(),
            size_bytes: segment.size,
        })
    }

    fn copy_call(&self, from: &Place, to: &Place) -> Call {
        let path = format!("/{}/{}", escaped(&from.container), escaped(&from.object));
        let call = Call::new(Method::PUT, to, format!("copying to `{}`", to.object)).header(COPY_FROM, &path);
        if from.account == to.account {
            return call;
        }
        call.header(COPY_FROM_ACCOUNT, from.account.as_deref().unwrap_or(self.accounts.own()))
    }

    /// The segments of a large object; `None` of a small one.
    async fn segments(&self, place: &Place, head: &HeaderMap) -> Result<Option<Vec<Segment>>> {
        if is_slo(head) {
            return self.segments_of_static(place.clone(), DEEPEST).await.map(Some);
        }
        let Some(manifest) = text(head, &DLO) else { return Ok(None) };
        let manifest = percent_decode_str(manifest).decode_utf8_lossy();
        let (container, prefix) = manifest.split_once('/').unwrap_or_default();
        let container = Place { account: place.account.clone(), ..Place::new(container, "") };
        let (mut found, mut pages) = (Vec::new(), self.pages(&container, prefix, ""));
        while let Some(page) = pages.next().await? {
            found.extend(page.objects.into_iter().map(|object| Segment {
                from: container.beside(object.name),
                etag: object.hash,
                size: object.bytes,
            }));
        }
        Ok(Some(found))
    }

    fn segments_of_static(&self, place: Place, deepest: u32) -> BoxFuture<'_, Result<Vec<Segment>>> {
        async move {
            let cannot = |why: &str| Err(Error::new(Kind::Unsupported, format!("copying `{}`: {why}", place.object)));
            let call = Call::new(Method::GET, &place, "reading a manifest").query("multipart-manifest", "get");
            let answer = self.client.send(&call).await?.successful()?;
            let garbage = answer.unfit("the server's answer is no manifest");
            let text = self.client.collect(answer, manifest::LARGEST_ANSWER).await?;
            let entries: Vec<manifest::Read> = serde_json::from_slice(&text).map_err(|_| garbage)?;
            let mut found = Vec::new();
            for entry in entries {
                if entry.range.is_some() || entry.data.is_some() {
                    return cannot("its manifest names parts of segments, or holds data itself");
                }
                let Some((container, object)) = entry.name.trim_start_matches('/').split_once('/') else {
                    return cannot("its manifest names a segment that can't be read");
                };
                let from = Place { account: place.account.clone(), ..Place::new(container, object) };
                match entry.sub_slo {
                    true if deepest == 0 => return cannot("its manifests go too deep"),
                    true => found.extend(self.segments_of_static(from, deepest - 1).await?),
                    false => found.push(Segment { from, etag: entry.hash, size: entry.bytes }),
                }
            }
            Ok(found)
        }
        .boxed()
    }
}
