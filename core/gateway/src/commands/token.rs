use super::say;
use crate::exit::{Exit, Failure, Result};
use std::io;

/// The token comes by standard input: an argument would be seen in the list of processes.
pub(super) fn hash() -> Result<()> {
    let text = io::read_to_string(io::stdin()).map_err(Failure::of(Exit::Usage, "standard input"))?;
    let token = text.trim_end_matches(['\r', '\n']);
    if token.is_empty() || token.contains(char::is_whitespace) {
        let message = "standard input must hold one token, as in `printf %s \"$TOKEN\" | casement token hash`";
        return Err(Failure::new(Exit::Usage, message));
    }
    say(casement_identity::hash_token(token))
}
