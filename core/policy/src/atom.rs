//! A single check, `kind:match`.

use crate::check::{Check, Left, Template};

/// Where, as a byte offset, and what is wrong.
pub(crate) type Trouble = (usize, String);

/// The place of a rule, or why there is none.
pub(crate) type Places<'a> = dyn Fn(&str) -> Result<usize, String> + 'a;

/// `at` is where the word starts in its rule.
pub(crate) fn parse(word: &str, at: usize, places: &Places<'_>) -> Result<Check, Trouble> {
    match word {
        "@" => return Ok(Check::Always),
        "!" => return Ok(Check::Never),
        _ => {}
    }
    // oslo.policy takes it for a text, and understands no rule that has one.
    let in_quotes =
        word.len() > 1 && ['\'', '"'].iter().any(|quote| word.starts_with(*quote) && word.ends_with(*quote));
    let Some((kind, wanted)) = word.split_once(':').filter(|_| !in_quotes) else {
        return Err((at, format!("'{word}' is no check; a check is written kind:match, such as role:admin")));
    };
    let behind = at + kind.len() + 1;
    match kind {
        "rule" => places(wanted).map(Check::Rule).map_err(|message| (behind, message)),
        "role" => Ok(Check::Role(template(wanted, behind)?.lower_cased())),
        "http" | "https" => {
            let message = "checks that ask another server are not supported; write the rule with roles and fields";
            Err((at, message.to_owned()))
        }
        _ => Ok(Check::Equal(left(kind).map_err(|message| (at, message))?, template(wanted, behind)?)),
    }
}

/// A literal of Python's, or the name of a field of the caller.
fn left(kind: &str) -> Result<Left, String> {
    let quote = kind.chars().next().filter(|first| matches!(first, '\'' | '"'));
    if let Some(quote) = quote {
        let text = kind[1..].strip_suffix(quote).filter(|text| !text.contains([quote, '\\']));
        return text
            .map(|text| Left::Literal(text.to_owned()))
            .ok_or_else(|| "a text to compare is written '…' without blanks, quotes and colons in it".to_owned());
    }
    if matches!(kind, "True" | "False" | "None") || is_whole_number(kind) {
        return Ok(Left::Literal(kind.to_owned()));
    }
    let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !kind.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') || !kind.chars().all(name) {
        return Err(match kind {
            "" => "what is to be compared is missing before the colon".to_owned(),
            _ => format!("'{kind}' is neither a field of the caller nor a text in quotes"),
        });
    }
    match kind {
        "user_id" => Ok(Left::UserId),
        "project_id" => Ok(Left::ProjectId),
        "domain_id" => Ok(Left::DomainId),
        "system_scope" | "system" => Ok(Left::SystemScope),
        "roles" => Ok(Left::Roles),
        "service_roles" => Ok(Left::ServiceRoles),
        _ if NOT_KNOWN_HERE.contains(&kind) => Err(format!(
            "of a caller's {kind} nothing is known here, so this would never hold; use user_id, project_id or roles"
        )),
        _ => Ok(Left::Unknown(kind.to_owned())),
    }
}

/// Fields that a caller of Glance has. To let a rule about them never hold would be another policy than was asked for.
const NOT_KNOWN_HERE: [&str; 7] = [
    "user_domain_id",
    "project_domain_id",
    "is_admin_project",
    "service_user_id",
    "service_user_domain_id",
    "service_project_id",
    "service_project_domain_id",
];

/// As Python would write it.
fn is_whole_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain && (text == "0" || !digits.starts_with('0'))
}

/// Python's `%` format, of which rules use `%(name)s` and `%%`.
fn template(text: &str, at: usize) -> Result<Template, Trouble> {
    let mut parts = Vec::new();
    let mut rest = text;
    let mut literal = String::new();
    while let Some(percent) = rest.find('%') {
        literal.push_str(&rest[..percent]);
        let after = &rest[percent + 1..];
        if let Some(after) = after.strip_prefix('%') {
            literal.push('%');
            rest = after;
            continue;
        }
        let field = after.strip_prefix('(').and_then(|after| after.split_once(")s"));
        let Some((name, after)) = field.filter(|(name, _)| !name.is_empty() && !name.contains(['(', ')', '%'])) else {
            let position = at + text.len() - rest.len() + percent;
            return Err((position, "a field of the target is written %(name)s".to_owned()));
        };
        if !literal.is_empty() {
            parts.push(Template::Text(std::mem::take(&mut literal)));
        }
        parts.push(Template::Field(name.to_owned()));
        rest = after;
    }
    literal.push_str(rest);
    if !literal.is_empty() || parts.is_empty() {
        parts.push(Template::Text(literal));
    }
    Ok(if parts.len() == 1 { parts.remove(0) } else { Template::Mixed(parts) })
}
