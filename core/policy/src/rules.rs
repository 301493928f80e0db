//! The table of compiled rules.

use crate::{
    Error, Result, Target,
    check::{Check, Left},
    defaults::{self, Scope},
    explain, parse,
    yaml::{self, Text},
};
use casement_image::Caller;
use std::collections::{BTreeMap, BTreeSet};

/// The rules of a site. Compiled once, asked often.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Where in `rules` a name stands.
    places: BTreeMap<String, usize>,
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pub(crate) name: String,
    /// As it is written.
    pub(crate) text: Text,
    /// Where in the operator's file; `None` for a default.
    pub(crate) line: Option<usize>,
    pub(crate) scope: Scope,
    pub(crate) check: Check,
}

/// A rule in force, for an operator to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<'a> {
    pub name: &'a str,
    /// As it is written, in YAML.
    pub text: String,
    /// The line of the operator's file; `None` for a default.
    pub line: Option<usize>,
}

impl Rules {
    /// The rules of Glance 33.
    pub fn defaults() -> Self {
        Self::read("", &[]).expect("the default rules are well-formed")
    }

    /// The default rules, some of them replaced by those of the operator's file (`policy.yaml`).
    ///
    /// An operator may add rules of their own for others to refer to. A new name that nothing refers to is taken for a
    /// misspelt one, and is an error; `named_elsewhere` are those that another file refers to.
    pub fn read(file: &str, named_elsewhere: &[&str]) -> Result<Self> {
        let entries = yaml::read(file)?;
        let mut own: BTreeMap<&str, &yaml::Entry> = entries.iter().map(|entry| (entry.name.as_str(), entry)).collect();
        let mut rules = Vec::with_capacity(defaults::RULES.len() + entries.len());
        for (name, text, scope) in defaults::RULES {
            let (text, line) = match own.remove(name) {
                Some(entry) => (entry.text.clone(), Some(entry.line)),
                None => (Text::Words(text.to_owned()), None),
            };
            rules.push(Rule { name: name.to_owned(), text, line, scope, check: Check::Never });
        }
        for entry in entries.iter().filter(|entry| own.contains_key(entry.name.as_str())) {
            let (name, text) = (entry.name.clone(), entry.text.clone());
            rules.push(Rule { name, text, line: Some(entry.line), scope: Scope::Any, check: Check::Never });
        }
        let places = rules.iter().enumerate().map(|(at, rule)| (rule.name.clone(), at)).collect();
        let mut rules = Self { places, rules };
        rules.compile()?;
        rules.check_for_loops()?;
        rules.check_for_strays(named_elsewhere)?;
        Ok(rules)
    }

