//! The bucket: whether it is there, and making it.

use crate::{
    client::Client,
    error::{Refusal, at_open},
};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use casement_sdk::{Kind, Result};

/// Where a bucket is made without saying so.
const HOME: &str = "us-east-1";

impl Client {
    /// Whether this is an S3 service with this bucket in it, and the credentials are good. Any web server would answer to
    /// HEAD; a list is S3's own.
    pub(crate) async fn introduce(&self, may_be_made: bool) -> Result<()> {
        let list = self.s3().list_objects_v2().bucket(self.bucket()).max_keys(1);
        match self.call(list.send()).await {
            Ok(_) => Ok(()),
            Err(failure) if may_be_made && failure.has_code("NoSuchBucket") => {
                self.expect_bucket(true);
                Ok(())
            }
            // S3 says in its own words that a bucket is not there.
            Err(failure) if failure.status == 404 && !failure.has_code("NoSuchBucket") => {
                let stranger = Refusal { status: failure.status, is_page: true, ..Refusal::default() };
                Err(at_open(stranger.explain(self.endpoint())))
            }
            Err(failure) => Err(at_open(failure.error)),
        }
    }

    /// Cheap: moves nothing but headers.
    pub(crate) async fn find_bucket(&self) -> Result<()> {
        match self.head_bucket().await? {
            false if !self.bucket_is_to_come() => {
                let refusal = Refusal { code: Some("NoSuchBucket".to_owned()), ..Refusal::default() };
                Err(refusal.explain(self.endpoint()))
            }
            _ => Ok(()),
        }
    }

    async fn head_bucket(&self) -> Result<bool> {
        let head = self.s3().head_bucket().bucket(self.bucket());
        match self.call(head.send()).await {
            Ok(_) => Ok(true),
            Err(failure) if failure.error.kind() == Kind::NotFound => Ok(false),
            Err(failure) => Err(failure.error),
        }
    }

    /// Makes the bucket if that was left to the first upload.
    pub(crate) async fn ensure_bucket(&self) -> Result<()> {
        if self.bucket_is_to_come() {
            if !self.head_bucket().await? {
                self.make_bucket().await?;
            }
            self.expect_bucket(false);
        }
        Ok(())
    }

    async fn make_bucket(&self) -> Result<()> {
        let region = &self.endpoint().region;
        let place = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(region.as_str()))
            .build();
        let place = (region != HOME).then_some(place);
        let create = self.s3().create_bucket().bucket(self.bucket()).set_create_bucket_configuration(place);
        match self.call(create.send()).await {
            Ok(_) => {
                tracing::info!(bucket = self.bucket(), region, "made the bucket");
                Ok(())
            }
            Err(failure) if failure.has_code("BucketAlreadyOwnedByYou") => Ok(()),
            // Another gateway may have been faster, and not every service tells by whom a bucket was made.
            Err(failure) if failure.has_code("BucketAlreadyExists") => {
                if self.head_bucket().await? {
                    Ok(())
                } else {
                    Err(failure.error)
                }
            }
            Err(failure) => Err(failure.error),
        }
    }
}
