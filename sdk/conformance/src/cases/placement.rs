//! Objects of projects, which a store may keep apart.

use super::tokens::Orphan;
use crate::{
    case::{Check, Due, cases, ensure, refused},
    pattern::Pattern,
    probe::Probe,
};
use casement_sdk::Kind;

cases! { "placement";
    same_answer_always: [] PLACE;
    odd_owners: [] PLACE_ODD;
    objects_are_found: [Write] PLACE_FOUND;
    objects_are_located: [Write] LOCATION_BACK;
    objects_are_deleted: [Write, Delete] PLACE_FOUND;
    objects_of_two_projects: [Write] PLACE_FOUND;
    staged_writes_are_discarded: [Write, StageTokens] PLACE_FOUND;
    copies: [Write, Copy] PLACE_FOUND;
}

const OWNER: &str = "0f4a6b7c8d9e4f0a8b1c2d3e4f5a6b7c";
const ANOTHER: &str = "1a5b7c8d9eaf4b1c9c2d3e4f5a6b7c8d";

async fn place(p: &Probe, key: &str, owner: &str) -> Check<String> {
    let placed = p.store()?.place(key, owner).await.or_seen(&format!("`place` for the project `{owner}`"))?;
    p.note_key(&placed);
    Ok(placed)
}

/// A new object of a project.
async fn put(p: &Probe, owner: &str, len: u64) -> Check<(String, Pattern)> {
    let (key, data) = (place(p, &p.key("owned"), owner).await?, Pattern::new(len));
    p.put(&key, &data).await?;
    Ok((key, data))
}

async fn same_answer_always(p: &Probe) -> Check {
    let (key, other) = (p.key("owned"), p.open_again().await?);
    let first = place(p, &key, OWNER).await?;
    let second = place(p, &key, OWNER).await?;
    let again = other.place(&key, OWNER).await.or_seen("`place` of the store opened again")?;
    let all = [&first, &second, &again];
    ensure!(all.iter().all(|answer| **answer == first), "the key of one object of one project was {all:?}");
    Ok(())
}

async fn odd_owners(p: &Probe) -> Check {
    let long = "x".repeat(255);
    for owner in [" ", ".", "..", "a/b", "../../x", "/", "%2f", "a b", "ä", "a\\b", "a\nb", "a\0b", "*:*", &long] {
        if let Err(error) = p.store()?.place(&p.key("owned"), owner).await {
            let doing = format!("`place` for the owner {owner:?}");
            refused::<()>(Err(error), &[Kind::Unsupported], &doing)?;
        }
    }
    Ok(())
}

async fn objects_are_found(p: &Probe) -> Check {
    let (key, data) = put(p, OWNER, 100_003).await?;
    p.expect_object(&key, &data).await
}

async fn objects_are_located(p: &Probe) -> Check {
    let (key, data) = put(p, OWNER, 1000).await?;
    let uri = p.store()?.format_location(&key).await.or_seen("`format_location`")?;
    let back = p.store()?.parse_location(&uri).await.or_seen("`parse_location` of a location of this store")?;
    ensure!(back == key, "the location of the key `{key}` is read as the key `{back}`");
    p.expect_object(&back, &data).await
}

async fn objects_are_deleted(p: &Probe) -> Check {
    let (key, _) = put(p, OWNER, 1000).await?;
    p.store()?.delete(&key).await.or_seen("deleting an object of a project")?;
    p.expect_nothing(&key, "after the delete").await
}

async fn objects_of_two_projects(p: &Probe) -> Check {
    let name = p.key("owned");
    let (mine, theirs) = (place(p, &name, OWNER).await?, place(p, &name, ANOTHER).await?);
    if mine == theirs {
        return Ok(());
    }
    let (first, second) = (Pattern::new(1000), Pattern::new(2000));
    p.put(&mine, &first).await?;
    p.expect_nothing(&theirs, "while only another project has an object of this name").await?;
    p.put(&theirs, &second).await?;
    p.expect_object(&mine, &first).await?;
    p.expect_object(&theirs, &second).await
}

async fn staged_writes_are_discarded(p: &Probe) -> Check {
    let key = place(p, &p.key("owned"), OWNER).await?;
    let mut writer = p.create(&key, None).await.or_seen("starting a write for a project")?;
    let chunk = p.chunk()?;
    writer.write(Pattern::new(chunk).bytes()).await.or_seen("writing a chunk")?;
    let orphan = Orphan::of(writer, key.clone())?;
    let token = orphan.token.clone();
    ensure!(p.is_staged(&token).await?, "`list_staged` does not have the token `{token}` of a write for a project");
    orphan.discard_in(&p.open_again().await?, "discarding it in the store opened again").await?;
    ensure!(!p.is_staged(&token).await?, "`list_staged` has the token `{token}` after it was discarded");
    p.expect_nothing(&key, "after its write was discarded").await
}

async fn copies(p: &Probe) -> Check {
    let (from, data) = put(p, OWNER, 100_003).await?;
    let to = place(p, &p.key("copy"), ANOTHER).await?;
    p.store()?.copy(&from, &to).await.or_seen("copying from one project to another")?;
    p.expect_object(&to, &data).await?;
    p.expect_object(&from, &data).await
}
