//! Opening a store: the right configuration, the wrong ones, twice, and what an open store says it can do.

use super::descriptor::{accepts, schema};
use crate::{
    case::{Check, Due, Need, Stop, cases, ensure, refused},
    probe::Probe,
};
use casement_sdk::{Error, Kind, WriteOptions};
use serde_json::{Value, json};
use std::time::Duration;

cases! { "open";
    #[closed] opens: [] OPEN;
    #[closed] unknown_key_is_refused: [] CONFIG;
    #[closed] wrong_type_is_refused: [] CONFIG;
    #[closed] refusal_shows_no_value: [] CONFIG;
    healthy: [] HEALTH;
    twice_at_once: [] OPEN;
    no_more_than_the_plugin_declares: [] CAPABILITIES;
    same_capabilities_every_time: [] CAPABILITIES;
    what_is_not_declared_is_unsupported: [] UNSUPPORTED;
    free_space_is_known: [Usage] USAGE;
}

async fn opens(p: &Probe) -> Check {
    p.open_again().await.map(drop)
}

/// The gateway asks the schema first; what passes it must be refused by `open`.
async fn expect_refused(p: &Probe, config: Value, how: &str) -> Check<Option<Error>> {
    let schema = schema(p);
    if let Ok(schema) = &schema
        && !accepts(schema, &config)?
    {
        return Ok(None);
    }
    refused(p.open(&config.to_string()).await, &[Kind::Config], how).map(Some)
}

fn with(p: &Probe, key: &str, value: Value) -> Value {
    let mut config = p.target.config.clone();
    config.insert(key.to_owned(), value);
    Value::Object(config)
}

async fn unknown_key_is_refused(p: &Probe) -> Check {
    let how = "opening with the unknown key `no_such_key`, which the schema lets pass";
    expect_refused(p, with(p, "no_such_key", json!("x")), how).await.map(drop)
}

async fn wrong_type_is_refused(p: &Probe) -> Check {
    let schema = schema(p)?;
    let known = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    if known.is_empty() {
        return Err(Stop::Skipped("there are no keys".to_owned()));
    }
    for key in known.keys() {
        // No key means this.
        let nonsense = json!([[{ "no_such_key": [] }]]);
        expect_refused(p, with(p, key, nonsense), &format!("opening with nonsense at the key `{key}`")).await?;
    }
    Ok(())
}

async fn refusal_shows_no_value(p: &Probe) -> Check {
    const SECRET: &str = "hunter2-conformance";
    let answer = p.open(&with(p, "no_such_key", json!(SECRET)).to_string()).await;
    let text = answer.err().map(|error| error.message().to_owned()).unwrap_or_default();
    ensure!(!text.contains(SECRET), "the error shows the value of the wrong key, which may be a secret: {text}");
    let logged = p.services.log().into_iter().find(|line| line.contains(SECRET));
    ensure!(logged.is_none(), "the log shows the value of the wrong key, which may be a secret");
    Ok(())
}

async fn healthy(p: &Probe) -> Check {
    p.store()?.health().await.or_seen("`health` of a store that was just opened")
}

async fn twice_at_once(p: &Probe) -> Check {
    let second = p.open_again().await?;
    second.health().await.or_seen("`health` of the second")?;
    drop(second);
    p.store()?.health().await.or_seen("`health` of the first, when the second is gone")
}

async fn no_more_than_the_plugin_declares(p: &Probe) -> Check {
    let (plugin, store) = (p.target.plugin.capabilities(), p.can()?);
    let more: Vec<_> = Need::ALL.iter().filter(|need| need.is_met(&store) && !need.is_met(&plugin)).collect();
    let names = more.iter().map(ToString::to_string).collect::<Vec<_>>().join("`, `");
    ensure!(more.is_empty(), "the store declares `{names}`, and the plugin file does not");
    Ok(())
}

async fn same_capabilities_every_time(p: &Probe) -> Check {
    let (first, second) = (p.can()?, *p.open_again().await?.capabilities());
    ensure!(first == second, "first {first:?}, and of the same store opened again {second:?}");
    Ok(())
}

async fn what_is_not_declared_is_unsupported(p: &Probe) -> Check {
    let (store, can, key) = (p.store()?, p.can()?, p.key("undeclared"));
    let unsupported = |answer: casement_sdk::Result<()>, what: &str| {
        refused(answer, &[Kind::Unsupported], &format!("`{what}`, which the store does not declare")).map(drop)
    };
    if !can.write {
        let options = WriteOptions { size: None, transfer: p.transfer() };
        unsupported(store.create(&key, options).await.map(drop), "create")?;
    }
    if !can.delete {
        unsupported(store.delete(&key).await, "delete")?;
    }
    if !can.list {
        unsupported(store.list("", None).await.map(drop), "list")?;
    }
    if !can.stage_tokens {
        unsupported(store.list_staged().await.map(drop), "list_staged")?;
    }
    if !can.copy {
        unsupported(store.copy(&key, &p.key("copy")).await.map(drop), "copy")?;
    }
    if !can.presign {
        unsupported(store.presign_read(&key, Duration::from_secs(60)).await.map(drop), "presign_read")?;
    }
    if !can.open_file {
        unsupported(store.open_file(&key).await.map(drop), "open_file")?;
    }
    Ok(())
}

async fn free_space_is_known(p: &Probe) -> Check {
    let usage = p.store()?.usage().await.or_seen("`usage`")?;
    ensure!(usage.free.is_some(), "it declares `usage`, and tells no free space");
    Ok(())
}
