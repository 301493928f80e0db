//! Objects as a whole: looking at one, removing one.

use crate::{client::Client, failure::Failure};
use aws_sdk_s3::primitives::DateTime;
use casement_sdk::{Error, Kind, Result, Stat};

impl Client {
    /// What is under a key, if anything. A bucket that is not there has nothing in it, either.
    pub(crate) async fn look(&self, key: &str) -> Result<Option<Stat>, Failure> {
        let head = self.s3().head_object().bucket(self.bucket()).key(key);
        match self.call(head.send()).await {
            Ok(found) => Ok(Some(Stat {
                size: found.content_length().and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
                etag: found.e_tag().map(str::to_owned),
                modified_ms: found.last_modified().and_then(milliseconds),
            })),
            Err(failure) if failure.error.kind() == Kind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// What is under a key.
    pub(crate) async fn find(&self, key: &str) -> Result<Stat> {
        self.commits().end(key, self.timeouts().request).await?;
        match self.look(key).await? {
            Some(found) => Ok(found),
            None => {
                // An answer to HEAD does not say whether the object is missing or its bucket.
                self.find_bucket().await?;
                Err(Error::not_found(key))
            }
        }
    }

    /// Refuses a key that is taken.
    pub(crate) async fn must_be_free(&self, key: &str) -> Result<()> {
        match self.look(key).await? {
            Some(_) => Err(Error::exists(key)),
            None => Ok(()),
        }
    }

    /// Removes what is under a key; the service does not say whether there was anything.
    pub(crate) async fn remove(&self, key: &str) -> Result<()> {
        let delete = self.s3().delete_object().bucket(self.bucket()).key(key);
        self.call(delete.send()).await?;
        Ok(())
    }

    /// Takes back what was published and is not what was written: what has one of these ETags. Anything else was put there
    /// by somebody else meanwhile, where a service heeds no condition, and stays.
    pub(crate) async fn take_back(&self, key: &str, ours: &[&str], why: String) -> Error {
        let bare = |etag: &str| etag.trim_matches('"').to_ascii_lowercase();
        let is_ours = |etag: &String| ours.iter().any(|ours| bare(ours) == bare(etag));
        let etag = match self.look(key).await {
            Ok(Some(found)) => found.etag,
            Ok(None) => return Error::new(Kind::Corrupt, format!("{why}; it is gone: upload the image again")),
            Err(failure) => {
                return Error::new(Kind::Corrupt, format!("{why}, and is left where it is: {}", failure.error));
            }
        };
        let Some(etag) = etag.filter(is_ours) else { return Error::exists(key) };
        let delete = self.s3().delete_object().bucket(self.bucket()).key(key).if_match(etag);
        let message = match self.call(delete.send()).await {
            Ok(_) => format!("{why}; it was removed again: upload the image again"),
            Err(failure) => format!("{why}, and could not be removed again: {}", failure.error),
        };
        Error::new(Kind::Corrupt, message)
    }
}

pub(crate) fn milliseconds(time: &DateTime) -> Option<u64> {
    time.to_millis().ok().and_then(|time| u64::try_from(time).ok())
}
