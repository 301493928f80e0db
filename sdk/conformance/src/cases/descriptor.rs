//! What a plugin file says of itself, before any store is opened.

use crate::{
    case::{Check, Stop, cases, ensure},
    probe::Probe,
};
use serde_json::Value;

cases! { "descriptor";
    #[closed] says_what_it_is: [] VERSION;
    #[closed] schema_is_a_json_schema: [] SCHEMA;
    #[closed] schema_refuses_unknown_keys: [] UNKNOWN_KEYS;
    #[closed] configuration_fits_the_schema: [] SCHEMA;
    #[closed] unknown_extensions_are_null: [] QUERY;
    #[closed] declared_extensions_are_there: [] QUERY;
}

async fn says_what_it_is(p: &Probe) -> Check {
    let plugin = &p.target.plugin;
    ensure!(!plugin.version().is_empty(), "the version is empty");
    ensure!(!plugin.built_with().is_empty(), "`built_with` is empty");
    Ok(())
}

/// The schema; a plugin without one judges its keys itself.
pub(super) fn schema(p: &Probe) -> Check<Value> {
    match p.target.plugin.config_schema() {
        "" => Err(Stop::Skipped("the plugin publishes no schema".to_owned())),
        text => serde_json::from_str(text).map_err(|error| Stop::Failed(format!("the schema is not JSON: {error}"))),
    }
}

/// Whether the gateway would hand this configuration to `open`.
pub(super) fn accepts(schema: &Value, config: &Value) -> Check<bool> {
    let validator = jsonschema::validator_for(schema);
    let validator = validator.map_err(|error| Stop::Failed(format!("the schema is none: {error}")))?;
    Ok(validator.is_valid(config))
}

async fn schema_is_a_json_schema(p: &Probe) -> Check {
    let schema = schema(p)?;
    accepts(&schema, &Value::Null)?;
    ensure!(schema.get("type").is_some_and(|kind| kind == "object"), "its `type` is not \"object\"");
    Ok(())
}

async fn schema_refuses_unknown_keys(p: &Probe) -> Check {
    let schema = schema(p)?;
    let closed = |key: &str| schema.get(key).is_some_and(|value| value == false);
    ensure!(
        closed("additionalProperties") || closed("unevaluatedProperties"),
        "the schema has no `\"additionalProperties\": false`, so that a mistyped key goes unnoticed"
    );
    Ok(())
}

async fn configuration_fits_the_schema(p: &Probe) -> Check {
    let schema = schema(p)?;
    let validator = jsonschema::validator_for(&schema);
    let validator = validator.map_err(|error| Stop::Failed(format!("the schema is none: {error}")))?;
    let config = Value::Object(p.target.config.clone());
    // What stands there may be a secret.
    let wrong: Vec<_> = validator
        .iter_errors(&config)
        .map(|error| format!("`{}`: {}", error.instance_path(), error.masked_with("what stands there")))
        .collect();
    ensure!(wrong.is_empty(), "the gateway would refuse this configuration: {}", wrong.join("; "));
    Ok(())
}

async fn unknown_extensions_are_null(p: &Probe) -> Check {
    let name = "casement.conformance.no-such-table/1";
    ensure!(!p.target.plugin.has_extension(name), "`query` answered a table for `{name}`, which nobody has published");
    Ok(())
}

async fn declared_extensions_are_there(p: &Probe) -> Check {
    let plugin = &p.target.plugin;
    let can = plugin.capabilities();
    let tables = [
        ("presign", can.presign, "casement.backend.presign/1"),
        ("open_file", can.open_file, "casement.backend.file/1"),
    ];
    for (what, is_declared, table) in tables {
        ensure!(!is_declared || plugin.has_extension(table), "it declares `{what}`, and has no table `{table}`");
    }
    Ok(())
}
