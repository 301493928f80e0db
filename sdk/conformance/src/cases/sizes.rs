//! Objects of every size, in chunks of every size.

use crate::{
    case::{Check, Due, Stop, cases, ensure},
    pattern::Pattern,
    probe::Probe,
};

cases! { "sizes";
    empty: [Write] WRITE;
    empty_without_a_known_size: [Write] WRITE;
    one_byte: [Write] WRITE;
    a_byte_less_than_a_chunk: [Write] WRITE;
    one_chunk: [Write] WRITE;
    a_byte_more_than_a_chunk: [Write] WRITE;
    many_chunks: [Write] WRITE;
    many_chunks_without_a_known_size: [Write] WRITE;
    uneven_chunks: [Write] CHUNKS;
    single_bytes: [Write] CHUNKS;
    shorter_than_announced: [Write] SIZE;
    longer_than_announced: [Write] SIZE;
    #[long] a_gibibyte_and_a_byte: [Write] WRITE;
    #[long] a_gibibyte_without_a_known_size: [Write] WRITE;
}

/// Writes and reads back an object in chunks of these sizes, over and over.
async fn round_trip(p: &Probe, name: &str, len: u64, announced: bool, chunks: &[u64]) -> Check {
    let most = p.can()?.max_object_size;
    if most > 0 && len > most {
        return Err(Stop::Skipped(format!("the store takes objects of {most} bytes at the most")));
    }
    let (key, data) = (p.key(name), Pattern::new(len));
    let mut writer = p.create(&key, announced.then_some(len)).await.or_seen("starting a write")?;
    let (mut at, mut sizes) = (0, chunks.iter().cycle());
    while at < len {
        let chunk = data.part(at, *sizes.next().unwrap_or(&len));
        let size = chunk.len() as u64;
        writer.write(chunk).await.or_seen(&format!("writing {size} bytes at {at}"))?;
        at += size;
    }
    let told = writer.commit().await.or_seen("committing")?;
    ensure!(told.size == len, "{len} bytes were written, and `commit` told of {}", told.size);
    p.expect_object(&key, &data).await
}

async fn empty(p: &Probe) -> Check {
    round_trip(p, "empty", 0, true, &[]).await
}

async fn empty_without_a_known_size(p: &Probe) -> Check {
    round_trip(p, "empty-unknown", 0, false, &[]).await
}

async fn one_byte(p: &Probe) -> Check {
    round_trip(p, "one-byte", 1, true, &[1]).await
}

async fn a_byte_less_than_a_chunk(p: &Probe) -> Check {
    let chunk = p.chunk()?;
    round_trip(p, "chunk-less", chunk - 1, true, &[chunk]).await
}

async fn one_chunk(p: &Probe) -> Check {
    let chunk = p.chunk()?;
    round_trip(p, "chunk", chunk, true, &[chunk]).await
}

async fn a_byte_more_than_a_chunk(p: &Probe) -> Check {
    let chunk = p.chunk()?;
    round_trip(p, "chunk-more", chunk + 1, true, &[chunk]).await
}

async fn many_chunks(p: &Probe) -> Check {
    let chunk = p.chunk()?;
    round_trip(p, "many-chunks", 5 * chunk, true, &[chunk]).await
}

async fn many_chunks_without_a_known_size(p: &Probe) -> Check {
    let chunk = p.chunk()?;
    round_trip(p, "many-unknown", 5 * chunk + 1, false, &[chunk]).await
}

async fn uneven_chunks(p: &Probe) -> Check {
    let chunk = p.chunk()?;
    round_trip(p, "uneven", 3 * chunk + 777, false, &[1, chunk / 2, 4096, 65_537, chunk, 3, 511]).await
}

async fn single_bytes(p: &Probe) -> Check {
    round_trip(p, "single-bytes", 500, false, &[1]).await
}

/// Announces a size and writes another: refused, or published as it was written.
async fn other_than_announced(p: &Probe, name: &str, announced: u64, len: u64) -> Check {
    let (key, data) = (p.key(name), Pattern::new(len));
    let mut writer = p.create(&key, Some(announced)).await.or_seen("starting a write")?;
    let token = writer.token().to_owned();
    let committed = match writer.write(data.bytes()).await {
        Ok(()) => writer.commit().await.is_ok(),
        Err(_) => writer.abort().await.map(|()| false).or_seen("aborting a write that was refused")?,
    };
    if committed {
        return p.expect_object(&key, &data).await;
    }
    p.expect_nothing(&key, "after a write of another size than announced was refused").await?;
    if !token.is_empty() && p.can()?.stage_tokens {
        p.store()?.discard(&token).await.ok();
    }
    Ok(())
}

async fn shorter_than_announced(p: &Probe) -> Check {
    other_than_announced(p, "shorter", 10_000, 9_999).await
}

async fn longer_than_announced(p: &Probe) -> Check {
    other_than_announced(p, "longer", 9_999, 10_000).await
}

async fn a_gibibyte_and_a_byte(p: &Probe) -> Check {
    let chunk = p.chunk()?;
    round_trip(p, "large", (1 << 30) + 1, true, &[chunk]).await
}

async fn a_gibibyte_without_a_known_size(p: &Probe) -> Check {
    let chunk = p.chunk()?;
    round_trip(p, "large-unknown", 1 << 30, false, &[chunk]).await
}
