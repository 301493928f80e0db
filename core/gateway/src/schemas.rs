//! The schemas that are served and checked: Glance's, with what the operator adds.

use crate::{
    config::Images,
    exit::{Exit, Failure, Result},
};
use casement_image::schema::{CustomProperties, Schemas};
use std::fs;

pub(crate) fn read(config: &Images) -> Result<Schemas> {
    let custom = match &config.schema_file {
        Some(file) => {
            let named = |why: String| Failure::new(Exit::Config, format_args!("{}: {why}", file.display()));
            let text = fs::read_to_string(file).map_err(|err| named(format!("cannot be read: {err}")))?;
            CustomProperties::read(&text).map_err(|err| named(err.message))?
        }
        None => CustomProperties::default(),
    };
    Ok(Schemas::new(&config.format_names(), custom))
}
