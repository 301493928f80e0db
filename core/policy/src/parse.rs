//! From the text of a rule to its check.
//!
//! `or` binds loosest, then `and`, then `not`. Words are separated by blanks; brackets stand before or behind a
//! word, as the ones inside of it belong to `%(…)s`.

use crate::check::{Check, Left, Template};

/// Where, and what is wrong.
pub(crate) type Trouble = (usize, String);

/// Deeper than any rule of a person; keeps the parser off the end of the stack.
const MAX_DEPTH: usize = 100;

/// `rule_at` finds the place of a rule that the text refers to, or says why there is none. Trouble is placed at a
/// character, counted from 1.
pub(crate) fn parse(text: &str, rule_at: &dyn Fn(&str) -> Result<usize, String>) -> Result<Check, Trouble> {
    // oslo.policy: an empty rule lets everyone pass.
    if text.is_empty() {
        return Ok(Check::Always);
    }
    // Inside, places are byte offsets; a person counts characters.
    parse_words(text, rule_at).map_err(|(offset, message)| (text[..offset].chars().count() + 1, message))
}

fn parse_words(text: &str, rule_at: &dyn Fn(&str) -> Result<usize, String>) -> Result<Check, Trouble> {
    let tokens = tokenize(text)?;
    let end = text.len();
    let mut parser = Parser { tokens: &tokens, end, depth: 0, rule_at };
    let check = parser.any()?;
    match parser.tokens.first() {
        None => Ok(check),
        Some((at, Token::Close)) => Err((*at, "this bracket was never opened".to_owned())),
        Some((at, _)) => Err((*at, "expected 'and' or 'or'".to_owned())),
    }
}

#[derive(Debug, PartialEq)]
enum Token<'a> {
    Open,
    Close,
    And,
    Or,
    Not,
    Word(&'a str),
}

fn tokenize(text: &str) -> Result<Vec<(usize, Token<'_>)>, Trouble> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let at = |rest: &str| text.len() - rest.len();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(tokens);
        }
        if let Some(after) = rest.strip_prefix('(') {
            tokens.push((at(rest), Token::Open));
            rest = after;
            continue;
        }
        let whole = &rest[..word_end(rest).ok_or_else(|| (at(rest), "this quote is not closed".to_owned()))?];
        let word = whole.trim_end_matches(')');
        match word.to_lowercase().as_str() {
            "" => {}
            "and" => tokens.push((at(rest), Token::And)),
            "or" => tokens.push((at(rest), Token::Or)),
            "not" => tokens.push((at(rest), Token::Not)),
            _ => tokens.push((at(rest), Token::Word(word))),
        }
        for closing in word.len()..whole.len() {
            tokens.push((at(&rest[closing..]), Token::Close));
        }
        rest = &rest[whole.len()..];
    }
}

/// Where the word at the start of a text ends: at the first blank outside of quotes. `None` for an open quote.
fn word_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match quote {
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if matches!(character, '\'' | '"') => quote = Some(character),
            None if character.is_whitespace() => return Some(at),
            None => {}
        }
    }
    quote.is_none().then_some(text.len())
}

struct Parser<'a> {
    tokens: &'a [(usize, Token<'a>)],
    end: usize,
    depth: usize,
    rule_at: &'a dyn Fn(&str) -> Result<usize, String>,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<&'a (usize, Token<'a>)> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn take(&mut self, token: &Token<'_>) -> bool {
        let found = self.tokens.first().is_some_and(|(_, next)| next == token);
        if found {
            self.tokens = &self.tokens[1..];
        }
        found
    }

    fn any(&mut self) -> Result<Check, Trouble> {
        let mut checks = vec![self.all()?];
        while self.take(&Token::Or) {
            checks.push(self.all()?);
        }
        Ok(joined(checks, Check::Any))
    }

    fn all(&mut self) -> Result<Check, Trouble> {
        let mut checks = vec![self.one()?];
        while self.take(&Token::And) {
            checks.push(self.one()?);
        }
        Ok(joined(checks, Check::All))
    }

    fn one(&mut self) -> Result<Check, Trouble> {
        let Some((at, token)) = self.next() else {
            return Err((self.end, "the rule ends where a check is expected".to_owned()));
        };
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err((*at, format!("more than {MAX_DEPTH} brackets and nots inside of each other")));
        }
        let check = match token {
            Token::Word(word) => self.word(*at, word)?,
            Token::Not => Check::Not(Box::new(self.one()?)),
            Token::Open => {
                let inner = self.any()?;
                if !self.take(&Token::Close) {
                    return Err((*at, "this bracket is not closed".to_owned()));
                }
                inner
            }
            Token::And | Token::Or | Token::Close => {
                return Err((*at, "expected a check, such as role:admin".to_owned()));
            }
        };
        self.depth -= 1;
        Ok(check)
    }

    fn word(&self, at: usize, word: &str) -> Result<Check, Trouble> {
        match word {
            "@" | "True" => return Ok(Check::Always),
            "!" | "False" => return Ok(Check::Never),
            _ => {}
        }
        let Some(colon) = colon(word) else {
            return Err((at, format!("'{word}' is no check; a check is written kind:match, such as role:admin")));
        };
        let (kind, wanted) = (&word[..colon], &word[colon + 1..]);
        let behind = at + colon + 1;
        match kind {
            "" => Err((at, "what is to be compared is missing before the colon".to_owned())),
            "rule" => (self.rule_at)(wanted).map(Check::Rule).map_err(|message| (behind, message)),
            "role" => Ok(Check::Role(template(wanted, behind)?.lower_cased())),
            "http" | "https" => Err((at, "checks that ask another server are not supported".to_owned())),
            _ => Ok(Check::Equal(left(kind), template(wanted, behind)?)),
        }
    }
}

fn joined(mut checks: Vec<Check>, many: fn(Vec<Check>) -> Check) -> Check {
    if checks.len() == 1 { checks.remove(0) } else { many(checks) }
}

/// The colon that separates; one inside of quotes does not.
fn colon(word: &str) -> Option<usize> {
    let quote = word.chars().next().filter(|first| matches!(first, '\'' | '"'));
    let start = quote.map_or(Some(0), |quote| word[1..].find(quote).map(|at| at + 2))?;
    word[start..].find(':').map(|at| start + at)
}

fn left(kind: &str) -> Left {
    let quoted = |quote| kind.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    if let Some(text) = quoted('\'').or_else(|| quoted('"')) {
        return Left::Literal(text.to_owned());
    }
    match kind {
        "user_id" | "user" => Left::UserId,
        "project_id" | "tenant" | "tenant_id" => Left::ProjectId,
        "domain_id" => Left::DomainId,
        "system_scope" | "system" => Left::SystemScope,
        "is_admin" => Left::IsAdmin,
        "roles" => Left::Roles,
        "service_roles" => Left::ServiceRoles,
        "True" | "False" => Left::Literal(kind.to_owned()),
        _ if kind.parse::<i64>().is_ok() => Left::Literal(kind.to_owned()),
        _ => Left::Unknown(kind.to_owned()),
    }
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
