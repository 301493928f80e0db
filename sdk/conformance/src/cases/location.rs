//! Locations, as the catalog records them.

use crate::{
    case::{Check, Due, Stop, cases, ensure, refused},
    probe::Probe,
};
use casement_sdk::Kind;
use serde_json::Value;
use std::{env, fs};

cases! { "location";
    comes_back: [] LOCATION_BACK;
    is_a_uri: [] LOCATION;
    of_two_keys_differ: [] LOCATION;
    is_the_same_for_every_gateway: [] LOCATION;
    of_an_object_that_is_there: [Write] LOCATION_BACK;
    of_another_store_is_refused: [] LOCATION_FOREIGN;
    nonsense_is_refused: [] LOCATION_FOREIGN;
    shows_no_secret: [] NO_SECRET;
}

async fn location(p: &Probe, key: &str) -> Check<String> {
    p.store()?.format_location(key).await.or_seen("`format_location`")
}

async fn expect_back(p: &Probe, uri: &str, key: &str) -> Check {
    let back = p.store()?.parse_location(uri).await.or_seen("`parse_location` of a location of this store")?;
    ensure!(back == key, "the location of the key `{key}` is read as the key `{back}`");
    Ok(())
}

async fn comes_back(p: &Probe) -> Check {
    let key = p.key("located");
    let uri = location(p, &key).await?;
    expect_back(p, &uri, &key).await
}

async fn is_a_uri(p: &Probe) -> Check {
    let uri = location(p, &p.key("located")).await?;
    let scheme = uri.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
    let named = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c));
    ensure!(named, "the location begins with no scheme: `{uri}`");
    ensure!(!uri.contains(char::is_whitespace), "the location has white space in it: `{uri}`");
    Ok(())
}

async fn of_two_keys_differ(p: &Probe) -> Check {
    let (one, two) = (location(p, &p.key("one")).await?, location(p, &p.key("two")).await?);
    ensure!(one != two, "two keys have the location `{one}`");
    Ok(())
}

async fn is_the_same_for_every_gateway(p: &Probe) -> Check {
    let key = p.key("located");
    let uri = location(p, &key).await?;
    let other = p.open_again().await?;
    let again = other.format_location(&key).await.or_seen("`format_location` of the store opened again")?;
    ensure!(uri == again, "the location of a key was `{uri}`, and in the store opened again `{again}`");
    let back = other.parse_location(&uri).await.or_seen("`parse_location` of the store opened again")?;
    ensure!(back == key, "the location of the key `{key}` is read as `{back}` by the store opened again");
    Ok(())
}

async fn of_an_object_that_is_there(p: &Probe) -> Check {
    let (key, data) = p.put_new("there", 100).await?;
    let uri = location(p, &key).await?;
    expect_back(p, &uri, &key).await?;
    let back = p.store()?.parse_location(&uri).await.or_seen("`parse_location`")?;
    p.expect_object(&back, &data).await
}

async fn of_another_store_is_refused(p: &Probe) -> Check {
    let uri = "casement-conformance-no-such-scheme://somewhere/else/key";
    refused(p.store()?.parse_location(uri).await, &[Kind::NotFound, Kind::Unsupported], &format!("reading `{uri}`"))
        .map(drop)
}

async fn nonsense_is_refused(p: &Probe) -> Check {
    for uri in ["", ":", "://", "no uri", "%", "file:", "a:b:c", "//host/x", "\u{0}", "ä://ö", "http://[::1"] {
        let answer = p.store()?.parse_location(uri).await;
        refused(answer, &[Kind::NotFound, Kind::Unsupported], &format!("reading {uri:?} as a location"))?;
    }
    Ok(())
}

async fn shows_no_secret(p: &Probe) -> Check {
    let secrets = secrets(p);
    if secrets.is_empty() {
        return Err(Stop::Skipped("the configuration names no secret".to_owned()));
    }
    let uri = location(p, &p.key("located")).await?;
    for (key, secret) in &secrets {
        ensure!(!uri.contains(secret.as_str()), "the location shows what stands at `{key}`");
        let logged = p.services.log().iter().any(|line| line.contains(secret.as_str()));
        ensure!(!logged, "the log shows what stands at `{key}`");
    }
    Ok(())
}

/// What the configuration calls a secret, itself or by the name of a file or a variable.
fn secrets(p: &Probe) -> Vec<(String, String)> {
    const WORDS: [&str; 5] = ["password", "secret", "token", "credential", "private"];
    /// Shorter ones are found everywhere.
    const SHORTEST: usize = 6;
    let named = |key: &str| WORDS.iter().any(|word| key.contains(word)) || key.ends_with("key");
    let mut secrets = Vec::new();
    for (key, value) in &p.target.config {
        let Value::String(text) = value else { continue };
        let secret = if let Some(name) = key.strip_suffix("_file") {
            named(name).then(|| fs::read_to_string(text).ok()).flatten().map(|text| text.trim_end().to_owned())
        } else if let Some(name) = key.strip_suffix("_env") {
            named(name).then(|| env::var(text).ok()).flatten()
        } else {
            // An access key's id is no secret.
            (named(key) && !key.starts_with("access")).then(|| text.clone())
        };
        secrets.extend(secret.filter(|secret| secret.len() >= SHORTEST).map(|secret| (key.clone(), secret)));
    }
    secrets
}
