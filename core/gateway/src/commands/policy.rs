use super::say;
use crate::{
    cli::ExplainArgs,
    config::{self, Policy},
    exit::{Exit, Failure, Result},
    policy,
};
use casement_image::Caller;
use casement_policy::{Listed, Target};
use std::path::Path;

/// Every rule in force, in the form of the file that could set it.
pub(super) fn list(file: &Path) -> Result<()> {
    let config = config::load(file)?.policy;
    let policies = policy::read(&config)?;
    for rule in policies.rules.iter() {
        say(format_args!("\"{}\": {}  # {}", rule.name, rule.text, origin(&config, &rule)))?;
    }
    Ok(())
}

/// Which rule answers, and why.
pub(super) fn explain(args: &ExplainArgs) -> Result<()> {
    let config = config::load(&args.config.config)?.policy;
    let rules = policy::read(&config)?.rules;
    let action = args.action.as_str();
    let lower = |roles: &[String]| roles.iter().map(|role| role.trim().to_lowercase()).collect();
    let caller = Caller {
        user_id: args.user.clone(),
        project_id: args.project.clone(),
        domain_id: args.domain.clone(),
        system_scope: args.system.clone(),
        roles: lower(&args.roles),
        service_roles: lower(&args.service_roles),
        ..Caller::default()
    };
    let target = Target {
        project_id: args.owner.as_deref().or(args.project.as_deref()),
        owner: args.owner.as_deref(),
        visibility: args.visibility.as_deref(),
        member_id: args.member.as_deref(),
        image: None,
    };
    let (Some(explanation), Some(rule)) =
        (rules.explain(action, &caller, &target), rules.iter().find(|rule| rule.name == action))
    else {
        let message = format!("there is no action \"{action}\"{}", rules.did_you_mean(action));
        return Err(Failure::new(Exit::Usage, message));
    };
    say(format_args!("{}\"{action}\": {}  # {}", explanation, rule.text, origin(&config, &rule)))
}

fn origin(config: &Policy, rule: &Listed<'_>) -> String {
    match (rule.line, &config.file) {
        (Some(line), Some(file)) => format!("{}:{line}", file.display()),
        _ => "default".to_owned(),
    }
}
