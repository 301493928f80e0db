//! A compiled rule, and asking it.

use crate::{Target, rules::Rules};
use casement_image::Caller;
use std::{borrow::Cow, fmt};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Check {
    Always,
    Never,
    /// The caller has this role; lower-cased.
    Role(Template),
    /// Another rule, by its place in the table.
    Rule(usize),
    Equal(Left, Template),
    Not(Box<Check>),
    All(Vec<Check>),
    Any(Vec<Check>),
}

/// What stands before the colon.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Left {
    Literal(String),
    UserId,
    ProjectId,
    DomainId,
    SystemScope,
    Roles,
    ServiceRoles,
    /// A field that callers of Glance do not have: matches nothing.
    Unknown(String),
}

/// What stands behind it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Template {
    Text(String),
    Field(String),
    Mixed(Vec<Template>),
}

impl Check {
    pub(crate) fn holds(&self, rules: &Rules, caller: &Caller, target: &Target<'_>) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Role(Template::Text(role)) => caller.roles.contains(role),
            Self::Role(template) => {
                template.fill(target).is_some_and(|role| caller.roles.contains(&role.to_lowercase()))
            }
            Self::Rule(at) => rules.rule(*at).check.holds(rules, caller, target),
            Self::Equal(left, template) => left.is(template, caller, target),
            Self::Not(check) => !check.holds(rules, caller, target),
            Self::All(checks) => checks.iter().all(|check| check.holds(rules, caller, target)),
            Self::Any(checks) => checks.iter().any(|check| check.holds(rules, caller, target)),
        }
    }
}

impl Left {
    fn is(&self, template: &Template, caller: &Caller, target: &Target<'_>) -> bool {
        let any = |roles: &std::collections::BTreeSet<String>| roles.iter().any(|role| template.is(role, target));
        match self {
            // Python's None is a text here; of the caller's fields it matches none.
            Self::Literal(text) => template.fill(target).is_some_and(|wanted| wanted == *text),
            Self::Roles => any(&caller.roles),
            Self::ServiceRoles => any(&caller.service_roles),
            _ => self.value(caller).is_some_and(|value| template.is(value, target)),
        }
    }

    /// The caller's value, where it is one. What the caller does not have matches nothing, not even the
    /// target's lack of it: else a caller without a project would own all that has no owner.
    pub(crate) fn value<'a>(&'a self, caller: &'a Caller) -> Option<&'a str> {
        match self {
            Self::Literal(text) => Some(text),
            Self::UserId => caller.user_id.as_deref(),
            Self::ProjectId => caller.project_id.as_deref(),
            Self::DomainId => caller.domain_id.as_deref(),
            Self::SystemScope => caller.system_scope.as_deref(),
            Self::Roles | Self::ServiceRoles | Self::Unknown(_) => None,
        }
    }
}

impl Template {
    fn is(&self, value: &str, target: &Target<'_>) -> bool {
        match self {
            Self::Text(text) => text == value,
            Self::Field(key) => target.get(key).flatten().is_some_and(|found| found == value),
            Self::Mixed(_) => self.fill(target).as_deref() == Some(value),
        }
    }

    /// For roles, which know no case.
    pub(crate) fn lower_cased(self) -> Self {
        match self {
            Self::Text(text) => Self::Text(text.to_lowercase()),
            other => other,
        }
    }

    /// `None` when the target lacks a field.
    pub(crate) fn fill<'a>(&'a self, target: &Target<'a>) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Field(key) => target.get(key).map(|value| value.unwrap_or(Cow::Borrowed("None"))),
            Self::Mixed(parts) => {
                parts.iter().map(|part| part.fill(target)).collect::<Option<String>>().map(Cow::Owned)
            }
        }
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Literal(text) => return write!(f, "'{text}'"),
            Self::UserId => "user_id",
            Self::ProjectId => "project_id",
            Self::DomainId => "domain_id",
            Self::SystemScope => "system_scope",
            Self::Roles => "roles",
            Self::ServiceRoles => "service_roles",
            Self::Unknown(name) => name,
        })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&text.replace('%', "%%")),
            Self::Field(key) => write!(f, "%({key})s"),
            Self::Mixed(parts) => parts.iter().try_for_each(|part| write!(f, "{part}")),
        }
    }
}
