//! Copies inside the bucket: the service moves the bytes.

use crate::{
    Checksum,
    client::Client,
    multipart::{LARGEST_PART, MOST_PARTS, Upload},
};
use casement_object::{PartSizes, Patience};
use casement_sdk::{Error, Kind, Result, Stat};
use futures_util::{StreamExt, TryStreamExt, stream};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Larger objects are copied in parts of this size. Amazon takes 5 GiB at once; but a service copies smaller ones side by
/// side, and none of them takes long.
const PART: u64 = 128 << 20;
const SIDE_BY_SIDE: usize = 4;
/// What stands in a path as it is.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

impl Client {
    pub(crate) async fn copy(&self, from: &str, to: &str, patience: Patience) -> Result<Stat> {
        let source = self.find(from).await?;
        self.must_be_free(to).await?;
        if source.size <= PART {
            let copy = || self.copy_at_once(from, to, &source);
            return patience.attempt("copying the image", copy).await;
        }
        let upload = Upload::begin(self, to, Checksum::None, patience).await?;
        let copied = self.copy_in_parts(from, &source, &upload, patience).await;
        if copied.is_err()
            && let Err(error) = upload.abort().await
        {
            tracing::debug!(to, %error, "a failed copy was not aborted; recovery will");
        }
        copied
    }

    fn source(&self, key: &str) -> String {
        format!("{}/{}", self.bucket(), utf8_percent_encode(key, IN_PATH))
    }

    async fn copy_at_once(&self, from: &str, to: &str, source: &Stat) -> Result<Stat> {
        let copy = self
            .s3()
            .copy_object()
            .bucket(self.bucket())
            .key(to)
            .copy_source(self.source(from))
            .set_copy_source_if_match(source.etag.clone())
            .set_if_none_match(self.if_none_match());
        let etag = match self.call_within(self.timeouts().part(source.size), copy.send()).await {
            Ok(answer) => answer.copy_object_result().and_then(|copy| copy.e_tag()).unwrap_or_default().to_owned(),
            Err(failure) if self.refuses_conditions(&failure) => return Err(failure.error.with_retryable(true)),
            // It may have been copied; then there is something that was not there before.
            Err(failure) if failure.may_be_done && self.look(to).await?.is_some() => String::new(),
            Err(failure) => return Err(failure.error),
        };
        match self.find(to).await? {
            found if found.size == source.size => Ok(found),
            found => {
                let why = format!("the copy `{to}` has {} bytes, and `{from}` has {}", found.size, source.size);
                Err(self.take_back(to, &[&*etag], why).await)
            }
        }
    }

    async fn copy_in_parts(&self, from: &str, source: &Stat, upload: &Upload, patience: Patience) -> Result<Stat> {
        let part = PartSizes::new(Some(source.size), PART, LARGEST_PART, MOST_PARTS)?.first();
        let count = u32::try_from(source.size.div_ceil(part))
            .map_err(|_| Error::new(Kind::NoSpace, "the object has more parts than can be copied"))?;
        let path = self.source(from);
        let receipts = stream::iter(0..count).map(|number| {
            let first = u64::from(number) * part;
            let last = (first + part).min(source.size) - 1;
            let copy = {
                let (path, source) = (&path, &source);
                move || upload.copy_part(number, path, source.etag.clone(), first..=last)
            };
            async move { patience.attempt("copying a part", copy).await }
        });
        let receipts: Vec<_> = receipts.buffered(SIDE_BY_SIDE).try_collect().await?;
        upload.publish(receipts, source.size, patience).await
    }
}
