//! Keys that are odd: taken and kept apart, or refused cleanly.

use crate::{
    case::{Check, Due, Stop, cases, ensure, told},
    pattern::Pattern,
    probe::Probe,
};
use casement_sdk::{Error, Kind};

cases! { "keys";
    of_the_gateway_are_taken: [Write] KEYS;
    dots_and_hyphens: [Write] KEYS;
    spaces: [Write] KEYS;
    letters_of_every_script: [Write] KEYS;
    what_urls_escape: [Write] KEYS;
    slashes: [Write] KEYS;
    long: [Write] KEYS;
    longer_than_most_media_take: [Write] KEYS;
    way_out_of_the_store: [Write] KEYS;
    control_characters: [Write] KEYS;
    names_that_systems_keep_for_themselves: [Write] KEYS;
    capitals_are_other_letters: [Write] KEYS;
    escaped_and_plain_are_two: [Write] KEYS;
    same_letters_in_two_forms: [Write] KEYS;
}

/// A refusal is an answer about the key, and not the sign of a store in trouble.
fn is_clean(error: &Error) -> bool {
    let of_the_key = [Kind::Unsupported, Kind::Misuse, Kind::Denied, Kind::NotFound, Kind::Exists];
    of_the_key.contains(&error.kind()) && !error.is_retryable()
}

/// A key as a report shows it: what is odd about it visible, and no pages of it.
fn shown(key: &str) -> String {
    const MOST: usize = 100;
    match key.char_indices().nth(MOST) {
        None => format!("{key:?}"),
        Some((end, _)) => format!("{:?}… ({} bytes)", &key[..end], key.len()),
    }
}

/// Writes an object under the key. `None` where the key was refused.
async fn put(p: &Probe, key: &str) -> Check<Option<Pattern>> {
    p.note_key(key);
    let data = Pattern::new(100 + key.len() as u64);
    match p.try_put(key, &data).await {
        Ok(_) => Ok(Some(data)),
        Err(error) if is_clean(&error) => Ok(None),
        Err(error) => Err(Stop::Failed(format!("the key {} was answered {}", shown(key), told(&error)))),
    }
}

/// The key is taken, and the object found under it and no other; or it is refused, and nothing is there.
async fn taken_or_refused(p: &Probe, key: &str) -> Check {
    let Some(data) = put(p, key).await? else {
        let stat = p.store()?.stat(key).await;
        let absent = stat.as_ref().is_err_and(is_clean);
        ensure!(absent, "the key {} is refused for writing, and `stat` of it answers {stat:?}", shown(key));
        return Ok(());
    };
    p.expect_object(key, &data).await?;
    if p.can()?.list {
        let keys = p.list_keys(&p.prefix(), None).await?;
        let found = keys.iter().filter(|found| *found == key).count();
        ensure!(!key.starts_with(&p.prefix()) || found == 1, "the key {} is listed {found} times", shown(key));
    }
    let uri = p.store()?.format_location(key).await.or_seen(&format!("`format_location` of {}", shown(key)))?;
    let back = p.store()?.parse_location(&uri).await.or_seen(&format!("`parse_location` of {}", shown(&uri)))?;
    ensure!(back == key, "the location of the key {} is read as {}", shown(key), shown(&back));
    if p.can()?.delete {
        p.store()?.delete(key).await.or_seen(&format!("deleting {}", shown(key)))?;
        p.expect_nothing(key, "after the deletion").await?;
    }
    Ok(())
}

async fn each(p: &Probe, ends: &[&str]) -> Check {
    for end in ends {
        taken_or_refused(p, &format!("{}{end}", p.key("odd-"))).await?;
    }
    Ok(())
}

/// An image's id.
async fn of_the_gateway_are_taken(p: &Probe) -> Check {
    let id = format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        fastrand::u32(..),
        fastrand::u16(..),
        fastrand::u16(..0x1000),
        fastrand::u16(..0x1000),
        fastrand::u64(..1 << 48)
    );
    let taken = put(p, &id).await?;
    let Some(data) = taken else {
        return Err(Stop::Failed(format!("the store refuses the key `{id}`, which is an image's id")));
    };
    p.expect_object(&id, &data).await
}

