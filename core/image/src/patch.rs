//! JSON patch of an image.
//!
//! The service parses the body, then for each operation asks the policy and applies it to the image in memory,
//! and at the end saves once: an operation that fails takes the whole patch with it.

use crate::{
    Error, Image, Kind, Quotas, Result, Visibility,
    assign::{assign, is_field},
    limits,
    locations::LocationChange,
    pointer, python,
    schema::Schemas,
};
use serde_json::{Map, Value};

/// The two dialects of PATCH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    V2_0,
    V2_1,
}

/// What the rules need to know beside the image.
#[derive(Debug, Clone, Copy)]
pub struct PatchContext {
    pub is_admin: bool,
    pub quotas: Quotas,
}

/// One change of one property.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    dialect: Dialect,
    property: String,
    /// Where in the list of locations.
    position: String,
    change: Change,
}

/// What is done to an additional property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PropertyChange {
    Add,
    Replace,
    Remove,
}

#[derive(Debug, Clone, PartialEq)]
enum Change {
    Add(Value),
    Replace(Value),
    Remove,
}

const OPERATIONS: [&str; 3] = ["add", "remove", "replace"];
const READ_ONLY: [&str; 14] = [
    "created_at",
    "updated_at",
    "status",
    "checksum",
    "size",
    "virtual_size",
    "direct_url",
    "self",
    "file",
    "schema",
    "stores",
    "id",
    "os_hash_algo",
    "os_hash_value",
];
const RESERVED: [&str; 3] = ["location", "deleted", "deleted_at"];

impl Operation {
    /// The property that changes.
    pub fn property(&self) -> &str {
        &self.property
    }

    /// The visibility that this gives to the image; the policy has a say in some.
    pub fn sets_visibility(&self) -> Option<Visibility> {
        match &self.change {
            Change::Add(value) | Change::Replace(value) if self.property == "visibility" => {
                value.as_str()?.parse().ok()
            }
            _ => None,
        }
    }

    /// The additional property that this changes; `None` when it changes the image's own fields or locations.
    pub fn property_change(&self) -> Option<(&str, PropertyChange)> {
        if is_field(&self.property) || self.property == "locations" {
            return None;
        }
        let change = match &self.change {
            Change::Add(_) => PropertyChange::Add,
            Change::Replace(_) => PropertyChange::Replace,
            Change::Remove => PropertyChange::Remove,
        };
        Some((&self.property, change))
    }

    /// A change of the list of locations, for which rules and policies of its own hold.
    pub fn location_change(&self) -> Option<LocationChange<'_>> {
        let at = self.position.as_str();
        (self.property == "locations").then_some(match &self.change {
            Change::Add(value) => LocationChange::Add { at, value },
            Change::Replace(value) => LocationChange::Replace(value.as_array().map_or(&[], Vec::as_slice)),
            Change::Remove => LocationChange::Remove { at },
        })
    }
}

/// Reads the body of a PATCH and refuses everything that no image would accept.
pub fn parse(dialect: Dialect, body: &Value, schemas: &Schemas) -> Result<Vec<Operation>> {
    let Value::Array(changes) = body else {
        return Err(Error::invalid("Request body must be a JSON array of operation objects."));
    };
    changes.iter().map(|change| parse_one(dialect, change, schemas)).collect()
}

fn parse_one(dialect: Dialect, change: &Value, schemas: &Schemas) -> Result<Operation> {
    let Value::Object(change) = change else {
        return Err(Error::invalid("Operations must be JSON objects."));
    };
    let (name, path) = match dialect {
        Dialect::V2_1 => (operation_name(change)?, change.get("path")),
        Dialect::V2_0 => {
            let name = only_operation(change)?;
            (name, change.get(name))
        }
    };
    let mut path = match path {
        Some(Value::String(path)) => pointer::parse(path)?,
        Some(other) => pointer::parse(&python::repr(other))?,
        None => {
            return Err(Error::invalid("Unable to find 'path' in JSON Schema change"));
        }
    };
    let depth = if path[0] == "locations" && name != "replace" { 2 } else { 1 };
    if path.len() != depth {
        let path = path.join("/");
        return Err(Error::invalid(format!("Invalid JSON pointer for this resource: '/{path}'")));
    }
    let change = match (name, change.get("value")) {
        ("remove", _) => Change::Remove,
        (_, None) => {
            return Err(Error::invalid(format!("Operation \"{name}\" requires a member named \"value\".")));
        }
        ("add", Some(value)) => Change::Add(value.clone()),
        (_, Some(value)) => Change::Replace(value.clone()),
    };
    let position = if depth == 2 { path.swap_remove(1) } else { String::new() };
    let property = path.swap_remove(0);
    check_property(&property)?;
    check_value(&property, &change, depth, schemas)?;
    Ok(Operation { dialect, property, position, change })
}

