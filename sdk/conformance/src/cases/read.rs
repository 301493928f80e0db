//! Reading whole objects and parts of them, several at a time, and while they go away.

use crate::{
    case::{Check, Due, Stop, cases, ensure, refused, told},
    probe::{Probe, same},
};
use casement_sdk::{Kind, Range};

cases! { "read";
    nothing_is_not_found: [] NOT_FOUND;
    whole: [] NEXT;
    from_the_middle_to_the_end: [ReadRange] OFFSET;
    from_the_middle: [ReadRange] OFFSET;
    first_byte: [] RANGE;
    last_byte: [ReadRange] OFFSET;
    first_bytes: [] RANGE;
    no_bytes: [] RANGE;
    beyond_the_end: [ReadRange] RANGE;
    whole_by_a_longer_range: [] RANGE;
    at_the_end: [ReadRange] READ;
    behind_the_end: [ReadRange] READ;
    where_offset_and_length_overflow: [ReadRange] READ;
    nothing_of_an_empty_object: [Write, ReadRange] READ;
    two_readers_at_once: [] PARALLEL;
    unfinished_reader_is_let_go: [] NEXT;
    deleted_meanwhile: [Write, Delete] DELETE;
}

/// More than a chunk, and no round number.
const LEN: u64 = 1_300_007;

async fn nothing_is_not_found(p: &Probe) -> Check {
    refused(p.read(&p.key("nothing"), 0, None).await, &[Kind::NotFound], "reading nothing").map(drop)
}

/// Reads a range that is made of the object's length, and compares.
async fn range(p: &Probe, of: impl Fn(usize) -> (usize, Option<usize>)) -> Check {
    let (key, data) = p.sample(LEN).await?;
    let (offset, len) = of(data.len());
    let from = offset.min(data.len());
    let to = len.map_or(data.len(), |len| from.saturating_add(len).min(data.len()));
    p.expect_range(&key, offset as u64, len.map(|len| len as u64), &data[from..to]).await
}

async fn whole(p: &Probe) -> Check {
    range(p, |_| (0, None)).await
}

async fn from_the_middle_to_the_end(p: &Probe) -> Check {
    range(p, |size| (size / 2 + 1, None)).await
}

async fn from_the_middle(p: &Probe) -> Check {
    range(p, |size| (size / 3, Some(size / 3 + 1))).await
}

async fn first_byte(p: &Probe) -> Check {
    range(p, |_| (0, Some(1))).await
}

async fn last_byte(p: &Probe) -> Check {
    range(p, |size| (size.saturating_sub(1), Some(1))).await
}

async fn first_bytes(p: &Probe) -> Check {
    range(p, |size| (0, Some(size / 2))).await
}

async fn no_bytes(p: &Probe) -> Check {
    range(p, |_| (0, Some(0))).await
}

async fn beyond_the_end(p: &Probe) -> Check {
    range(p, |size| (size / 2, Some(size))).await
}

async fn whole_by_a_longer_range(p: &Probe) -> Check {
    range(p, |size| (0, Some(size + 1000))).await
}

async fn at_the_end(p: &Probe) -> Check {
    range(p, |size| (size, None)).await?;
    range(p, |size| (size, Some(10))).await
}

async fn behind_the_end(p: &Probe) -> Check {
    range(p, |size| (size + 1, None)).await?;
    range(p, |size| (size + 5000, Some(10))).await
}

async fn where_offset_and_length_overflow(p: &Probe) -> Check {
    let (key, data) = p.sample(LEN).await?;
    p.expect_range(&key, u64::MAX - 1, Some(10), &[]).await?;
    // All ones is no number in the contract.
    p.expect_range(&key, 7, Some(u64::MAX - 1), &data[7..]).await
}

async fn nothing_of_an_empty_object(p: &Probe) -> Check {
    let (key, _) = p.put_new("empty", 0).await?;
    p.expect_range(&key, 0, None, &[]).await?;
    p.expect_range(&key, 0, Some(10), &[]).await?;
    p.expect_range(&key, 5, None, &[]).await
}

async fn two_readers_at_once(p: &Probe) -> Check {
    let (key, data) = p.sample(LEN).await?;
    let store = p.store()?;
    let mut one = store.read(&key, Range::default()).await.or_seen("opening the first reader")?;
    let mut other = store.read(&key, Range::default()).await.or_seen("opening the second reader")?;
    let (mut from_one, mut from_other) = (Vec::new(), Vec::new());
    loop {
        let first = one.next().await.or_seen("reading on with the first")?;
        let second = other.next().await.or_seen("reading on with the second")?;
        if first.is_none() && second.is_none() {
            break;
        }
        from_one.extend_from_slice(&first.unwrap_or_default());
        from_other.extend_from_slice(&second.unwrap_or_default());
    }
    same(&data, &from_one, "reading with the first of two readers in turns")?;
    same(&data, &from_other, "reading with the second of two readers in turns")
}

async fn unfinished_reader_is_let_go(p: &Probe) -> Check {
    let (key, data) = p.sample(LEN).await?;
    let mut reader = p.store()?.read(&key, Range::default()).await.or_seen("opening a reader")?;
    reader.next().await.or_seen("reading the first chunk")?;
    drop(reader);
    p.expect_range(&key, 0, None, &data).await
}

/// What is read must be right, and may end early with an error.
async fn deleted_meanwhile(p: &Probe) -> Check {
    let (key, data) = p.put_new("going", 5 * p.chunk()?).await?;
    let store = p.store()?;
    let mut reader = store.read(&key, Range::default()).await.or_seen("opening a reader")?;
    let first = reader.next().await.or_seen("reading the first chunk")?;
    let mut at = first.as_ref().map_or(0, |chunk| chunk.len() as u64);
    store.delete(&key).await.or_seen("deleting an object that is being read")?;
    loop {
        match reader.next().await {
            Ok(Some(chunk)) => {
                let wrong = data.difference(at, &chunk);
                ensure!(wrong.is_none(), "after the deletion the reader gave other bytes, from {wrong:?} on");
                at += chunk.len() as u64;
            }
            Ok(None) if at == data.len => return Ok(()),
            Ok(None) => {
                return Err(Stop::Failed(format!(
                    "after the deletion the reader ended at {at} of {} bytes, as if that were all",
                    data.len
                )));
            }
            Err(error) => {
                ensure!(
                    !matches!(error.kind(), Kind::Panicked | Kind::Misuse),
                    "after the deletion the reader answered {}",
                    told(&error)
                );
                return Ok(());
            }
        }
    }
}
