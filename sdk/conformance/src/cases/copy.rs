//! Copies inside the store.

use crate::{
    case::{Check, Due, cases, ensure, refused},
    pattern::Pattern,
    probe::Probe,
};
use casement_sdk::Kind;

cases! { "copy";
    is_the_same: [Write, Copy] COPY;
    leaves_the_source: [Write, Copy] COPY;
    of_an_empty_object: [Write, Copy] COPY;
    of_many_chunks: [Write, Copy] COPY;
    stands_alone: [Write, Copy, Delete] COPY;
    never_replaces: [Write, Copy] COPY_NEW;
    to_itself_changes_nothing: [Write, Copy] COPY_NEW;
    of_nothing_is_not_found: [Copy] NOT_FOUND;
}

async fn copied(p: &Probe, len: u64) -> Check<(String, String, Pattern)> {
    let (from, data) = p.put_new("source", len).await?;
    let to = p.key("copy");
    let told = p.store()?.copy(&from, &to).await.or_seen("copying")?;
    ensure!(told.size == len, "`copy` of {len} bytes told of {}", told.size);
    Ok((from, to, data))
}

async fn is_the_same(p: &Probe) -> Check {
    let (_, to, data) = copied(p, 100_001).await?;
    p.expect_object(&to, &data).await
}

async fn leaves_the_source(p: &Probe) -> Check {
    let (from, _, data) = copied(p, 1000).await?;
    p.expect_object(&from, &data).await
}

async fn of_an_empty_object(p: &Probe) -> Check {
    let (_, to, data) = copied(p, 0).await?;
    p.expect_object(&to, &data).await
}

async fn of_many_chunks(p: &Probe) -> Check {
    let (_, to, data) = copied(p, 3 * p.chunk()? + 1).await?;
    p.expect_object(&to, &data).await
}

async fn stands_alone(p: &Probe) -> Check {
    let (from, to, data) = copied(p, 5000).await?;
    p.store()?.delete(&from).await.or_seen("deleting the source")?;
    p.expect_nothing(&from, "after it was deleted").await?;
    p.expect_object(&to, &data).await
}

async fn never_replaces(p: &Probe) -> Check {
    let (from, _) = p.put_new("source", 1000).await?;
    let (to, data) = p.put_new("taken", 2000).await?;
    let refusal = refused(p.store()?.copy(&from, &to).await, &[Kind::Exists], "copying to a key that is taken");
    p.expect_object(&to, &data).await?;
    refusal.map(drop)
}

async fn to_itself_changes_nothing(p: &Probe) -> Check {
    let (key, data) = p.put_new("itself", 1000).await?;
    let refusal = refused(p.store()?.copy(&key, &key).await, &[Kind::Exists], "copying an object to itself");
    p.expect_object(&key, &data).await?;
    refusal.map(drop)
}

async fn of_nothing_is_not_found(p: &Probe) -> Check {
    let to = p.key("copy");
    let answer = p.store()?.copy(&p.key("nothing"), &to).await;
    refused(answer, &[Kind::NotFound], "copying nothing")?;
    p.expect_nothing(&to, "after a copy of nothing").await
}
