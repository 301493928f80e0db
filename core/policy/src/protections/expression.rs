//! The names of sections: regular expressions of Python's `re`.

use regex::Regex;

/// Compiles what means the same in Python and here; says why not otherwise.
pub(super) fn compile(expression: &str) -> Result<Regex, String> {
    if let Some(what) = means_something_else(expression) {
        return Err(format!("{what} means something else here than in Python; write the expression without it"));
    }
    Regex::new(expression).map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned();
        format!("the expression cannot be used here: {reason}")
    })
}

/// What compiles on both sides to expressions that match differently.
fn means_something_else(expression: &str) -> Option<&'static str> {
    let mut characters = expression.chars().peekable();
    let mut in_class = false;
    let mut repeated = false;
    while let Some(character) = characters.next() {
        let next = characters.peek().copied();
        let again = std::mem::take(&mut repeated);
        match (character, in_class) {
            ('\\', _) => {
                if let Some('<' | '>') = characters.next() {
                    return Some("\\< or \\>");
                }
            }
            ('[', true) => return Some("[ inside of […]"),
            ('&' | '~' | '-', true) if next == Some(character) => return Some("a doubled &, ~ or - inside of […]"),
            ('[', false) => {
                in_class = true;
                characters.next_if_eq(&'^');
                // The first one is the bracket itself.
                characters.next_if_eq(&']');
            }
            (']', true) => in_class = false,
            ('+', false) if again => return Some("a + behind a repetition"),
            ('*' | '+' | '?' | '}', false) => repeated = true,
            _ => {}
        }
    }
    None
}
