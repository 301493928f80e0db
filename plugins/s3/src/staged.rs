//! Uploads that nobody has finished.

use crate::{client::Client, object::milliseconds, token};
use aws_sdk_s3::types::MultipartUpload;
use casement_sdk::{Kind, Result, Staged};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::time::{SystemTime, UNIX_EPOCH};

/// Uploads whose parts are asked for at once.
const SIDE_BY_SIDE: usize = 8;

impl Client {
    pub(crate) async fn staged(&self) -> Result<Vec<Staged>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis());
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        let uploads = self.uploads().await?;
        let staged = stream::iter(uploads).map(|upload| async move {
            let (Some(key), Some(id)) = (upload.key(), upload.upload_id()) else { return Ok(None) };
            // Not ours: ours have tokens.
            let Ok(token) = token::format(key, id) else { return Ok(None) };
            let Some(parts) = self.youngest_part(key, id).await? else { return Ok(None) };
            let last = parts.max(upload.initiated().and_then(milliseconds));
            Ok(Some(Staged { token, idle_ms: last.map(|last| now.saturating_sub(last)) }))
        });
        staged.buffered(SIDE_BY_SIDE).try_filter_map(|staged| async { Ok(staged) }).try_collect().await
    }

    async fn uploads(&self) -> Result<Vec<MultipartUpload>> {
        let mut all = Vec::new();
        let mut markers = (None, None);
        loop {
            let list = self.s3().list_multipart_uploads().bucket(self.bucket());
            let list = list.set_key_marker(markers.0).set_upload_id_marker(markers.1);
            let page = match self.call(list.send()).await {
                Ok(page) => page,
                // The bucket is to come.
                Err(failure) if failure.error.kind() == Kind::NotFound => return Ok(all),
                Err(failure) => return Err(failure.error),
            };
            all.extend_from_slice(page.uploads());
            markers = (page.next_key_marker().map(str::to_owned), page.next_upload_id_marker().map(str::to_owned));
            if page.is_truncated() != Some(true) || markers.0.is_none() {
                return Ok(all);
            }
        }
    }

    /// When the last part of an upload came, if any came. `None` when the upload is gone.
    async fn youngest_part(&self, key: &str, id: &str) -> Result<Option<Option<u64>>> {
        let (mut youngest, mut marker) = (None, None);
        loop {
            let list = self.s3().list_parts().bucket(self.bucket()).key(key).upload_id(id);
            let page = match self.call(list.set_part_number_marker(marker).send()).await {
                Ok(page) => page,
                Err(failure) if failure.error.kind() == Kind::NotFound => return Ok(None),
                Err(failure) => return Err(failure.error),
            };
            let times = page.parts().iter().filter_map(|part| part.last_modified().and_then(milliseconds));
            youngest = youngest.max(times.max());
            marker = page.next_part_number_marker().map(str::to_owned);
            if page.is_truncated() != Some(true) || marker.is_none() {
                return Ok(Some(youngest));
            }
        }
    }
}
