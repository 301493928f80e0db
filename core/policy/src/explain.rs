//! Why a rule answers as it does.

use crate::{
    Target,
    check::{Check, Left, Template},
    rules::{Rule, Rules},
};
use casement_image::Caller;

pub(crate) fn explain(rules: &Rules, rule: &Rule, caller: &Caller, target: &Target<'_>) -> String {
    let answer = if rule.check.holds(rules, caller, target) { "allowed" } else { "denied" };
    let mut explanation = Explanation { rules, caller, target, text: format!("{}: {answer}\n", rule.name) };
    explanation.check(&rule.check, 1);
    explanation.text
}

struct Explanation<'a> {
    rules: &'a Rules,
    caller: &'a Caller,
    target: &'a Target<'a>,
    text: String,
}

impl Explanation<'_> {
    fn check(&mut self, check: &Check, depth: usize) {
        let (title, inner): (String, &[Check]) = match check {
            Check::Always => ("everyone".to_owned(), &[]),
            Check::Never => ("nobody".to_owned(), &[]),
            Check::Role(role) => (self.role(role), &[]),
            Check::Equal(left, right) => (self.comparison(left, right), &[]),
            Check::Rule(at) => {
                let rule = self.rules.rule(*at);
                (format!("rule:{}", rule.name), std::slice::from_ref(&rule.check))
            }
            Check::Not(check) => ("not".to_owned(), std::slice::from_ref(&**check)),
            Check::All(checks) => ("all of".to_owned(), checks),
            Check::Any(checks) => ("any of".to_owned(), checks),
        };
        let answer = if check.holds(self.rules, self.caller, self.target) { "yes" } else { "no " };
        self.text.push_str(&format!("{:indent$}{answer} {title}\n", "", indent = depth * 2));
        for check in inner {
            self.check(check, depth + 1);
        }
    }

    fn role(&self, role: &Template) -> String {
        format!("role:{role} (the caller has: {})", listed(&self.caller.roles))
    }

    fn comparison(&self, left: &Left, right: &Template) -> String {
        let quoted = |value: &str| format!("\"{value}\"");
        let has = match left {
            Left::Literal(_) => String::new(),
            Left::Roles => format!("the caller has: {}; ", listed(&self.caller.roles)),
            Left::ServiceRoles => {
                format!("the caller has: {}; ", listed(&self.caller.service_roles))
            }
            _ => format!("the caller's is {}; ", left.value(self.caller).map_or("not set".to_owned(), quoted)),
        };
        let wanted = right.fill(self.target).map_or("not set".to_owned(), |value| quoted(&value));
        format!("{left}:{right} ({has}the target's is {wanted})")
    }
}

fn listed(roles: &std::collections::BTreeSet<String>) -> String {
    match roles.is_empty() {
        true => "none".to_owned(),
        false => roles.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
    }
}
