//! URLs by which whoever has them reads one object past the gateway.

use crate::{client::Client, failure::innermost};
use aws_sdk_s3::presigning::PresigningConfig;
use casement_sdk::{Error, Kind, Result};
use std::time::Duration;
use tracing::{instrument::WithSubscriber, subscriber::NoSubscriber};

/// The longest that S3 signs for.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

impl Client {
    /// Asks nobody: the URL is a signature, and good also where nothing is.
    pub(crate) async fn presign_read(&self, key: &str, lifetime: Duration) -> Result<String> {
        let whole_seconds = Duration::from_secs(lifetime.as_secs().max(1));
        if whole_seconds > LONGEST {
            let message = format!("S3 signs URLs for {} seconds at most", LONGEST.as_secs());
            return Err(Error::new(Kind::Unsupported, message));
        }
        let failed = |why: String| Error::new(Kind::Internal, format!("the URL can't be signed: {why}"));
        let config = PresigningConfig::expires_in(whole_seconds).map_err(|error| failed(innermost(&error)))?;
        let get = self.s3().get_object().bucket(self.bucket()).key(key);
        // The library would log what it signs, and the session token is a part of that.
        let signed = self.call(get.presigned(config).with_subscriber(NoSubscriber::new())).await?;
        Ok(signed.uri().to_owned())
    }
}
