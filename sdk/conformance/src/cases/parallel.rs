//! Many at once.

use crate::{
    case::{Check, Due, Stop, cases, ensure},
    pattern::Pattern,
    probe::{Probe, read_from},
};
use futures_util::future::{join_all, try_join_all};
use std::collections::BTreeSet;

cases! { "parallel";
    writes: [Write] PARALLEL;
    reads: [] PARALLEL;
    writes_in_turns: [Write] PARALLEL;
    writes_reads_and_deletes: [Write, Delete] PARALLEL;
    one_of_many_writers_wins: [Write] COMMIT;
}

async fn writes(p: &Probe) -> Check {
    const WRITERS: u64 = 16;
    let write = |number: u64| async move {
        let (key, data) = p.put_new("parallel", 50_000 + number).await?;
        p.expect_object(&key, &data).await
    };
    try_join_all((0..WRITERS).map(write)).await.map(drop)
}

async fn reads(p: &Probe) -> Check {
    const READERS: usize = 16;
    let (key, data) = p.sample(300_000).await?;
    let (key, data) = (&key, &data);
    let read = |number: usize| async move {
        let from = if p.can()?.read_range { number * data.len() / READERS } else { 0 };
        p.expect_range(key, from as u64, None, &data[from..]).await
    };
    try_join_all((0..READERS).map(read)).await.map(drop)
}

/// Chunks of several writes, one after the other: none gets into another's object.
async fn writes_in_turns(p: &Probe) -> Check {
    const CHUNK: u64 = 10_000;
    const CHUNKS: u64 = 6;
    let mut writes = Vec::new();
    for _ in 0..4 {
        let (key, data) = (p.key("in-turns"), Pattern::new(CHUNK * CHUNKS));
        let writer = p.create(&key, None).await.or_seen("starting a write")?;
        writes.push((writer, key, data));
    }
    for number in 0..CHUNKS {
        for (writer, _, data) in &mut writes {
            writer.write(data.part(number * CHUNK, CHUNK)).await.or_seen("writing in turns")?;
        }
    }
    let mut written = Vec::new();
    for (writer, key, data) in writes {
        writer.commit().await.or_seen("committing")?;
        written.push((key, data));
    }
    for (key, data) in written {
        p.expect_object(&key, &data).await?;
    }
    Ok(())
}

async fn writes_reads_and_deletes(p: &Probe) -> Check {
    const LIVES: u64 = 8;
    let store = p.store()?;
    let life = |number: u64| async move {
        let (key, data) = p.put_new("life", 20_000 + number).await?;
        let read = read_from(store, &key, 0, None).await.or_seen("reading")?;
        ensure!(data.difference(0, &read).is_none(), "one of many objects has other bytes than were written");
        store.delete(&key).await.or_seen("deleting")?;
        p.expect_nothing(&key, "after it was deleted, among many").await
    };
    try_join_all((0..LIVES).map(life)).await.map(drop)
}

async fn one_of_many_writers_wins(p: &Probe) -> Check {
    const WRITERS: u64 = 8;
    let key = p.key("contested");
    let key = &key;
    let attempt = |number: u64| async move {
        let data = Pattern::new(10_000 + number);
        p.try_put(key, &data).await.map(|_| data)
    };
    let answers = join_all((0..WRITERS).map(attempt)).await;
    let kinds: BTreeSet<_> =
        answers.iter().filter_map(|answer| answer.as_ref().err()).map(|error| format!("{:?}", error.kind())).collect();
    let winners: Vec<_> = answers.into_iter().flatten().collect();
    let [winner] = winners.as_slice() else {
        return Err(Stop::Failed(format!("{} of {WRITERS} writers for one key were answered OK", winners.len())));
    };
    ensure!(kinds.iter().all(|kind| kind == "Exists"), "those that lost were answered {kinds:?} instead of Exists");
    p.expect_object(key, winner).await
}
