//! Property protections: who may create, read, change and delete which custom properties of images.
//!
//! The operators' ini file has a section for each expression that names of properties are searched with. The first
//! that matches decides; what none matches, nobody may touch.

mod expression;
mod ini;

use crate::{Error, Result, Rules, Target};
use casement_image::Caller;
use regex::Regex;
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// What somebody does to a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    Create,
    Read,
    Update,
    Delete,
}

/// What the values of the file are (Glance's `property_protection_rule_format`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleFormat {
    /// Roles, separated by commas.
    Roles,
    /// The name of one rule of the policy.
    Policies,
}

/// The protections of a site.
#[derive(Debug, Clone)]
pub struct Protections(Vec<Section>);

#[derive(Debug, Clone)]
struct Section {
    name: String,
    expression: Regex,
    permissions: BTreeMap<Operation, Permission>,
}

#[derive(Debug, Clone)]
enum Permission {
    Everybody,
    Nobody,
    Roles(BTreeSet<String>),
    Rule { name: String, line: usize },
}

const OPERATIONS: [(&str, Operation); 4] = [
    ("create", Operation::Create),
    ("read", Operation::Read),
    ("update", Operation::Update),
    ("delete", Operation::Delete),
];

/// Properties of Glance's own, which an operator cannot protect: what clients may do with them is fixed elsewhere.
const RESERVED: &str = "os_glance";

impl Protections {
    /// Reads the operators' file.
    pub fn read(file: &str, format: RuleFormat) -> Result<Self> {
        let mut sections = vec![reserved()?];
        for section in ini::read(file)?.into_iter().filter(|section| !section.name.starts_with(RESERVED)) {
            sections.push(Section::of(&section, format)?);
        }
        Ok(Self(sections))
    }

    /// The rules of the policy that the protections ask.
    pub fn rule_names(&self) -> Vec<&str> {
        self.rules().map(|(name, ..)| name).collect()
    }

    /// Finds each rule that the protections name.
    ///
    /// # Errors
    /// When there is one that does not exist.
    pub fn check_names(&self, rules: &Rules) -> Result<()> {
        match self.rules().find(|(name, ..)| rules.find(name).is_none()) {
            Some((name, section, line)) => {
                let message = format!(
                    "[{section}]: the policy has no rule \"{name}\"{}; with roles here, set \
                     property_protection_rule_format = \"roles\"",
                    rules.did_you_mean(name)
                );
                Err(Error::at(line, message))
            }
            None => Ok(()),
        }
    }

    fn rules(&self) -> impl Iterator<Item = (&str, &str, usize)> {
        self.0.iter().flat_map(|section| {
            section.permissions.values().filter_map(|permission| match permission {
                Permission::Rule { name, line } => Some((name.as_str(), section.name.as_str(), *line)),
                _ => None,
            })
        })
    }

    /// What `caller` may do with properties.
    pub fn access<'a>(&'a self, rules: &'a Rules, caller: &'a Caller) -> Access<'a> {
        // The roles of a service that forwards the request count as the caller's own, here and nowhere else.
        let caller = match caller.service_roles.is_empty() {
            true => Cow::Borrowed(caller),
            false => {
                let mut both = caller.clone();
                both.roles.extend(caller.service_roles.iter().cloned());
                Cow::Owned(both)
            }
        };
        Access { protections: self, rules, caller }
    }
}

/// The protections, as they are for one caller.
#[derive(Debug)]
pub struct Access<'a> {
    protections: &'a Protections,
    rules: &'a Rules,
    caller: Cow<'a, Caller>,
}

impl Access<'_> {
    pub fn allows(&self, operation: Operation, property: &str) -> bool {
        let section = self.protections.0.iter().find(|section| section.expression.is_match(property));
        match section.and_then(|section| section.permissions.get(&operation)) {
            Some(Permission::Everybody) => true,
            Some(Permission::Roles(roles)) => !roles.is_disjoint(&self.caller.roles),
            Some(Permission::Rule { name, .. }) => self.rules.holds(name, &self.caller, &Target::default()),
            Some(Permission::Nobody) | None => false,
        }
    }
}

fn reserved() -> Result<Section> {
    let name = format!("{RESERVED}.*");
    let expression = expression::compile(&name).map_err(|message| Error::of(None, &name, message))?;
    let permissions = OPERATIONS.map(|(_, operation)| (operation, Permission::Everybody)).into();
    Ok(Section { name, expression, permissions })
}

impl Section {
    fn of(section: &ini::Section, format: RuleFormat) -> Result<Self> {
        let name = &section.name;
        let fail = |line: usize, message: String| Error::at(line, format!("[{name}]: {message}"));
        let expression = expression::compile(name).map_err(|message| fail(section.line, message))?;
        let mut permissions = BTreeMap::new();
        for (key, operation) in OPERATIONS {
            let Some(value) = section.keys.get(key) else {
                let message = format!("the key {key} is missing; a section needs create, read, update and delete");
                return Err(fail(section.line, message));
            };
            let permission =
                Permission::of(value, format).map_err(|message| fail(value.line, format!("{key}: {message}")))?;
            permissions.insert(operation, permission);
        }
        let unknown = section.keys.iter().find(|(key, _)| OPERATIONS.iter().all(|(known, _)| known != key));
        if let Some((key, value)) = unknown {
            let message = format!("unknown key {key}; a section has create, read, update and delete");
            return Err(fail(value.line, message));
        }
        Ok(Self { name: name.clone(), expression, permissions })
    }
}

impl Permission {
    fn of(value: &ini::Value, format: RuleFormat) -> Result<Self, String> {
        let text = value.text.as_str();
        if text.contains('%') {
            return Err("a % is for Python's interpolation, which is not supported".to_owned());
        }
        let names: BTreeSet<String> =
            text.split(',').map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect();
        match (names.contains("@"), names.contains("!"), format) {
            (true, true, RuleFormat::Roles) => Err("@, everybody, and !, nobody, exclude each other".to_owned()),
            (_, _, RuleFormat::Policies) if text.contains(',') => {
                Err("only one rule can stand here; combine them in the policy file".to_owned())
            }
            (_, true, _) => Ok(Self::Nobody),
            (true, _, _) => Ok(Self::Everybody),
            _ if names.is_empty() => Ok(Self::Nobody),
            (_, _, RuleFormat::Roles) => Ok(Self::Roles(names)),
            (_, _, RuleFormat::Policies) => Ok(Self::Rule { name: text.to_owned(), line: value.line }),
        }
    }
}
