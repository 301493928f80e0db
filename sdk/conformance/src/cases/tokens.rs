//! Stage tokens: what is left of a write whose process died can be found and removed.

use crate::{
    case::{Check, Due, Stop, cases, ensure, refused},
    pattern::Pattern,
    probe::{Probe, read_from, same},
};
use casement_sdk::{
    Kind,
    host::{Backend, Writer},
};
use std::mem;

cases! { "tokens";
    every_write_has_its_own: [Write, StageTokens] TOKEN;
    listed_while_it_is_written: [Write, StageTokens] STAGED;
    not_listed_after_commit: [Write, StageTokens] STAGED;
    not_listed_after_abort: [Write, StageTokens] STAGED;
    not_listed_after_drop: [Write, StageTokens] STAGED;
    found_by_another_process: [Write, StageTokens] STAGED;
    discard_removes: [Write, StageTokens] DISCARD;
    discard_leaves_other_writes: [Write, StageTokens] DISCARD;
    discard_twice_is_not_found: [Write, StageTokens] DISCARD_NOTHING;
    unknown_token_is_not_found: [StageTokens] DISCARD_NOTHING;
    token_of_a_committed_write_does_no_harm: [Write, StageTokens] DISCARD;
    token_of_an_aborted_write_is_not_found: [Write, StageTokens] DISCARD_NOTHING;
    no_token_reaches_an_object: [Write, StageTokens] DISCARD;
    idle_since_the_last_byte: [Write, StageTokens] IDLE;
    committed_objects_outlive_the_store: [Write, ReadRange, StageTokens] DURABLE;
}

fn token_of(writer: &Writer) -> Check<String> {
    match writer.token() {
        "" => Err(Stop::Failed("it declares `stage_tokens`, and a write has an empty token".to_owned())),
        token => Ok(token.to_owned()),
    }
}

/// A write whose gateway died: nobody aborts it, nobody commits it.
pub(super) struct Orphan {
    writer: Writer,
    pub(super) token: String,
    key: String,
}

async fn orphan(p: &Probe, name: &str) -> Check<Orphan> {
    let (writer, key) = p.begin(name).await?;
    Orphan::of(writer, key)
}

impl Orphan {
    pub(super) fn of(writer: Writer, key: String) -> Check<Self> {
        let token = token_of(&writer)?;
        Ok(Self { writer, token, key })
    }

    /// Has it discarded. Unlike a process that died, its writer still holds what it has open, and where others may not remove
    /// that (as files on Windows) the case cannot be made.
    pub(super) async fn discard_in(self, store: &Backend, doing: &str) -> Check {
        match store.discard(&self.token).await {
            Err(error) if error.kind() == Kind::Unavailable && error.is_retryable() => {
                self.writer.abort().await.or_seen("aborting a write that could not be discarded while it is open")?;
                Err(Stop::Skipped(format!("what is being written is closed to others here: {error}")))
            }
            answer => {
                mem::forget(self.writer);
                answer.or_seen(doing)
            }
        }
    }
}

async fn every_write_has_its_own(p: &Probe) -> Check {
    let (one, key) = p.begin("one").await?;
    // Also of two writes for one key.
    let two = p.create(&key, None).await.or_seen("starting a second write for the key")?;
    let (first, second) = (token_of(&one)?, token_of(&two)?);
    ensure!(first != second, "two writes have the same token, `{first}`");
    one.abort().await.or_seen("aborting the first")?;
    two.abort().await.or_seen("aborting the second")
}

async fn listed_while_it_is_written(p: &Probe) -> Check {
    let (writer, _) = p.begin("listed").await?;
    let token = token_of(&writer)?;
    ensure!(p.is_staged(&token).await?, "`list_staged` has no `{token}` while it is written");
    writer.abort().await.or_seen("aborting")
}

async fn not_listed_after_commit(p: &Probe) -> Check {
    let (writer, _) = p.begin("committed").await?;
    let token = token_of(&writer)?;
    writer.commit().await.or_seen("committing")?;
    p.expect_unstaged(&token, "after the commit").await
}

async fn not_listed_after_abort(p: &Probe) -> Check {
    let (writer, _) = p.begin("aborted").await?;
    let token = token_of(&writer)?;
    writer.abort().await.or_seen("aborting")?;
    p.expect_unstaged(&token, "after the abort").await
}

async fn not_listed_after_drop(p: &Probe) -> Check {
    let (writer, _) = p.begin("dropped").await?;
    let token = token_of(&writer)?;
    drop(writer);
    p.expect_unstaged(&token, "after the writer was dropped").await
}

