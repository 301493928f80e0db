//! The table of compiled rules.

use crate::{
    Error, Result, Target,
    check::Check,
    defaults::{self, Scope},
    explain, parse,
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
    pub(crate) scope: Scope,
    pub(crate) check: Check,
}

impl Rules {
    /// The rules of Glance 33.
    pub fn defaults() -> Self {
        Self::with_overrides([]).expect("the default rules are well-formed")
    }

    /// The default rules, some of them replaced by the operator's. An operator may add rules of their own for
    /// others to refer to; a new name that nothing refers to is taken for a misspelt one, and is an error.
    pub fn with_overrides(overrides: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let overrides: BTreeMap<String, String> = overrides.into_iter().collect();
        let mut texts: Vec<(String, String, Scope)> = Vec::new();
        for (name, text, scope) in defaults::RULES {
            let text = overrides.get(name).map_or(text, String::as_str);
            texts.push((name.to_owned(), text.to_owned(), scope));
        }
        let known: BTreeSet<&str> = defaults::RULES.iter().map(|(name, ..)| *name).collect();
        for (name, text) in overrides.iter().filter(|(name, _)| !known.contains(name.as_str())) {
            if !overrides.values().any(|text| refers_to(text, name)) {
                return Err(Error {
                    rule: name.clone(),
                    position: None,
                    message: format!(
                        "there is no action of this name, and no rule refers to it{}",
                        did_you_mean(name, &known)
                    ),
                });
            }
            texts.push((name.clone(), text.clone(), Scope::Any));
        }
        let rules = Self::compile(texts)?;
        rules.check_for_loops()?;
        Ok(rules)
    }

    fn compile(texts: Vec<(String, String, Scope)>) -> Result<Self> {
        let places: BTreeMap<String, usize> =
            texts.iter().enumerate().map(|(at, (name, ..))| (name.clone(), at)).collect();
        let place_of = |name: &str| {
            places.get(name).copied().ok_or_else(|| {
                let known = places.keys().map(String::as_str).collect();
                format!("there is no rule \"{name}\"{}", did_you_mean(name, &known))
            })
        };
        let mut rules = Vec::with_capacity(texts.len());
        for (name, text, scope) in texts {
            let check = parse::parse(&text, &place_of).map_err(|(position, message)| Error {
                rule: name.clone(),
                position: Some(position),
                message,
            })?;
            rules.push(Rule { name, scope, check });
        }
        Ok(Self { places, rules })
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
            let names: Vec<&str> = path[first..].iter().chain([&at]).map(|at| self.rules[*at].name.as_str()).collect();
            return Err(Error {
                rule: self.rules[at].name.clone(),
                position: None,
                message: format!("the rule leads back to itself: {}", names.join(" -> ")),
            });
        }
        if done[at] {
            return Ok(());
        }
        path.push(at);
        let mut references = Vec::new();
        collect_references(&self.rules[at].check, &mut references);
        for reference in references {
            self.visit(reference, path, done)?;
        }
        path.pop();
        done[at] = true;
        Ok(())
    }

    /// Whether `caller` may do `action` to `target`. An action that does not exist is allowed to nobody.
    pub fn check(&self, action: &str, caller: &Caller, target: &Target<'_>) -> bool {
        self.find(action).is_some_and(|rule| in_scope(rule.scope, caller) && rule.check.holds(self, caller, target))
    }

    /// Whether the caller is an administrator of images: sees all of them, whoever owns them.
    pub fn is_admin(&self, caller: &Caller) -> bool {
        self.check("context_is_admin", caller, &Target::own(caller))
    }

    /// The answer of [`Rules::check`] with its reasons, one check a line, for an operator to read.
    pub fn explain(&self, action: &str, caller: &Caller, target: &Target<'_>) -> String {
        match self.find(action) {
            None => format!("{action}: denied, there is no such action\n"),
            Some(rule) if !in_scope(rule.scope, caller) => {
                format!("{action}: denied, the token is scoped to the system or a domain, not to a project\n")
            }
            Some(rule) => explain::explain(self, rule, caller, target),
        }
    }

    pub(crate) fn rule(&self, at: usize) -> &Rule {
        &self.rules[at]
    }

    fn find(&self, action: &str) -> Option<&Rule> {
        self.places.get(action).map(|at| &self.rules[*at])
    }
}

fn in_scope(scope: Scope, caller: &Caller) -> bool {
    let of_project = caller.system_scope.is_none() && (caller.domain_id.is_none() || caller.project_id.is_some());
    scope == Scope::Any || of_project
}

fn collect_references(check: &Check, found: &mut Vec<usize>) {
    match check {
        Check::Rule(at) => found.push(*at),
        Check::Not(check) => collect_references(check, found),
        Check::All(checks) | Check::Any(checks) => checks.iter().for_each(|check| collect_references(check, found)),
        Check::Always | Check::Never | Check::Role(_) | Check::Equal(..) => {}
    }
}

fn refers_to(text: &str, name: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')'))
        .any(|word| word.strip_prefix("rule:") == Some(name))
}

fn did_you_mean(name: &str, known: &BTreeSet<&str>) -> String {
    let nearest = known.iter().min_by_key(|known| strsim::damerau_levenshtein(known, name));
    nearest.map_or_else(String::new, |nearest| format!("; the nearest name is \"{nearest}\""))
}
