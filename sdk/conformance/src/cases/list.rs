//! Listings.

use crate::{
    case::{Check, Due, cases, ensure},
    pattern::Pattern,
    probe::Probe,
};
use futures_util::{StreamExt, TryStreamExt, stream};

cases! { "list";
    finds_objects_with_their_size: [Write, List] LIST;
    only_the_prefix: [Write, List] LIST;
    prefix_is_of_bytes_and_not_of_folders: [Write, List] LIST;
    ascending_by_bytes: [Write, List] LIST;
    behind_a_key: [Write, List] LIST;
    behind_a_key_that_is_not_there: [Write, List] LIST;
    behind_the_last: [Write, List] LIST;
    every_page: [Write, List] PAGE;
    nothing_begins_so: [List] PAGE;
    staged_writes_are_not_listed: [Write, List] LIST;
    aborted_writes_are_not_listed: [Write, List] LIST;
    deleted_objects_are_not_listed: [Write, List, Delete] LIST;
    unfinished_listing_is_let_go: [Write, List] PAGE;
    #[long] over_a_thousand: [Write, List, Delete] PAGE;
}

/// Keys that begin alike, with these ends, and an object of ten bytes under each.
async fn family(p: &Probe, ends: &[&str]) -> Check<(String, Vec<String>)> {
    let prefix = p.key("family-");
    let mut keys = Vec::new();
    for end in ends {
        let key = format!("{prefix}{end}");
        p.note_key(&key);
        p.put(&key, &Pattern::new(10)).await?;
        keys.push(key);
    }
    keys.sort();
    Ok((prefix, keys))
}

async fn finds_objects_with_their_size(p: &Probe) -> Check {
    let (key, _) = p.put_new("listed", 4321).await?;
    let entries = p.list(&key, None).await?;
    let found: Vec<_> = entries.iter().filter(|entry| entry.key == key).collect();
    ensure!(found.len() == 1, "the key is listed {} times", found.len());
    ensure!(found[0].size == 4321, "the object of 4321 bytes is listed with {}", found[0].size);
    Ok(())
}

async fn only_the_prefix(p: &Probe) -> Check {
    let (prefix, keys) = family(p, &["a", "b"]).await?;
    p.put_new("outsider", 10).await?;
    expect(p, &prefix, None, &keys).await
}

async fn expect(p: &Probe, prefix: &str, after: Option<&str>, keys: &[String]) -> Check {
    let found = p.list_keys(prefix, after).await?;
    let behind = after.map(|after| format!(" behind `{after}`")).unwrap_or_default();
    ensure!(found == keys, "the listing of `{prefix}`{behind} has {found:?} instead of {keys:?}");
    Ok(())
}

async fn prefix_is_of_bytes_and_not_of_folders(p: &Probe) -> Check {
    let (prefix, keys) = family(p, &["ab", "abc", "b"]).await?;
    expect(p, &format!("{prefix}a"), None, &keys[..2]).await
}

async fn ascending_by_bytes(p: &Probe) -> Check {
    // By no alphabet: digits, capitals, hyphens and letters stand as their bytes do.
    let (prefix, keys) = family(p, &["b", "a10", "a-b", "a9", "a", "ab", "a1", "0", "_x", "zz"]).await?;
    expect(p, &prefix, None, &keys).await
}

async fn behind_a_key(p: &Probe) -> Check {
    let (prefix, keys) = family(p, &["a", "b", "c", "d"]).await?;
    expect(p, &prefix, Some(&keys[1]), &keys[2..]).await
}

async fn behind_a_key_that_is_not_there(p: &Probe) -> Check {
    let (prefix, keys) = family(p, &["a", "c", "d"]).await?;
    expect(p, &prefix, Some(&format!("{prefix}b")), &keys[1..]).await?;
    // Before the first of them all.
    expect(p, &prefix, Some(p.prefix().trim_end_matches('-')), &keys).await
}

async fn behind_the_last(p: &Probe) -> Check {
    let (prefix, keys) = family(p, &["a", "b"]).await?;
    expect(p, &prefix, keys.last().map(String::as_str), &[]).await
}

async fn every_page(p: &Probe) -> Check {
    many(p, 40).await
}

async fn over_a_thousand(p: &Probe) -> Check {
    many(p, 1100).await
}

async fn many(p: &Probe, count: usize) -> Check {
    const AT_ONCE: usize = 8;
    let prefix = p.key("many-");
    let keys: Vec<_> = (0..count).map(|number| format!("{prefix}{number:05}")).collect();
    let data = Pattern::new(1);
    let puts = keys.iter().map(|key| {
        p.note_key(key);
        p.put(key, &data)
    });
    stream::iter(puts.collect::<Vec<_>>()).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
    let found = p.list_keys(&prefix, None).await?;
    ensure!(found.len() == count, "{count} objects were written, and {} are listed", found.len());
    ensure!(found == keys, "the pages are not in ascending order, or name a key twice");
    // As the gateway goes on after a break.
    expect(p, &prefix, Some(&keys[count / 2]), &keys[count / 2 + 1..]).await
}

async fn nothing_begins_so(p: &Probe) -> Check {
    let mut lister = p.store()?.list(&p.key("nothing"), None).await.or_seen("starting a listing")?;
    let page = lister.next_page().await.or_seen("asking for the first page")?;
    ensure!(page.is_empty(), "the listing of a prefix that nothing begins with has {page:?}");
    Ok(())
}

async fn staged_writes_are_not_listed(p: &Probe) -> Check {
    let (writer, key) = p.begin("staged").await?;
    expect(p, &key, None, &[]).await?;
    // Nor under a name of the backend's own.
    let token = writer.token().to_owned();
    if !token.is_empty() {
        expect(p, &token, None, &[]).await?;
    }
    writer.commit().await.or_seen("committing")?;
    expect(p, &key, None, std::slice::from_ref(&key)).await
}

async fn aborted_writes_are_not_listed(p: &Probe) -> Check {
    let (writer, key) = p.begin("aborted").await?;
    writer.abort().await.or_seen("aborting")?;
    expect(p, &key, None, &[]).await
}

async fn deleted_objects_are_not_listed(p: &Probe) -> Check {
    let (prefix, keys) = family(p, &["a", "b", "c"]).await?;
    p.store()?.delete(&keys[1]).await.or_seen("deleting")?;
    expect(p, &prefix, None, &[keys[0].clone(), keys[2].clone()]).await
}

async fn unfinished_listing_is_let_go(p: &Probe) -> Check {
    let (prefix, keys) = family(p, &["a", "b"]).await?;
    let mut lister = p.store()?.list(&prefix, None).await.or_seen("starting a listing")?;
    lister.next_page().await.or_seen("asking for the first page")?;
    drop(lister);
    drop(p.store()?.list(&prefix, None).await.or_seen("starting a listing")?);
    expect(p, &prefix, None, &keys).await
}
