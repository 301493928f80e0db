//! A multipart upload: parts go to the service at once and are an object when it is completed.

use crate::{Checksum, body, client::Client, digest, digest::Sums, failure::Failure, token};
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use casement_object::{Part, Parts, Patience};
use casement_sdk::{Error, Kind, Result, Stat, in_this_operation};
use std::{
    ops::RangeInclusive,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tokio::runtime::Handle;

/// What Amazon documents under "Amazon S3 multipart upload limits".
pub(crate) const MOST_PARTS: u32 = 10_000;
pub(crate) const LARGEST_PART: u64 = 5 << 30;

/// What completing may take for each part: services read their notes of all of them.
const COMPLETION_OF_A_PART: Duration = Duration::from_millis(100);
const LONGEST_COMPLETION: Duration = Duration::from_secs(500);
/// How often an upload is aborted in which parts arrived meanwhile.
const ABORTS: usize = 3;

/// An upload in progress. When the last part is done with it and nobody has completed or aborted it, it aborts itself.
#[derive(Debug)]
pub(crate) struct Upload {
    client: Client,
    key: String,
    id: String,
    token: String,
    checksum: Checksum,
    /// The service keeps the parts' checksums, and wants to be told them in the end.
    wants_checksums: bool,
    settled: AtomicBool,
}

/// What the service answers to a part.
#[derive(Debug)]
pub(crate) struct Receipt {
    etag: String,
    sums: Sums,
}

impl Upload {
    pub(crate) async fn begin(client: &Client, key: &str, checksum: Checksum, patience: Patience) -> Result<Self> {
        let algorithm = match checksum {
            Checksum::Crc32 => Some(ChecksumAlgorithm::Crc32),
            Checksum::Sha256 => Some(ChecksumAlgorithm::Sha256),
            Checksum::None => None,
        };
        let begin = || async {
            let request = client.s3().create_multipart_upload().bucket(client.bucket()).key(key);
            Ok(client.call(request.set_checksum_algorithm(algorithm.clone()).send()).await?)
        };
        let begun = patience.attempt("beginning the upload", begin).await?;
        let id = begun.upload_id().unwrap_or_default().to_owned();
        let token = match token::format(key, &id) {
            Ok(token) => token,
            Err(error) => {
                // Nobody else would find it.
                client.abort_upload(key, &id).await?;
                return Err(error);
            }
        };
        Ok(Self {
            client: client.clone(),
            key: key.to_owned(),
            id,
            token,
            checksum,
            wants_checksums: algorithm.is_some() && begun.checksum_algorithm() == algorithm.as_ref(),
            settled: AtomicBool::new(false),
        })
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Ends the upload without an object.
    pub(crate) async fn abort(&self) -> Result<()> {
        // What fails here is found and aborted by recovery.
        self.settled.store(true, Ordering::Relaxed);
        match self.client.abort_upload(&self.key, &self.id).await {
            Err(error) if error.kind() == Kind::NotFound => Ok(()),
            answer => answer,
        }
    }

    /// Has the service make a part, counted from 0, of some bytes of an object that it has.
    pub(crate) async fn copy_part(
        &self,
        number: u32,
        source: &str,
        etag: Option<String>,
        bytes: RangeInclusive<u64>,
    ) -> Result<Receipt> {
        let client = &self.client;
        let request = client
            .s3()
            .upload_part_copy()
            .bucket(client.bucket())
            .key(&self.key)
            .upload_id(&self.id)
            .part_number(part_number(number))
            .copy_source(source)
            .set_copy_source_if_match(etag)
            .copy_source_range(format!("bytes={}-{}", bytes.start(), bytes.end()))
            .customize()
            // Ceph insists on it, and the library sends none with an empty body.
            .mutate_request(|request| drop(request.headers_mut().insert("content-length", "0")));
        let len = bytes.end() - bytes.start() + 1;
        let answer = client.call_within(client.timeouts().part(len), request.send()).await.map_err(gone)?;
        match answer.copy_part_result().and_then(|part| part.e_tag()) {
            Some(etag) => Ok(Receipt { etag: etag.to_owned(), sums: Sums::default() }),
            None => Err(Error::new(Kind::Unavailable, "the service answered a part without its ETag")),
        }
    }

    /// Makes the object of its parts, unless there is one already.
    pub(crate) async fn publish(&self, receipts: Vec<Receipt>, size: u64, patience: Patience) -> Result<Stat> {
        self.client.must_be_free(&self.key).await?;
        let expected = digest::etag_of_parts(receipts.iter().map(|receipt| &*receipt.etag));
        let completion = Completion {
            upload: self,
            deadline: self.completion_deadline(receipts.len()),
            parts: self.completed(receipts),
            expected,
            size,
            in_doubt: AtomicBool::new(false),
        };
        let etag = patience.attempt("completing the upload", || completion.once()).await?;
        self.settled.store(true, Ordering::Relaxed);
        completion.check(etag.as_deref(), patience).await
    }

    fn completion_deadline(&self, parts: usize) -> Duration {
        let parts = u32::try_from(parts).unwrap_or(u32::MAX);
        (self.client.timeouts().request + COMPLETION_OF_A_PART.saturating_mul(parts)).min(LONGEST_COMPLETION)
    }

    fn completed(&self, receipts: Vec<Receipt>) -> CompletedMultipartUpload {
        let parts = receipts.into_iter().zip(1..).map(|(receipt, number)| {
            let sums = if self.wants_checksums { receipt.sums } else { Sums::default() };
            CompletedPart::builder()
                .part_number(number)
                .e_tag(receipt.etag)
                .set_checksum_crc32(sums.crc32)
                .set_checksum_sha256(sums.sha256)
                .build()
        });
        CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build()
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let runtime = Handle::try_current();
        if let (false, Ok(runtime)) = (self.settled.load(Ordering::Relaxed), runtime) {
            let (client, key, id) = (self.client.clone(), self.key.clone(), self.id.clone());
            runtime.spawn(in_this_operation(async move {
                if let Err(error) = client.abort_upload(&key, &id).await {
                    tracing::debug!(key, %error, "an abandoned upload was not aborted; recovery will");
                }
            }));
        }
    }
}

impl Parts for Upload {
    type Receipt = Receipt;

    async fn send(&self, number: u32, part: Part) -> Result<Receipt> {
        let client = &self.client;
        let sums = Sums::of(&part, self.checksum).await?;
        let request = client
            .s3()
            .upload_part()
            .bucket(client.bucket())
            .key(&self.key)
            .upload_id(&self.id)
            .part_number(part_number(number))
            .set_checksum_crc32(sums.crc32.clone())
            .set_checksum_sha256(sums.sha256.clone())
            .body(body::stream(part.clone()));
        let answer = client.call_within(client.timeouts().part(part.len()), request.send()).await.map_err(gone)?;
        let Some(etag) = answer.e_tag() else {
            return Err(Error::new(Kind::Unavailable, "the service answered a part without its ETag"));
        };
        let confirmed = sums.are_confirmed(answer.checksum_crc32(), answer.checksum_sha256());
        let arrived = match confirmed {
            Some(confirmed) => confirmed,
            None => digest::is_etag_of(&part, Some(etag)).await? != Some(false),
        };
        if !arrived {
            return Err(Error::new(Kind::Unavailable, "what arrived is not what was sent"));
        }
        Ok(Receipt { etag: etag.to_owned(), sums })
    }
}

/// S3 counts from 1.
fn part_number(number: u32) -> i32 {
    i32::try_from(number + 1).unwrap_or(i32::MAX)
}

/// An upload that is not there any more has been taken from the writer.
fn gone(failure: Failure) -> Error {
    match failure.error.kind() {
        Kind::NotFound => Error::new(Kind::Cancelled, "the upload was aborted by somebody else"),
        _ => failure.error,
    }
}

/// Making the object.
struct Completion<'a> {
    upload: &'a Upload,
    deadline: Duration,
    parts: CompletedMultipartUpload,
    expected: Option<String>,
    size: u64,
    /// An earlier try may have succeeded, with its answer lost.
    in_doubt: AtomicBool,
}

impl Completion<'_> {
    /// Tries once, and answers the ETag.
    async fn once(&self) -> Result<Option<String>> {
        let Upload { client, key, id, .. } = self.upload;
        let request = client
            .s3()
            .complete_multipart_upload()
            .bucket(client.bucket())
            .key(key)
            .upload_id(id)
            .set_if_none_match(client.if_none_match())
            .multipart_upload(self.parts.clone());
        match client.call_within(self.deadline, request.send()).await {
            Ok(answer) => Ok(answer.e_tag().map(str::to_owned)),
            Err(failure) if client.refuses_conditions(&failure) => Err(failure.error.with_retryable(true)),
            Err(failure) => {
                let in_doubt = self.in_doubt.fetch_or(failure.may_be_done, Ordering::Relaxed) || failure.may_be_done;
                if in_doubt && let Some(etag) = self.look_whether_done().await? {
                    return Ok(etag);
                }
                match failure.error.kind() {
                    Kind::Exists => Err(Error::exists(key)),
                    _ => Err(gone(failure)),
                }
            }
        }
    }

    /// Whether the object is there and ours: its ETag says so, or that the upload is gone, which only its completion and
    /// an abort do.
    async fn look_whether_done(&self) -> Result<Option<Option<String>>> {
        let Upload { client, key, id, .. } = self.upload;
        let Some(found) = client.look(key).await? else { return Ok(None) };
        let ours = match digest::are_same_parts(self.expected.as_deref(), found.etag.as_deref()) {
            Some(same) => same,
            None => !client.has_upload(key, id).await?,
        };
        Ok((ours && found.size == self.size).then_some(found.etag))
    }

    /// Whether the object is what was sent. What is not, is removed.
    async fn check(&self, etag: Option<&str>, patience: Patience) -> Result<Stat> {
        let Upload { client, key, .. } = self.upload;
        let expected = self.expected.as_deref();
        let ours = [etag.unwrap_or_default(), expected.unwrap_or_default()];
        if digest::are_same_parts(expected, etag) == Some(false) {
            let why = format!("object `{key}` is not what was sent: its ETag is {} and not {}", ours[0], ours[1]);
            return Err(client.take_back(key, &ours, why).await);
        }
        let look = || async { Ok(client.look(key).await?) };
        match patience.attempt("looking at the object", look).await? {
            Some(found) if found.size == self.size => Ok(found),
            Some(found) => {
                let why = format!("object `{key}` has {} bytes, and {} were sent", found.size, self.size);
                Err(client.take_back(key, &ours, why).await)
            }
            None => Err(Error::new(Kind::Corrupt, format!("object `{key}` is not there although it was completed"))),
        }
    }
}

impl Client {
    pub(crate) async fn has_upload(&self, key: &str, id: &str) -> Result<bool> {
        let list = self.s3().list_parts().bucket(self.bucket()).key(key).upload_id(id).max_parts(1);
        match self.call(list.send()).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.error.kind() == Kind::NotFound => Ok(false),
            Err(failure) => Err(failure.error),
        }
    }

    /// Aborts an upload, and looks whether it is gone: a part that was on its way may have come after the abort.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when there is none.
    pub(crate) async fn abort_upload(&self, key: &str, id: &str) -> Result<()> {
        for tries in 0..ABORTS {
            let abort = self.s3().abort_multipart_upload().bucket(self.bucket()).key(key).upload_id(id);
            match self.call(abort.send()).await {
                Err(failure) if failure.error.kind() == Kind::NotFound && tries > 0 => return Ok(()),
                answer => answer.map(drop)?,
            }
            if !self.has_upload(key, id).await? {
                return Ok(());
            }
        }
        Err(Error::new(Kind::Unavailable, format!("parts still arrive in an upload of `{key}` that was aborted")))
    }
}
