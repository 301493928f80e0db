//! From the text of a rule to its check.
//!
//! `or` binds loosest, then `and`, then `not`. Words are separated by blanks, quotes or not, as in oslo.policy; brackets
//! stand before or behind a word, as the ones inside of it belong to `%(…)s`.

use crate::{
    atom::{self, Places, Trouble},
    check::Check,
    yaml::Text,
};

/// Deeper than any rule of a person; keeps the parser off the end of the stack.
const MAX_DEPTH: usize = 100;

/// `places` finds the rules that the text refers to. Trouble is placed at a character, counted from 1; in a list, of the
/// check in it.
pub(crate) fn parse(text: &Text, places: &Places<'_>) -> Result<Check, Trouble> {
    let words = match text {
        // oslo.policy: an empty rule lets everyone pass.
        Text::Words(words) if words.is_empty() => return Ok(Check::Always),
        Text::Words(words) => words,
        Text::Lists(lists) => return parse_lists(lists, places),
    };
    parse_words(words, places).map_err(|trouble| counted(words, trouble))
}

/// Inside, places are byte offsets; a person counts characters.
fn counted(text: &str, (offset, message): Trouble) -> Trouble {
    (text[..offset].chars().count() + 1, message)
}

/// The old way. No list at all lets everyone pass, and nothing but empty ones nobody, as in oslo.policy.
fn parse_lists(lists: &[Vec<String>], places: &Places<'_>) -> Result<Check, Trouble> {
    if lists.is_empty() {
        return Ok(Check::Always);
    }
    let mut any = Vec::new();
    for list in lists.iter().filter(|list| !list.is_empty()) {
        let all: Result<_, _> = list.iter().map(|check| parse_listed(check, places)).collect();
        any.push(joined(all?, Check::All));
    }
    Ok(if any.is_empty() { Check::Never } else { joined(any, Check::Any) })
}

/// A role's name may have blanks in it here, so they do not end the check.
fn parse_listed(check: &str, places: &Places<'_>) -> Result<Check, Trouble> {
    if check.split(':').next().is_some_and(|kind| kind.contains(char::is_whitespace)) {
        return Err((1, format!("'{check}' is not one check; in a list, and, or, not and brackets have no place")));
    }
    atom::parse(check, 0, places).map_err(|trouble| counted(check, trouble))
}

fn parse_words(text: &str, places: &Places<'_>) -> Result<Check, Trouble> {
    let tokens = tokenize(text)?;
    let end = text.len();
    let mut parser = Parser { tokens: &tokens, end, depth: 0, places };
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
        let whole = rest.split(char::is_whitespace).next().unwrap_or(rest);
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

struct Parser<'a> {
    tokens: &'a [(usize, Token<'a>)],
    end: usize,
    depth: usize,
    places: &'a Places<'a>,
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
            Token::Word(word) => atom::parse(word, *at, self.places)?,
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
}

fn joined(mut checks: Vec<Check>, many: fn(Vec<Check>) -> Check) -> Check {
    if checks.len() == 1 { checks.remove(0) } else { many(checks) }
}