    fn compile(&mut self) -> Result<()> {
        let mut checks = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            let place_of = |name: &str| {
                self.places
                    .get(name)
                    .copied()
                    .ok_or_else(|| format!("there is no rule \"{name}\"{}", self.did_you_mean(name)))
            };
            checks.push(parse::parse(&rule.text, &place_of).map_err(|(position, message)| Error {
                line: rule.line,
                rule: Some(rule.name.clone()),
                position: Some(position),
                message,
            })?);
        }
        for (rule, check) in self.rules.iter_mut().zip(checks) {
            rule.check = check;
        }
        Ok(())
    }

    /// A rule that leads back to itself would never come to an answer.
    fn check_for_loops(&self) -> Result<()> {
        let mut done = vec![false; self.rules.len()];
        for start in 0..self.rules.len() {
            self.visit(start, &mut Vec::new(), &mut done)?;
        }
        Ok(())
    }

    fn visit(&self, at: usize, path: &mut Vec<usize>, done: &mut [bool]) -> Result<()> {
        if let Some(first) = path.iter().position(|known| *known == at) {
            let around: Vec<&Rule> = path[first..].iter().chain([&at]).map(|at| &self.rules[*at]).collect();
            let names: Vec<&str> = around.iter().map(|rule| rule.name.as_str()).collect();
            // A default rule leads back to itself only by way of one of the operator's.
            let own = around.iter().filter(|rule| rule.line.is_some());
            let culprit = own.min_by_key(|rule| rule.line).unwrap_or(&around[0]);
            let message = format!("the rule leads back to itself: {}", names.join(" -> "));
            return Err(Error::of(culprit.line, &culprit.name, message));
        }
        if done[at] {
            return Ok(());
        }
        path.push(at);
        for reference in references(&self.rules[at].check) {
            self.visit(reference, path, done)?;
        }
        path.pop();
        done[at] = true;
        Ok(())
    }

    fn check_for_strays(&self, named_elsewhere: &[&str]) -> Result<()> {
        let referred: BTreeSet<usize> = self.rules.iter().flat_map(|rule| references(&rule.check)).collect();
        let mut own = self.rules.iter().enumerate().skip(defaults::RULES.len());
        match own.find(|(at, rule)| !referred.contains(at) && !named_elsewhere.contains(&&*rule.name)) {
            Some((_, rule)) => {
                let known = defaults::RULES.iter().map(|(name, ..)| *name);
                let message = format!(
                    "there is no action of this name, and no rule refers to it{}; correct or remove it",
                    nearest(&rule.name, known)
                );
                Err(Error::of(rule.line, &rule.name, message))
            }
            None => Ok(()),
        }
    }

    /// Whether `caller` may do `action` to `target`. An action that does not exist is allowed to nobody.
    pub fn check(&self, action: &str, caller: &Caller, target: &Target<'_>) -> bool {
        self.find(action).is_some_and(|rule| in_scope(rule.scope, caller) && rule.check.holds(self, caller, target))
    }

    /// Whether a rule holds that stands for no action of the API, whatever the caller's token is scoped to.
    pub(crate) fn holds(&self, name: &str, caller: &Caller, target: &Target<'_>) -> bool {
        self.find(name).is_some_and(|rule| rule.check.holds(self, caller, target))
    }

    /// Whether the caller is an administrator of images: sees all of them, whoever owns them.
    pub fn is_admin(&self, caller: &Caller) -> bool {
        self.check("context_is_admin", caller, &Target::own(caller))
    }

    /// The answer of [`Rules::check`] with its reasons, one check a line, for an operator to read. `None` when there is
    /// no such rule.
    pub fn explain(&self, action: &str, caller: &Caller, target: &Target<'_>) -> Option<String> {
        let rule = self.find(action)?;
        if !in_scope(rule.scope, caller) {
            let reason = "the token is scoped to the system or a domain, not to a project";
            return Some(format!("{action}: denied, {reason}\n"));
        }
        Some(explain::explain(self, rule, caller, target))
    }

    /// Every rule in force: first Glance's, then the operator's own.
    pub fn iter(&self) -> impl Iterator<Item = Listed<'_>> {
        self.rules.iter().map(|rule| Listed { name: &rule.name, text: rule.text.to_string(), line: rule.line })
    }

    /// What can be used, but will hardly do what its author meant; for the log and for an operator to read.
    pub fn warnings(&self) -> Vec<Error> {
        let mut warnings = Vec::new();
        for rule in &self.rules {
            let mut unknown = BTreeSet::new();
            walk(&rule.check, &mut |check| {
                if let Check::Equal(Left::Unknown(name), _) = check {
                    unknown.insert(name.clone());
                }
            });
            for name in unknown {
                let message = format!(
                    "a caller has no field {name}, so {name}:… never holds (callers have user_id, project_id, \
                     domain_id, system_scope, roles and service_roles)"
                );
                warnings.push(Error::of(rule.line, &rule.name, message));
            }
        }
        warnings
    }

    pub(crate) fn rule(&self, at: usize) -> &Rule {
        &self.rules[at]
    }

    pub(crate) fn find(&self, action: &str) -> Option<&Rule> {
        self.places.get(action).map(|at| &self.rules[*at])
    }

    /// For a message about a name that is no rule.
    pub fn did_you_mean(&self, name: &str) -> String {
        nearest(name, self.places.keys().map(String::as_str))
    }
}

fn in_scope(scope: Scope, caller: &Caller) -> bool {
    let of_project = caller.system_scope.is_none() && (caller.domain_id.is_none() || caller.project_id.is_some());
    scope == Scope::Any || of_project
}

fn references(check: &Check) -> Vec<usize> {
    let mut found = Vec::new();
    walk(check, &mut |check| {
        if let Check::Rule(at) = check {
            found.push(*at);
        }
    });
    found
}

/// Visits a check and those in it, but no other rules.
fn walk(check: &Check, visit: &mut dyn FnMut(&Check)) {
    visit(check);
    match check {
        Check::Not(check) => walk(check, visit),
        Check::All(checks) | Check::Any(checks) => checks.iter().for_each(|check| walk(check, visit)),
        Check::Always | Check::Never | Check::Role(_) | Check::Rule(_) | Check::Equal(..) => {}
    }
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let nearest = known.min_by_key(|known| strsim::damerau_levenshtein(known, name));
    nearest.map_or_else(String::new, |nearest| format!("; the nearest name is \"{nearest}\""))
}