/// The dialect of today names the operation in `op`.
fn operation_name(change: &Map<String, Value>) -> Result<&'static str> {
    let known = OPERATIONS.join(", ");
    match change.get("op") {
        None | Some(Value::Null) => Err(Error::invalid(format!(
            "Unable to find `op` in JSON Schema change. It must be one of the following: {known}."
        ))),
        Some(op) => OPERATIONS.into_iter().find(|name| op == name).ok_or_else(|| {
            let op = op.as_str().map_or_else(|| python::repr(op), str::to_owned);
            Error::invalid(format!("Invalid operation: `{op}`. It must be one of the following: {known}."))
        }),
    }
}

/// The dialect of the draft uses the operation's name as the key of the path.
fn only_operation(change: &Map<String, Value>) -> Result<&'static str> {
    let mut names = OPERATIONS.into_iter().filter(|name| change.contains_key(*name));
    let how_many = match (names.next(), names.next()) {
        (Some(name), None) => return Ok(name),
        (None, _) => "exactly",
        (Some(_), Some(_)) => "only",
    };
    Err(Error::invalid(format!(
        "Operation objects must contain {how_many} one member named \"add\", \"remove\", or \"replace\"."
    )))
}

fn check_property(name: &str) -> Result<()> {
    if READ_ONLY.contains(&name) {
        return Err(Error::forbidden(format!("Attribute '{name}' is read-only.")));
    }
    if RESERVED.contains(&name) || name.starts_with(limits::RESERVED_NAMESPACE) {
        return Err(Error::forbidden(format!("Attribute '{name}' is reserved.")));
    }
    if is_field(name) || name == "locations" { Ok(()) } else { limits::check_property_name(name) }
}

fn check_value(name: &str, change: &Change, depth: usize, schemas: &Schemas) -> Result<()> {
    match change {
        Change::Remove => Ok(()),
        // One location, to be added to the list.
        Change::Add(value) | Change::Replace(value) if depth == 2 => {
            schemas.validate_property(name, Value::Array(vec![value.clone()]))
        }
        Change::Add(value) | Change::Replace(value) => schemas.validate_property(name, value.clone()),
    }
}

/// Applies one operation to the image in memory. To change locations takes somebody who can ask the stores; here they
/// are invisible.
pub fn apply(image: &mut Image, operation: &Operation, context: &PatchContext) -> Result<()> {
    if let Some(change) = operation.location_change() {
        change.check_not_emptying()?;
        return change.check_allowed(image, false);
    }
    let name = operation.property.as_str();
    let exists = is_field(name) || image.properties.contains_key(name);
    match &operation.change {
        Change::Replace(_) if name == "owner" && !context.is_admin => Err(owner_by_non_admin()),
        Change::Replace(_) if !exists => Err(no_such_property(name)),
        Change::Add(_) if exists && operation.dialect == Dialect::V2_0 => {
            Err(conflict(format!("Property {name} already present.")))
        }
        Change::Add(value) if name == "owner" && !context.is_admin && value.as_str() != image.owner.as_deref() => {
            Err(owner_by_non_admin())
        }
        Change::Add(value) | Change::Replace(value) => assign(image, name, value, &context.quotas),
        Change::Remove if is_field(name) => {
            Err(Error::forbidden(format!("Property {name} may not be removed.")).with_generic_lead())
        }
        Change::Remove => match image.properties.remove(name) {
            Some(_) => Ok(()),
            None => Err(no_such_property(name)),
        },
    }
}

/// What a change of a property is answered with that is not there.
pub fn no_such_property(name: &str) -> Error {
    conflict(format!("Property {name} does not exist."))
}

fn owner_by_non_admin() -> Error {
    Error::forbidden("Owner can't be updated by non admin.").with_generic_lead()
}

fn conflict(message: String) -> Error {
    Error::new(Kind::Conflict, message).with_generic_lead()
}
