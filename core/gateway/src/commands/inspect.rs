use super::say;
use crate::{
    cli::InspectArgs,
    exit::{Exit, Failure, Result},
};
use casement_sdk::{
    Capabilities,
    host::{Library, OpenOptions},
};
use serde_json::{Value, json};

/// What a plugin says of itself without a store being opened.
pub(super) fn run(args: &InspectArgs) -> Result<()> {
    let file = std::path::absolute(&args.file).map_err(Failure::of(Exit::Usage, "the plugin file"))?;
    let options = OpenOptions { allow_c_abi: args.c_abi, allow_abort: args.allow_abort };
    let what = format!("{} is not accepted", file.display());
    let plugin = Library::open(&file, &options).map_err(Failure::of(Exit::StoreUnavailable, &what))?;

    let schema: Value = match plugin.config_schema() {
        "" => Value::Null,
        text => serde_json::from_str(text).map_err(Failure::of(Exit::StoreUnavailable, "its schema is not JSON"))?,
    };
    let (major, minor) = plugin.abi();
    if args.json {
        return say(json!({
            "file": file,
            "name": plugin.name(),
            "version": plugin.version(),
            "abi": format!("{major}.{minor}"),
            "built_with": plugin.built_with(),
            "layout_checked": plugin.layout_checked(),
            "unwinds": plugin.unwinds(),
            "may_block": plugin.declares_blocking(),
            "capabilities": abilities(&plugin.capabilities()),
            "config_schema": schema,
        }));
    }
    let layout = if plugin.layout_checked() { "checked, the same as this program's" } else { "no record (C ABI)" };
    let panics = if plugin.unwinds() { "contained" } else { "end the process" };
    say(format_args!("name        {}", plugin.name()))?;
    say(format_args!("version     {}", plugin.version()))?;
    say(format_args!("contract    {major}.{minor}"))?;
    say(format_args!("built with  {}", plugin.built_with()))?;
    say(format_args!("layout      {layout}"))?;
    say(format_args!("panics      {panics}"))?;
    say(format_args!("may block   {}", if plugin.declares_blocking() { "yes" } else { "no" }))?;
    say(format_args!("can         {}", abilities(&plugin.capabilities()).join(", ")))?;
    match schema {
        Value::Null => say("config      no schema: every key is accepted"),
        schema => say(format_args!("config      {schema:#}")),
    }
}

/// What a store of the plugin can do at the most.
pub(super) fn abilities(can: &Capabilities) -> Vec<&'static str> {
    let abilities = [
        (can.write, "write"),
        (can.read_range, "read ranges"),
        (can.delete, "delete"),
        (can.list, "list"),
        (can.stage_tokens, "clean up after a crash"),
        (can.copy, "copy"),
        (can.usage, "tell free space"),
        (can.presign, "presign URLs"),
        (can.open_file, "hand over files"),
    ];
    abilities.iter().filter(|(can, _)| *can).map(|(_, name)| *name).collect()
}
