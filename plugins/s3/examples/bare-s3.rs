//! The library of this plugin and nothing else: what `cargo xtask bench stores` measures the gateway against.
//!
//! `bare-s3 put FILE KEY`, `bare-s3 get KEY`; S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY and S3_SECRET_KEY say where.
#![allow(clippy::unwrap_used)]

use aws_sdk_s3::{
    Client, Config,
    config::{
        BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
        StalledStreamProtectionConfig,
    },
    primitives::ByteStream,
    types::{CompletedMultipartUpload, CompletedPart},
};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::{env, fs::File, io::Read};

/// As the plugin has them.
const PART: usize = 8 << 20;
const IN_FLIGHT: usize = 4;

#[tokio::main]
async fn main() {
    let of = |name: &str| env::var(name).unwrap();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
        .endpoint_url(of("S3_ENDPOINT"))
        .region(Region::new("us-east-1"))
        .force_path_style(true)
        .credentials_provider(Credentials::new(of("S3_ACCESS_KEY"), of("S3_SECRET_KEY"), None, None, "bare"))
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .build();
    let (client, bucket) = (Client::from_conf(config), of("S3_BUCKET"));
    let arguments: Vec<_> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["put", file, key] => put(&client, &bucket, file, key).await,
        ["get", key] => get(&client, &bucket, key).await,
        _ => panic!("put FILE KEY, or get KEY"),
    }
}

async fn put(client: &Client, bucket: &str, file: &str, key: &str) {
    let created = client.create_multipart_upload().bucket(bucket).key(key).send().await.unwrap();
    let id = created.upload_id().unwrap();
    let mut file = File::open(file).unwrap();
    let parts = (1..).map_while(|number| {
        let mut part = Vec::with_capacity(PART);
        (&mut file).take(PART as u64).read_to_end(&mut part).unwrap();
        (!part.is_empty()).then_some((number, part))
    });
    let sent = stream::iter(parts).map(|(number, part)| async move {
        let request = client.upload_part().bucket(bucket).key(key).upload_id(id).part_number(number);
        let sent = request.body(ByteStream::from(part)).send().await?;
        let part = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag);
        Ok::<_, aws_sdk_s3::Error>(part.build())
    });
    let parts = sent.buffered(IN_FLIGHT).try_collect().await.unwrap();
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let request = client.complete_multipart_upload().bucket(bucket).key(key).upload_id(id).multipart_upload(parts);
    request.send().await.unwrap();
}

async fn get(client: &Client, bucket: &str, key: &str) {
    let mut body = client.get_object().bucket(bucket).key(key).send().await.unwrap().body;
    let mut length = 0;
    while let Some(chunk) = body.try_next().await.unwrap() {
        length += chunk.len();
    }
    println!("{length} bytes");
}