async fn dots_and_hyphens(p: &Probe) -> Check {
    each(p, &["a.b", "a..b", "-a", "a-", "a_b", "a.raw", "a~"]).await
}

async fn spaces(p: &Probe) -> Check {
    each(p, &["a b", " a", "a  b"]).await
}

async fn letters_of_every_script(p: &Probe) -> Check {
    each(p, &["äöü", "日本語", "🗻", "данные", "עברית"]).await
}

async fn what_urls_escape(p: &Probe) -> Check {
    each(p, &["a%20b", "a+b", "a?b", "a#b", "a&b=c", "a:b", "a;b", "a\"b", "a'b", "a<b>", "a|b", "a*b", "a\\b"]).await
}

async fn slashes(p: &Probe) -> Check {
    each(p, &["a/b", "a//b", "a/", "a/./b"]).await
}

async fn long(p: &Probe) -> Check {
    let key = p.key("long-");
    for len in [200, 255, 256, 1024] {
        taken_or_refused(p, &format!("{key}{}", "x".repeat(len - key.len()))).await?;
    }
    Ok(())
}

async fn longer_than_most_media_take(p: &Probe) -> Check {
    let key = p.key("too-long-");
    taken_or_refused(p, &format!("{key}{}", "x".repeat(5000))).await
}

async fn way_out_of_the_store(p: &Probe) -> Check {
    let name = p.key("out");
    for key in [format!("../{name}"), format!("x/../../{name}"), format!("..\\{name}"), "..".into(), ".".into()] {
        taken_or_refused(p, &key).await?;
    }
    apart(p, &name, &format!("../{name}")).await?;
    apart(p, &name, &format!("x/../{name}")).await?;
    // What looks like an absolute path must not be one.
    let absolute = env_temp(&name);
    taken_or_refused(p, &absolute).await?;
    ensure!(!std::path::Path::new(&absolute).exists(), "the key {absolute:?} made a file outside of the store");
    Ok(())
}

fn env_temp(name: &str) -> String {
    std::env::temp_dir().join(name).to_string_lossy().into_owned()
}

async fn control_characters(p: &Probe) -> Check {
    each(p, &["a\u{0}b", "a\nb", "a\r\nb", "a\tb", "a\u{7f}b"]).await
}

/// Windows's devices and what it drops from the end of a name; streams of NTFS.
async fn names_that_systems_keep_for_themselves(p: &Probe) -> Check {
    each(p, &["a.", "a ", "a:stream", "a::$DATA"]).await?;
    for key in ["CON", "nul.txt", "COM1", "LPT1.img"] {
        // Not this run's alone: what is there stays.
        if p.store()?.stat(key).await.is_err() {
            taken_or_refused(p, key).await?;
        }
    }
    Ok(())
}

/// Two keys that a careless store takes for one: each keeps its own object, or one is refused.
async fn apart(p: &Probe, one: &str, two: &str) -> Check {
    let (first, second) = (put(p, one).await?, put(p, two).await?);
    for (key, data) in [(one, first), (two, second)] {
        if let Some(data) = data {
            p.expect_object(key, &data).await?;
        }
    }
    Ok(())
}

async fn capitals_are_other_letters(p: &Probe) -> Check {
    let key = p.key("capitals-");
    apart(p, &format!("{key}abc"), &format!("{key}aBc")).await
}

async fn escaped_and_plain_are_two(p: &Probe) -> Check {
    let key = p.key("escaped-");
    apart(p, &format!("{key}a b"), &format!("{key}a%20b")).await?;
    apart(p, &format!("{key}c+d"), &format!("{key}c d")).await
}

async fn same_letters_in_two_forms(p: &Probe) -> Check {
    let key = p.key("forms-");
    apart(p, &format!("{key}\u{e9}"), &format!("{key}e\u{301}")).await
}
