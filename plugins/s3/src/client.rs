//! The library's client, bound to one bucket: each request has a deadline, and each failure is explained.

use crate::{
    Config,
    config::{Timeouts, bad},
    credentials,
    endpoint::Endpoint,
    failure::Failure,
    tls,
};
use aws_sdk_s3::{
    Config as SdkConfig,
    config::{
        BehaviorVersion, Region, RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig,
        http::HttpResponse, retry::RetryConfig, timeout::TimeoutConfig,
    },
    error::{ProvideErrorMetadata, SdkError},
};
use casement_object::Commits;
use casement_sdk::Result;
use std::{
    error::Error as StdError,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// A client. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    s3: aws_sdk_s3::Client,
    endpoint: Endpoint,
    timeouts: Timeouts,
    /// Whether the service knows `If-None-Match` on what is written.
    knows_conditions: AtomicBool,
    /// There is no bucket yet, and there will be one at the first upload: until then it is as good as an empty one.
    bucket_is_to_come: AtomicBool,
    commits: Commits,
}

impl Client {
    pub(crate) async fn new(config: &Config) -> Result<Self> {
        let (endpoint, timeouts) = (Endpoint::of(config)?, config.timeouts()?);
        let http = tls::http_client(config.ca_file.as_deref())?;
        let region = Region::new(endpoint.region.clone());
        let credentials = credentials::provider(config, region.clone(), http.clone()).await?;
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .endpoint_url(&endpoint.url)
            .region(region)
            .force_path_style(endpoint.path_style)
            .credentials_provider(credentials)
            // What may be tried again is tried again by the gateway, or by `Patience` where the gateway can't.
            .retry_config(RetryConfig::disabled())
            // Each request and each chunk has a deadline here.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(timeouts.connect).build())
            // The library's own checksums come in trailers, which many services do not know.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        let Ok(user_agent) = aws_sdk_s3::config::AppName::new("casement") else {
            return bad("the name of this program is none".to_owned());
        };
        let s3 = aws_sdk_s3::Client::from_conf(sdk.app_name(user_agent).build());
        Ok(Self(Arc::new(Inner {
            s3,
            endpoint,
            timeouts,
            knows_conditions: AtomicBool::new(true),
            bucket_is_to_come: AtomicBool::new(false),
            commits: Commits::default(),
        })))
    }

    pub(crate) fn s3(&self) -> &aws_sdk_s3::Client {
        &self.0.s3
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.0.endpoint
    }

    pub(crate) fn bucket(&self) -> &str {
        &self.0.endpoint.bucket
    }

    pub(crate) fn commits(&self) -> &Commits {
        &self.0.commits
    }

    pub(crate) fn bucket_is_to_come(&self) -> bool {
        self.0.bucket_is_to_come.load(Ordering::Relaxed)
    }

    pub(crate) fn expect_bucket(&self, to_come: bool) {
        self.0.bucket_is_to_come.store(to_come, Ordering::Relaxed);
    }

    pub(crate) fn timeouts(&self) -> &Timeouts {
        &self.0.timeouts
    }

    /// A request that moves no data.
    pub(crate) async fn call<T, E>(
        &self,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        self.call_within(self.0.timeouts.request, request).await
    }

    pub(crate) async fn call_within<T, E>(
        &self,
        deadline: Duration,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, Failure>
    where
        E: ProvideErrorMetadata + StdError + 'static,
    {
        let endpoint = &self.0.endpoint;
        match tokio::time::timeout(deadline, request).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => match Failure::of(endpoint, error) {
                failure if failure.has_code("NoSuchBucket") && self.bucket_is_to_come() => {
                    Err(failure.of_nothing(endpoint))
                }
                failure => Err(failure),
            },
            Err(_) => Err(Failure::timeout(endpoint, deadline)),
        }
    }

    /// The condition under which an object is written: that there is none. Not every service knows it, so it is looked
    /// before, too.
    pub(crate) fn if_none_match(&self) -> Option<String> {
        self.0.knows_conditions.load(Ordering::Relaxed).then(|| "*".to_owned())
    }

    /// Whether the condition was why the service refused a request; then it goes without from now on.
    pub(crate) fn refuses_conditions(&self, failure: &Failure) -> bool {
        let refused = failure.has_code("NotImplemented") && self.0.knows_conditions.swap(false, Ordering::Relaxed);
        if refused {
            tracing::warn!(
                "{} does not know If-None-Match: that no image is ever replaced is left to a look before each write",
                self.0.endpoint.url
            );
        }
        refused
    }
}
