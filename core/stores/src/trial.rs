//! A store tried out from end to end, for an operator who wants to know whether uploads would work.

use crate::{
    error::{Error, Kind, Result, Side},
    store::Store,
};
use bytes::Bytes;
use casement_sdk::{Range, WriteOptions};
use std::sync::Arc;

const WORDS: &[u8] = b"Casement has tried out whether this store keeps what it is given.\n";

impl Store {
    /// Writes a small object of this name, reads it again, and removes it.
    ///
    /// # Errors
    /// The first call that failed; or what came back was something else than what was written.
    pub async fn try_out(self: &Arc<Self>, key: &str) -> Result<()> {
        let options = WriteOptions { size: Some(WORDS.len() as u64), transfer: key.to_owned() };
        let mut write = self.create(key, options).await?;
        if let Err(error) = write.write(Bytes::from_static(WORDS)).await {
            write.abort().await.ok();
            return Err(error);
        }
        write.commit().await?;
        let read = self.read_words(key).await;
        // Whatever came of reading, nothing is left behind.
        let removed = self.delete(key).await;
        let words = read?;
        removed?;
        if words != WORDS {
            let text = format!("{} bytes were written, and {} others came back", WORDS.len(), words.len());
            return Err(Error::new(self.id(), Side::Store, Kind::Corrupt, text));
        }
        Ok(())
    }

    async fn read_words(self: &Arc<Self>, key: &str) -> Result<Vec<u8>> {
        let mut object = self.read(key, Range { offset: 0, len: Some(WORDS.len() as u64) }).await?;
        let mut words = Vec::new();
        while let Some(chunk) = object.next().await? {
            words.extend_from_slice(&chunk);
            if words.len() > WORDS.len() {
                break;
            }
        }
        Ok(words)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::{Kind, testing::store};
    use serde_json::json;

    const KEY: &str = "b44f4a0f-0000-4000-8000-00805f9b34fb";

    #[tokio::test]
    async fn a_store_that_keeps_what_it_is_given_passes_and_keeps_nothing() {
        let store = store("good", json!({})).await;
        store.try_out(KEY).await.unwrap();
        assert_eq!(store.stat(KEY).await.unwrap_err().kind, Kind::NotFound);
    }

    #[tokio::test]
    async fn a_store_that_is_full_or_gives_back_less_does_not_pass_and_keeps_nothing() {
        for config in [json!({"full_at": 10}), json!({"end_at": 10}), json!({"break_at": 10})] {
            let store = store("bad", config.clone()).await;
            store.try_out(KEY).await.expect_err(&config.to_string());
            assert_eq!(store.stat(KEY).await.unwrap_err().kind, Kind::NotFound, "{config}");
        }
    }
}
