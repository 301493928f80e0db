//! A write in progress.

use crate::{Checksum, client::Client, multipart::Upload, small};
use casement_object::{Part, PartSizes, Patience, Uploader};
use casement_sdk::{Bytes, Error, Kind, Result, Stat};
use std::sync::Arc;

/// What Amazon documents under "Amazon S3 multipart upload limits".
const MOST_PARTS: u32 = 10_000;
const LARGEST_PART: u64 = 5 << 30;

/// How images are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) part_size: u64,
    pub(crate) parts_in_flight: u64,
    pub(crate) checksum: Checksum,
    pub(crate) patience: Patience,
}

/// A staged write.
#[derive(Debug)]
pub struct Writer {
    client: Client,
    key: String,
    style: Style,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// All of it, in memory: it goes in one request.
    Memory {
        part: Part,
        size: u64,
    },
    Parts {
        upload: Arc<Upload>,
        uploader: Uploader<Upload>,
        written: u64,
    },
}

impl Writer {
    pub(crate) async fn create(client: &Client, key: &str, size: Option<u64>, style: Style) -> Result<Self> {
        let stage = match size {
            Some(size) if size <= style.part_size => Stage::Memory { part: Part::default(), size },
            _ => {
                let sizes = PartSizes::new(size, style.part_size, LARGEST_PART, MOST_PARTS)?;
                let upload = Arc::new(Upload::begin(client, key, style.checksum, style.patience).await?);
                // The one that is being gathered counts too.
                let budget = (style.parts_in_flight + 1) * style.part_size;
                let uploader = Uploader::new(Arc::clone(&upload), sizes, budget, style.patience);
                Stage::Parts { upload, uploader, written: 0 }
            }
        };
        Ok(Self { client: client.clone(), key: key.to_owned(), style, stage })
    }
}

impl casement_sdk::Writer for Writer {
    fn token(&self) -> &str {
        match &self.stage {
            Stage::Memory { .. } => "",
            Stage::Parts { upload, .. } => upload.token(),
        }
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        match &mut self.stage {
            Stage::Memory { part, size } if part.len() + chunk.len() as u64 > *size => {
                Err(Error::new(Kind::Misuse, format!("more bytes are written than the {size} that were announced")))
            }
            Stage::Memory { part, .. } => {
                part.push(chunk);
                Ok(())
            }
            Stage::Parts { uploader, written, .. } => {
                *written += chunk.len() as u64;
                uploader.write(chunk).await
            }
        }
    }

    async fn commit(self) -> Result<Stat> {
        let Self { client, key, style, stage } = self;
        match stage {
            Stage::Memory { part, .. } => small::put(&client, &key, part, style.checksum, style.patience).await,
            // Not every service makes an object of no parts, or of an empty one.
            Stage::Parts { upload, uploader, written: 0 } => {
                uploader.stop().await;
                upload.abort().await?;
                small::put(&client, &key, Part::default(), style.checksum, style.patience).await
            }
            Stage::Parts { upload, uploader, written } => {
                let publish = async {
                    let receipts = uploader.finish().await?;
                    upload.publish(receipts, written, style.patience).await
                };
                let published = publish.await;
                if published.is_err()
                    && let Err(error) = upload.abort().await
                {
                    tracing::debug!(key, %error, "a failed upload was not aborted; recovery will");
                }
                published
            }
        }
    }

    async fn abort(self) -> Result<()> {
        match self.stage {
            Stage::Memory { .. } => Ok(()),
            Stage::Parts { upload, uploader, .. } => {
                uploader.stop().await;
                upload.abort().await
            }
        }
    }
}
