//! A write in progress.

use crate::{
    Checksum,
    client::Client,
    multipart::{LARGEST_PART, MOST_PARTS, Upload},
    small, token,
};
use casement_object::{Part, PartSizes, Patience, Uploader};
use casement_sdk::{Bytes, Error, Kind, Result, Stat, WriteOptions};
use std::sync::Arc;

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
        token: String,
    },
    Parts {
        upload: Arc<Upload>,
        uploader: Uploader<Upload>,
        written: u64,
    },
}

impl Writer {
    pub(crate) async fn create(client: &Client, key: &str, options: WriteOptions, style: Style) -> Result<Self> {
        let WriteOptions { size, transfer } = options;
        let stage = match size {
            Some(size) if size <= style.part_size => {
                Stage::Memory { part: Part::default(), size, token: token::in_memory(key, &transfer) }
            }
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

impl Writer {
    async fn publish(self) -> Result<Stat> {
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
}

impl casement_sdk::Writer for Writer {
    fn token(&self) -> &str {
        match &self.stage {
            // Nothing is staged that could be left; but its commit can be waited for.
            Stage::Memory { token, .. } => token,
            Stage::Parts { upload, .. } => upload.token(),
        }
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        match &mut self.stage {
            Stage::Memory { part, size, .. } if part.len() + chunk.len() as u64 > *size => {
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
        let (commits, key) = (self.client.commits().clone(), self.key.clone());
        commits.run(&key, self.publish()).await
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
