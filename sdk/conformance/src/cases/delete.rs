//! Deleting.

use crate::{
    case::{Check, Due, cases, refused},
    probe::Probe,
};
use casement_sdk::{Kind, Range};

cases! { "delete";
    nothing_is_not_found: [Delete] DELETE_NOTHING;
    removes: [Write, Delete] DELETE;
    twice_is_not_found: [Write, Delete] DELETE_NOTHING;
    leaves_keys_that_begin_alike: [Write, Delete] DELETE;
    while_somebody_reads: [Write, Delete] DELETE;
    seen_by_every_gateway: [Write, Delete, StageTokens] DELETE;
}

async fn nothing_is_not_found(p: &Probe) -> Check {
    refused(p.store()?.delete(&p.key("nothing")).await, &[Kind::NotFound], "deleting nothing").map(drop)
}

async fn removes(p: &Probe) -> Check {
    let (key, _) = p.put_new("removed", 1000).await?;
    p.store()?.delete(&key).await.or_seen("deleting")?;
    p.expect_nothing(&key, "after the deletion").await
}

async fn twice_is_not_found(p: &Probe) -> Check {
    let (key, _) = p.put_new("removed-twice", 1000).await?;
    let store = p.store()?;
    store.delete(&key).await.or_seen("deleting")?;
    refused(store.delete(&key).await, &[Kind::NotFound], "deleting once more").map(drop)
}

async fn leaves_keys_that_begin_alike(p: &Probe) -> Check {
    let (key, _) = p.put_new("alike", 1000).await?;
    let longer = format!("{key}-and-longer");
    p.note_key(&longer);
    let data = crate::pattern::Pattern::new(2000);
    p.put(&longer, &data).await?;
    p.store()?.delete(&key).await.or_seen("deleting")?;
    p.expect_object(&longer, &data).await
}

async fn while_somebody_reads(p: &Probe) -> Check {
    let (key, _) = p.put_new("read", 2 * p.chunk()?).await?;
    let store = p.store()?;
    let mut reader = store.read(&key, Range::default()).await.or_seen("opening a reader")?;
    reader.next().await.or_seen("reading the first chunk")?;
    store.delete(&key).await.or_seen("deleting an object that is being read")?;
    p.expect_nothing(&key, "after the deletion, with the reader still open").await?;
    drop(reader);
    p.expect_nothing(&key, "after the deletion").await
}

async fn seen_by_every_gateway(p: &Probe) -> Check {
    let (key, _) = p.put_new("shared", 1000).await?;
    p.open_again().await?.delete(&key).await.or_seen("deleting through the store opened again")?;
    p.expect_nothing(&key, "after it was deleted through the store opened again").await
}
