//! An image that goes in one request.

use crate::{Checksum, body, client::Client, digest, digest::Sums};
use casement_object::{Part, Patience};
use casement_sdk::{Error, Kind, Result, Stat};
use std::sync::atomic::{AtomicBool, Ordering};

/// What one try has come to.
enum Put {
    Done(Stat),
    /// An object is there that is not ours.
    Taken,
}

/// Publishes an object that is small enough to be sent at once.
pub(crate) async fn put(
    client: &Client,
    key: &str,
    part: Part,
    checksum: Checksum,
    patience: Patience,
) -> Result<Stat> {
    client.must_be_free(key).await?;
    let sums = Sums::of(&part, checksum).await?;
    let put = OnePut { client, key, part: &part, sums, in_doubt: AtomicBool::new(false) };
    match patience.attempt("storing the image", || put.once()).await? {
        Put::Done(stat) => Ok(stat),
        Put::Taken => Err(Error::exists(key)),
    }
}

struct OnePut<'a> {
    client: &'a Client,
    key: &'a str,
    part: &'a Part,
    sums: Sums,
    /// An earlier try may have succeeded, with its answer lost.
    in_doubt: AtomicBool,
}

impl OnePut<'_> {
    async fn once(&self) -> Result<Put> {
        let (client, len) = (self.client, self.part.len());
        let request = client
            .s3()
            .put_object()
            .bucket(client.bucket())
            .key(self.key)
            .set_if_none_match(client.if_none_match())
            .set_checksum_crc32(self.sums.crc32.clone())
            .set_checksum_sha256(self.sums.sha256.clone())
            .body(body::stream(self.part.clone()));
        match client.call_within(client.timeouts().part(len), request.send()).await {
            Ok(answer) => {
                let confirmed = self.sums.are_confirmed(answer.checksum_crc32(), answer.checksum_sha256());
                let same = digest::is_etag_of(self.part, answer.e_tag()).await?;
                if [confirmed, same].contains(&Some(false)) {
                    let told = answer.e_tag().unwrap_or_default();
                    let why = format!("object `{}` is not what was sent, by its checksum or its ETag {told}", self.key);
                    let expected = digest::md5(self.part).await?;
                    return Err(client.take_back(self.key, &[told, &expected], why).await);
                }
                Ok(Put::Done(Stat { size: len, etag: answer.e_tag().map(str::to_owned), modified_ms: None }))
            }
            Err(failure) if client.refuses_conditions(&failure) => Err(failure.error.with_retryable(true)),
            Err(failure) if failure.error.kind() == Kind::Exists && !self.in_doubt.load(Ordering::Relaxed) => {
                Ok(Put::Taken)
            }
            Err(failure) if failure.error.kind() == Kind::Exists || failure.may_be_done => {
                self.in_doubt.store(true, Ordering::Relaxed);
                self.look_whether_done().await?.ok_or(failure.error)
            }
            Err(failure) => Err(failure.error),
        }
    }

    /// There was nothing before: what is there now, and like ours, is ours.
    async fn look_whether_done(&self) -> Result<Option<Put>> {
        let Some(found) = self.client.look(self.key).await? else { return Ok(None) };
        let same = digest::is_etag_of(self.part, found.etag.as_deref()).await?;
        let ours = found.size == self.part.len() && same != Some(false);
        Ok(Some(if ours { Put::Done(found) } else { Put::Taken }))
    }
}
