//! The operator's files of rules: read here, understood by `casement-policy`.

use crate::{
    config::Policy,
    exit::{Exit, Failure, Result},
};
use casement_policy::{Error, Protections, Rules};
use std::{fs, path::Path};

/// What the files say.
pub(crate) struct Policies {
    pub rules: Rules,
    pub protections: Option<Protections>,
    /// What can be used, but will hardly do what its author meant.
    pub warnings: Vec<String>,
}

pub(crate) fn read(config: &Policy) -> Result<Policies> {
    let protections = match &config.property_protection_file {
        Some(file) => {
            let format = config.property_protection_rule_format.into();
            Some((file, Protections::read(&text(file)?, format).map_err(failure(file))?))
        }
        None => None,
    };
    // A rule that only the protections ask has its use too.
    let asked = protections.as_ref().map(|(_, protections)| protections.rule_names()).unwrap_or_default();
    let (rules, warnings) = match &config.file {
        Some(file) => {
            let rules = Rules::read(&text(file)?, &asked).map_err(failure(file))?;
            let warnings = rules.warnings().iter().map(|warning| at(file, warning)).collect();
            (rules, warnings)
        }
        None => (Rules::defaults(), Vec::new()),
    };
    if let Some((file, protections)) = &protections {
        protections.check_names(&rules).map_err(failure(file))?;
    }
    let protections = protections.map(|(_, protections)| protections);
    Ok(Policies { rules, protections, warnings })
}

fn text(file: &Path) -> Result<String> {
    fs::read_to_string(file).map_err(Failure::of(Exit::Config, &format!("{}: cannot be read", file.display())))
}

fn failure(file: &Path) -> impl Fn(Error) -> Failure {
    |error| Failure::new(Exit::Config, at(file, &error))
}

fn at(file: &Path, error: &Error) -> String {
    match error.line {
        Some(line) => format!("{}:{line}: {error}", file.display()),
        None => format!("{}: {error}", file.display()),
    }
}
