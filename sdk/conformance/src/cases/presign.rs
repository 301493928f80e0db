//! URLs that read an object past the gateway.

use crate::{
    case::{Check, Due, Stop, cases, ensure},
    fetch::Fetcher,
    pattern::Pattern,
    probe::{Probe, pause, same},
};
use casement_sdk::Kind;
use reqwest::Method;
use std::time::Duration;

cases! { "presign";
    reads_the_object: [Presign] PRESIGN;
    reads_a_range: [Presign] PRESIGN;
    reads_nothing_where_nothing_is: [Presign] PRESIGN;
    changes_nothing: [Write, Presign] PRESIGN_ONLY;
    reads_no_other_object: [Write, Presign] PRESIGN_ONLY;
    odd_keys: [Write, Presign] PRESIGN;
    #[long] ends_with_its_lifetime: [Presign] PRESIGN;
}

const MINUTE: Duration = Duration::from_secs(60);

async fn url(p: &Probe, key: &str) -> Check<String> {
    let url = p.store()?.presign_read(key, MINUTE).await.or_seen("`presign_read`")?;
    ensure!(url.starts_with("http://") || url.starts_with("https://"), "what it gave is no URL of HTTP");
    Ok(url)
}

async fn reads_the_object(p: &Probe) -> Check {
    let (key, data) = p.sample(100_003).await?;
    let (status, body) = Fetcher::new(&p.target)?.get(&url(p, &key).await?, None).await?;
    ensure!(status == 200, "GET of the URL was answered {status}");
    same(&data, &body, "GET of the URL")
}

async fn reads_a_range(p: &Probe) -> Check {
    let (key, data) = p.sample(100_003).await?;
    let range = (data.len() / 3, data.len() / 2);
    let header = format!("bytes={}-{}", range.0, range.1);
    let (status, body) = Fetcher::new(&p.target)?.get(&url(p, &key).await?, Some(&header)).await?;
    ensure!(status == 206, "GET of a range of the URL was answered {status}");
    same(&data[range.0..=range.1], &body, "GET of a range of the URL")
}

async fn reads_nothing_where_nothing_is(p: &Probe) -> Check {
    let url = match p.store()?.presign_read(&p.key("nothing"), MINUTE).await {
        Ok(url) => url,
        Err(error) if error.kind() == Kind::NotFound => return Ok(()),
        Err(error) => return Err(error).or_seen("`presign_read` of nothing"),
    };
    let (status, _) = Fetcher::new(&p.target)?.get(&url, None).await?;
    ensure!(status.is_client_error(), "GET of the URL of nothing was answered {status}");
    Ok(())
}

async fn changes_nothing(p: &Probe) -> Check {
    let (key, data) = p.put_new("read-only", 1000).await?;
    let (fetcher, url) = (Fetcher::new(&p.target)?, url(p, &key).await?);
    for method in [Method::PUT, Method::DELETE, Method::POST] {
        fetcher.expect_refused(method, &url).await?;
    }
    p.expect_object(&key, &data).await
}

async fn reads_no_other_object(p: &Probe) -> Check {
    let (key, _) = p.put_new("mine", 1000).await?;
    let other = format!("{key}-other");
    p.note_key(&other);
    p.put(&other, &Pattern::new(1000)).await?;
    let url = url(p, &key).await?;
    if !url.contains(&key) {
        return Err(Stop::Skipped("the URL does not show the key".to_owned()));
    }
    let (status, _) = Fetcher::new(&p.target)?.get(&url.replace(&key, &other), None).await?;
    ensure!(status.is_client_error(), "GET of the URL with another key in it was answered {status}");
    Ok(())
}

async fn odd_keys(p: &Probe) -> Check {
    let fetcher = Fetcher::new(&p.target)?;
    for end in ["a b", "a+b", "a%20b", "ä", "a/b", "a?b#c"] {
        let (key, data) = (format!("{}{end}", p.key("odd-")), Pattern::new(50));
        p.note_key(&key);
        // A key that the store does not take is another case's.
        if p.try_put(&key, &data).await.is_ok() {
            let (status, body) = fetcher.get(&url(p, &key).await?, None).await?;
            ensure!(status == 200, "GET of the URL of the key {key:?} was answered {status}");
            same(&data.bytes(), &body, &format!("GET of the URL of the key {key:?}"))?;
        }
    }
    Ok(())
}

async fn ends_with_its_lifetime(p: &Probe) -> Check {
    const TRIES: u32 = 100;
    let (key, _) = p.sample(1000).await?;
    let (store, fetcher) = (p.store()?, Fetcher::new(&p.target)?);
    let url = store.presign_read(&key, Duration::from_secs(2)).await.or_seen("`presign_read` for two seconds")?;
    for _ in 0..TRIES {
        if fetcher.get(&url, None).await?.0.is_client_error() {
            return Ok(());
        }
        pause().await;
    }
    Err(Stop::Failed("a URL for two seconds was still good ten seconds later".to_owned()))
}
