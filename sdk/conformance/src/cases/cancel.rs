//! Operations that nobody waits for any longer: each is answered, once, and nothing is left of it.

use crate::{
    case::{Check, Due, Stop, cases, ensure, refused, told},
    pattern::Pattern,
    probe::Probe,
};
use casement_sdk::{Kind, Range};
use futures_util::poll;
use std::{future::Future, pin::pin, time::Duration};
use tokio::time::timeout;

cases! { "cancel";
    write_given_up_can_be_aborted: [Write] CANCEL;
    nothing_follows_a_write_that_was_given_up: [Write] WRITE;
    create_given_up_leaves_nothing: [Write] CANCEL;
    commit_given_up_is_all_or_nothing: [Write] CANCEL;
    read_given_up: [] CANCEL;
    everything_given_up: [Write] CANCEL;
}

/// Begins an operation, and gives it up at once. The answer, where it was there already.
async fn give_up<T>(operation: impl Future<Output = T>) -> Option<T> {
    let mut operation = pin!(operation);
    match poll!(operation.as_mut()) {
        std::task::Poll::Ready(answer) => Some(answer),
        std::task::Poll::Pending => None,
    }
}

/// Nobody knows when an operation is half done, so it is given up at several times: in milliseconds.
const MOMENTS: [u64; 5] = [0, 1, 5, 20, 100];

/// Begins an operation, and gives it up after a while.
async fn give_up_after<T>(milliseconds: u64, operation: impl Future<Output = T>) -> Option<T> {
    match milliseconds {
        0 => give_up(operation).await,
        after => timeout(Duration::from_millis(after), operation).await.ok(),
    }
}

/// Every operation was answered, also those that were given up. The case's bound is the bound of this.
async fn all_answered(p: &Probe) -> Check {
    p.store()?.idle().await.or_seen("waiting for the answers to operations that were given up")
}

async fn write_given_up_can_be_aborted(p: &Probe) -> Check {
    let (mut writer, key) = p.begin("given-up").await?;
    let token = writer.token().to_owned();
    give_up(writer.write(Pattern::new(p.chunk()?).bytes())).await;
    writer.abort().await.or_seen("aborting after a write that was given up")?;
    all_answered(p).await?;
    p.expect_nothing(&key, "after a write that was given up").await?;
    p.expect_unstaged(&token, "after a write that was given up, and an abort").await
}

async fn nothing_follows_a_write_that_was_given_up(p: &Probe) -> Check {
    const TRIES: u32 = 20;
    let (mut writer, key) = p.begin("gap").await?;
    let mut tries = 0..TRIES;
    while give_up(writer.write(Pattern::new(p.chunk()?).bytes())).await.is_some() {
        if tries.next().is_none() {
            return Err(Stop::Skipped("the store answers a write before it can be given up".to_owned()));
        }
    }
    let token = writer.token().to_owned();
    refused(writer.commit().await, &[Kind::Misuse], "committing after a write that was given up")?;
    all_answered(p).await?;
    p.expect_nothing(&key, "after a write that was given up").await?;
    p.expect_unstaged(&token, "after a write that was given up, and the writer was dropped").await
}

async fn create_given_up_leaves_nothing(p: &Probe) -> Check {
    let before = staged(p).await?;
    let key = p.key("never-begun");
    for after in MOMENTS {
        drop(give_up_after(after, p.create(&key, Some(1000))).await);
    }
    all_answered(p).await?;
    // The writers that came too late are dropped, behind the scenes.
    for token in staged(p).await?.iter().filter(|token| !before.contains(token) && token.contains(&p.prefix())) {
        p.expect_unstaged(token, "after a `create` that was given up").await?;
    }
    p.expect_nothing(&key, "after a `create` that was given up").await
}

async fn staged(p: &Probe) -> Check<Vec<String>> {
    if !p.can()?.stage_tokens {
        return Ok(Vec::new());
    }
    let staged = p.store()?.list_staged().await.or_seen("listing staged writes")?;
    Ok(staged.into_iter().map(|staged| staged.token).collect())
}

/// A commit on its way may arrive: the object is there, whole, or it is not there at all.
async fn commit_given_up_is_all_or_nothing(p: &Probe) -> Check {
    for after in MOMENTS {
        commit_given_up(p, after).await?;
    }
    Ok(())
}

async fn commit_given_up(p: &Probe, after: u64) -> Check {
    let (key, data) = (p.key("half"), Pattern::new(2 * p.chunk()?));
    let mut writer = p.create(&key, Some(data.len)).await.or_seen("starting a write")?;
    let token = writer.token().to_owned();
    writer.write(data.part(0, data.len / 2)).await.or_seen("writing")?;
    writer.write(data.part(data.len / 2, data.len)).await.or_seen("writing")?;
    give_up_after(after, writer.commit()).await;
    all_answered(p).await?;
    match p.store()?.stat(&key).await {
        Ok(_) => p.expect_object(&key, &data).await?,
        Err(error) if error.kind() == Kind::NotFound => p.expect_nothing(&key, "after a commit was given up").await?,
        Err(error) => {
            return Err(Stop::Failed(format!("`stat` after a commit that was given up: {}", told(&error))));
        }
    }
    // The gateway's recovery does the same.
    if !token.is_empty() && p.can()?.stage_tokens {
        p.store()?.discard(&token).await.ok();
        ensure!(!p.is_staged(&token).await?, "`list_staged` has `{token}` after it was discarded");
    }
    Ok(())
}

async fn read_given_up(p: &Probe) -> Check {
    let (key, data) = p.sample(1_300_007).await?;
    for _ in 0..5 {
        let mut reader = p.store()?.read(&key, Range::default()).await.or_seen("opening a reader")?;
        give_up(reader.next()).await;
    }
    for _ in 0..5 {
        drop(give_up(p.store()?.read(&key, Range::default())).await);
    }
    all_answered(p).await?;
    p.expect_range(&key, 0, None, &data).await
}

async fn everything_given_up(p: &Probe) -> Check {
    let (key, data) = p.put_new("survivor", 1000).await?;
    let (store, gone) = (p.store()?, p.key("gone"));
    for moment in MOMENTS {
        drop(give_up_after(moment, store.stat(&key)).await);
        drop(give_up_after(moment, store.stat(&gone)).await);
        drop(give_up_after(moment, store.health()).await);
        drop(give_up_after(moment, store.usage()).await);
        drop(give_up_after(moment, store.list(&p.prefix(), None)).await);
        drop(give_up_after(moment, store.delete(&gone)).await);
        drop(give_up_after(moment, store.discard("no-such-token")).await);
    }
    all_answered(p).await?;
    p.expect_object(&key, &data).await
}
