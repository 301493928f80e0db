//! Staged writes: nothing before the commit, one winner for a key, nothing after an abort.

use crate::{
    case::{Check, Due, Stop, cases, ensure, refused, told},
    pattern::Pattern,
    probe::{Probe, pause},
};
use bytes::Bytes;
use casement_sdk::{Kind, Stat};

cases! { "write";
    nothing_is_readable_before_commit: [Write] CREATE;
    commit_never_replaces: [Write] COMMIT;
    first_of_two_writers_wins: [Write] COMMIT;
    one_of_two_commits_at_once_wins: [Write] COMMIT;
    refused_commit_leaves_nothing_staged: [Write] COMMIT;
    abort_leaves_nothing: [Write] ABORT;
    abort_before_the_first_byte: [Write] ABORT;
    aborted_key_can_be_written: [Write] ABORT;
    drop_leaves_nothing: [Write] DROP;
    deleted_key_can_be_written: [Write, Delete] COMMIT;
    abort_leaves_the_object_of_the_key: [Write] ABORT;
    chunks_come_back_after_commit: [Write, Delete] RELEASE;
    chunks_come_back_after_abort: [Write] RELEASE;
}

async fn nothing_is_readable_before_commit(p: &Probe) -> Check {
    let (writer, key) = p.begin("staged").await?;
    p.expect_nothing(&key, "before the commit").await?;
    writer.commit().await.or_seen("committing")?;
    p.store()?.stat(&key).await.or_seen("`stat` after the commit").map(drop)
}

async fn commit_never_replaces(p: &Probe) -> Check {
    let (key, data) = p.put_new("taken", 5000).await?;
    let answer = p.try_put(&key, &Pattern::new(3000)).await;
    let refusal = refused(answer, &[Kind::Exists], "writing and committing under a key that is taken");
    p.expect_object(&key, &data).await?;
    refusal.map(drop)
}

async fn first_of_two_writers_wins(p: &Probe) -> Check {
    let (key, first, second) = (p.key("contested"), Pattern::new(4000), Pattern::new(6000));
    let mut writers = Vec::new();
    for data in [&first, &second] {
        let mut writer = p.create(&key, Some(data.len)).await.or_seen("starting one of two writes for a key")?;
        writer.write(data.bytes()).await.or_seen("writing")?;
        writers.push(writer);
    }
    let (Some(late), Some(early)) = (writers.pop(), writers.pop()) else { return Ok(()) };
    early.commit().await.or_seen("the first commit")?;
    let refusal = refused(late.commit().await, &[Kind::Exists], "the second commit");
    p.expect_object(&key, &first).await?;
    refusal.map(drop)
}

async fn one_of_two_commits_at_once_wins(p: &Probe) -> Check {
    let (key, first, second) = (p.key("raced"), Pattern::new(4000), Pattern::new(6000));
    let mut one = p.create(&key, None).await.or_seen("starting the first write")?;
    let mut other = p.create(&key, None).await.or_seen("starting the second write")?;
    one.write(first.bytes()).await.or_seen("writing")?;
    other.write(second.bytes()).await.or_seen("writing")?;
    let (one, other) = futures_util::join!(one.commit(), other.commit());
    let (winner, loser) = match (&one, &other) {
        (Ok(_), Err(error)) => (&first, error),
        (Err(error), Ok(_)) => (&second, error),
        (Ok(_), Ok(_)) => return Err(Stop::Failed("both commits answered OK".to_owned())),
        (Err(one), Err(other)) => {
            return Err(Stop::Failed(format!("neither commit answered OK: {}; {}", told(one), told(other))));
        }
    };
    ensure!(loser.kind() == Kind::Exists, "the commit that lost answered {} instead of Exists", told(loser));
    p.expect_object(&key, winner).await
}

async fn refused_commit_leaves_nothing_staged(p: &Probe) -> Check {
    let key = p.key("refused");
    let mut late = p.create(&key, None).await.or_seen("starting a write")?;
    late.write(Bytes::from_static(b"late")).await.or_seen("writing")?;
    let data = Pattern::new(10);
    p.put(&key, &data).await?;
    let token = late.token().to_owned();
    refused(late.commit().await, &[Kind::Exists], "the commit that came too late")?;
    discard_what_is_left(p, &token).await?;
    p.expect_unstaged(&token, "after a commit that was refused, and a discard").await?;
    p.expect_object(&key, &data).await
}