async fn found_by_another_process(p: &Probe) -> Check {
    let orphan = orphan(p, "orphan").await?;
    let (token, key) = (orphan.token.clone(), orphan.key.clone());
    let other = p.open_again().await?;
    let staged = other.list_staged().await.or_seen("listing staged writes in the store opened again")?;
    ensure!(staged.iter().any(|staged| staged.token == token), "the store opened again knows of no `{token}`");
    orphan.discard_in(&other, "discarding in the store opened again").await?;
    ensure!(!p.is_staged(&token).await?, "`list_staged` has `{token}` after it was discarded");
    p.expect_nothing(&key, "after the write was discarded").await
}

async fn discard_removes(p: &Probe) -> Check {
    let orphan = orphan(p, "discarded").await?;
    let (token, key) = (orphan.token.clone(), orphan.key.clone());
    orphan.discard_in(p.store()?, "discarding").await?;
    ensure!(!p.is_staged(&token).await?, "`list_staged` has `{token}` after it was discarded");
    p.expect_nothing(&key, "after the write was discarded").await
}

async fn discard_leaves_other_writes(p: &Probe) -> Check {
    let orphan = orphan(p, "discarded").await?;
    let (key, data) = (p.key("going-on"), Pattern::new(3000));
    let mut writer = p.create(&key, None).await.or_seen("starting another write")?;
    writer.write(data.part(0, 1500)).await.or_seen("writing")?;
    orphan.discard_in(p.store()?, "discarding the first write").await?;
    writer.write(data.part(1500, 1500)).await.or_seen("writing on with the second")?;
    writer.commit().await.or_seen("committing the second")?;
    p.expect_object(&key, &data).await
}

async fn discard_twice_is_not_found(p: &Probe) -> Check {
    let orphan = orphan(p, "discarded-twice").await?;
    let (token, store) = (orphan.token.clone(), p.store()?);
    orphan.discard_in(store, "discarding").await?;
    refused(store.discard(&token).await, &[Kind::NotFound], "discarding once more").map(drop)
}

async fn unknown_token_is_not_found(p: &Probe) -> Check {
    let answer = p.store()?.discard(&p.transfer()).await;
    refused(answer, &[Kind::NotFound], "discarding a token that nobody has")?;
    let long = "x".repeat(512);
    for odd in ["", "no such token", "../../no-such", "\\..\\no-such", "{}", "äöü", "%2e%2e%2f", &long] {
        let answer = p.store()?.discard(odd).await;
        // A token of another form than its own may be called that.
        let kinds = [Kind::NotFound, Kind::Misuse, Kind::Unsupported];
        refused(answer, &kinds, &format!("discarding the token `{}`", &odd[..odd.len().min(20)]))?;
    }
    Ok(())
}

async fn token_of_a_committed_write_does_no_harm(p: &Probe) -> Check {
    let (key, data) = (p.key("committed"), Pattern::new(5000));
    let mut writer = p.create(&key, Some(5000)).await.or_seen("starting a write")?;
    let token = token_of(&writer)?;
    writer.write(data.bytes()).await.or_seen("writing")?;
    writer.commit().await.or_seen("committing")?;
    let answer = p.store()?.discard(&token).await;
    p.expect_object(&key, &data).await?;
    refused(answer, &[Kind::NotFound], "discarding the token of a committed write").map(drop)
}

async fn token_of_an_aborted_write_is_not_found(p: &Probe) -> Check {
    let (writer, _) = p.begin("aborted").await?;
    let token = token_of(&writer)?;
    writer.abort().await.or_seen("aborting")?;
    refused(p.store()?.discard(&token).await, &[Kind::NotFound], "discarding the token of an aborted write").map(drop)
}

async fn no_token_reaches_an_object(p: &Probe) -> Check {
    let (key, data) = p.put_new("safe", 2000).await?;
    for token in [key.clone(), format!("../{key}"), format!("./{key}"), format!("/{key}")] {
        // Whatever it answers, the object stays.
        p.store()?.discard(&token).await.ok();
    }
    p.expect_object(&key, &data).await
}

async fn idle_since_the_last_byte(p: &Probe) -> Check {
    const HOUR: u64 = 3_600_000;
    let (writer, _) = p.begin("young").await?;
    let token = token_of(&writer)?;
    let staged = p.store()?.list_staged().await.or_seen("listing staged writes")?;
    let found = staged.iter().find(|staged| staged.token == token);
    if let Some(idle) = found.and_then(|staged| staged.idle_ms) {
        ensure!(idle < HOUR, "a write that was written to just now is idle for {idle} ms");
    }
    writer.abort().await.or_seen("aborting")
}

async fn committed_objects_outlive_the_store(p: &Probe) -> Check {
    let (key, data) = p.put_new("durable", 100_000).await?;
    let other = p.open_again().await?;
    p.expect_object_in(&other, &key, &data).await?;
    let part = read_from(&other, &key, 10, Some(20)).await.or_seen("reading in the store opened again")?;
    same(&data.part(10, 20), &part, "reading 20 bytes in the store opened again")
}
