//! Size and identity of objects.

use crate::{
    case::{Check, Due, cases, ensure, refused},
    probe::Probe,
};
use casement_sdk::Kind;
use std::time::{Duration, SystemTime};

cases! { "stat";
    nothing_is_not_found: [] NOT_FOUND;
    size_is_what_was_written: [Write] STAT;
    same_as_commit_told: [Write] STAT;
    etag_stays: [Write] STAT;
    time_is_in_milliseconds: [Write] MODIFIED;
}

async fn nothing_is_not_found(p: &Probe) -> Check {
    refused(p.store()?.stat(&p.key("nothing")).await, &[Kind::NotFound], "`stat` of nothing").map(drop)
}

async fn size_is_what_was_written(p: &Probe) -> Check {
    let (key, data) = p.put_new("sized", 12_345).await?;
    p.expect_object(&key, &data).await
}

async fn same_as_commit_told(p: &Probe) -> Check {
    let (key, data) = (p.key("told"), crate::pattern::Pattern::new(999));
    let told = p.put(&key, &data).await?;
    ensure!(told.size == 999, "999 bytes were written, and `commit` told of {}", told.size);
    let stat = p.store()?.stat(&key).await.or_seen("`stat`")?;
    ensure!(stat.size == told.size, "`commit` told of {} bytes, `stat` tells of {}", told.size, stat.size);
    if let (Some(told), Some(tells)) = (&told.etag, &stat.etag) {
        ensure!(told == tells, "`commit` told of the ETag {told}, `stat` tells of {tells}");
    }
    Ok(())
}

async fn etag_stays(p: &Probe) -> Check {
    let (key, _) = p.put_new("etag", 10).await?;
    let first = p.store()?.stat(&key).await.or_seen("`stat`")?;
    let second = p.open_again().await?.stat(&key).await;
    // A store that forgets has nothing to compare.
    if let Ok(second) = second {
        ensure!(first.etag == second.etag, "the ETag was {:?}, and then {:?}", first.etag, second.etag);
    }
    Ok(())
}

async fn time_is_in_milliseconds(p: &Probe) -> Check {
    const DAY: Duration = Duration::from_secs(86_400);
    let (key, _) = p.put_new("time", 10).await?;
    let Some(told) = p.store()?.stat(&key).await.or_seen("`stat`")?.modified_ms else { return Ok(()) };
    let told = SystemTime::UNIX_EPOCH + Duration::from_millis(told);
    let now = SystemTime::now();
    // Clocks differ, units by far more.
    let near = told.duration_since(now).unwrap_or_else(|before| before.duration()) < DAY;
    ensure!(near, "an object written just now was modified at {told:?}: seconds or microseconds?");
    Ok(())
}