/// The gateway discards what a write that failed may have left.
async fn discard_what_is_left(p: &Probe, token: &str) -> Check {
    if token.is_empty() || !p.can()?.stage_tokens {
        return Ok(());
    }
    match p.store()?.discard(token).await {
        Err(error) if error.kind() != Kind::NotFound => Err(Stop::Failed(format!("discarding: {}", told(&error)))),
        _ => Ok(()),
    }
}

async fn abort_leaves_nothing(p: &Probe) -> Check {
    let (writer, key) = p.begin("aborted").await?;
    let token = writer.token().to_owned();
    writer.abort().await.or_seen("aborting")?;
    p.expect_nothing(&key, "after the abort").await?;
    p.expect_unstaged(&token, "after the abort").await
}

async fn abort_before_the_first_byte(p: &Probe) -> Check {
    let key = p.key("aborted-at-once");
    let writer = p.create(&key, Some(1000)).await.or_seen("starting a write")?;
    let token = writer.token().to_owned();
    writer.abort().await.or_seen("aborting")?;
    p.expect_nothing(&key, "after the abort").await?;
    p.expect_unstaged(&token, "after the abort").await
}

async fn aborted_key_can_be_written(p: &Probe) -> Check {
    let (writer, key) = p.begin("second-try").await?;
    writer.abort().await.or_seen("aborting")?;
    let data = Pattern::new(2000);
    p.put(&key, &data).await?;
    p.expect_object(&key, &data).await
}

async fn drop_leaves_nothing(p: &Probe) -> Check {
    let (writer, key) = p.begin("dropped").await?;
    let token = writer.token().to_owned();
    drop(writer);
    p.expect_unstaged(&token, "after the writer was dropped").await?;
    p.expect_nothing(&key, "after the writer was dropped").await
}

async fn deleted_key_can_be_written(p: &Probe) -> Check {
    let (key, _) = p.put_new("again", 3000).await?;
    p.store()?.delete(&key).await.or_seen("deleting")?;
    let data = Pattern::new(1234);
    p.put(&key, &data).await?;
    p.expect_object(&key, &data).await
}

async fn abort_leaves_the_object_of_the_key(p: &Probe) -> Check {
    let key = p.key("bystander");
    let mut late = p.create(&key, None).await.or_seen("starting a write")?;
    late.write(Bytes::from_static(b"late")).await.or_seen("writing")?;
    let data = Pattern::new(777);
    p.put(&key, &data).await?;
    late.abort().await.or_seen("aborting a write for a key that has been taken meanwhile")?;
    p.expect_object(&key, &data).await
}

async fn chunks_come_back_after_commit(p: &Probe) -> Check {
    let (key, chunk) = (p.key("lent"), Bytes::from(vec![7; 100_000]));
    let mut writer = p.create(&key, None).await.or_seen("starting a write")?;
    writer.write(chunk.clone()).await.or_seen("writing")?;
    let stat: Stat = writer.commit().await.or_seen("committing")?;
    ensure!(stat.size == 100_000, "`commit` told of {} bytes instead of 100000", stat.size);
    // A store in memory may keep the chunk as long as the object.
    p.store()?.delete(&key).await.or_seen("deleting")?;
    expect_back(&chunk, "after the commit, and after the object was deleted").await
}

async fn chunks_come_back_after_abort(p: &Probe) -> Check {
    let (key, chunk) = (p.key("lent-in-vain"), Bytes::from(vec![7; 100_000]));
    let mut writer = p.create(&key, None).await.or_seen("starting a write")?;
    writer.write(chunk.clone()).await.or_seen("writing")?;
    writer.abort().await.or_seen("aborting")?;
    expect_back(&chunk, "after the abort").await
}

/// A backend may let go on a thread of its own.
async fn expect_back(chunk: &Bytes, when: &str) -> Check {
    const TRIES: u32 = 50;
    for _ in 0..TRIES {
        if chunk.is_unique() {
            return Ok(());
        }
        pause().await;
    }
    Err(Stop::Failed(format!("a chunk of 100000 bytes was not released {when}: `release` was not called")))
}
