//! Static tokens. Only their hashes are kept, so a configuration file or a memory dump gives none away.

use crate::{Credentials, Error, MAX_TOKEN_BYTES, Result, roles};
use casement_image::Caller;
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::Arc,
};

type Hash = [u8; 32];

/// One token as the configuration lists it.
#[derive(Clone, Default)]
pub struct TokenEntry {
    /// SHA-256 of the token, in hex; see [`hash_token`].
    pub sha256: String,
    pub user: String,
    pub project: Option<String>,
    pub roles: Vec<String>,
    /// May come as `X-Service-Token`.
    pub service: bool,
}

impl fmt::Debug for TokenEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A hash of a weak token can be guessed back.
        f.debug_struct("TokenEntry")
            .field("user", &self.user)
            .field("project", &self.project)
            .field("roles", &self.roles)
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

/// What `sha256` of an entry holds for this token.
pub fn hash_token(token: &str) -> String {
    hex::encode(hash(token))
}

fn hash(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}

struct Holder {
    caller: Arc<Caller>,
    service: bool,
    index: usize,
}

/// The tokens that are known, by their hashes: a lookup tells nothing by its time about the token itself.
pub(crate) struct Tokens(HashMap<Hash, Holder>);

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("known", &self.0.len()).finish()
    }
}

impl Tokens {
    /// Errors name entries by their place, from 0: their values stay secret.
    pub(crate) fn new(entries: Vec<TokenEntry>) -> Result<Self> {
        let mut known: HashMap<Hash, Holder> = HashMap::with_capacity(entries.len());
        for (index, entry) in entries.into_iter().enumerate() {
            let mut hash = Hash::default();
            hex::decode_to_slice(&entry.sha256, &mut hash).map_err(|_| malformed(index))?;
            let caller = Arc::new(roles::caller(Some(entry.user), entry.project, &entry.roles));
            if let Some(first) = known.insert(hash, Holder { caller, service: entry.service, index }) {
                return Err(duplicate(index, first.index));
            }
        }
        Ok(Self(known))
    }

    /// A service token that is not known, or not a service's, refuses the request: the operator lists them all.
    pub(crate) fn authenticate(&self, credentials: &Credentials) -> Result<Arc<Caller>> {
        let token = credentials.token.as_deref().ok_or_else(unknown)?;
        let mut caller = self.find(token)?.caller.clone();
        if let Some(token) = &credentials.service_token {
            Arc::make_mut(&mut caller).service_roles = self.service_roles(token)?;
        }
        Ok(caller)
    }

    fn find(&self, token: &str) -> Result<&Holder> {
        let known = if token.len() > MAX_TOKEN_BYTES { None } else { self.0.get(&hash(token)) };
        known.ok_or_else(unknown)
    }

    fn service_roles(&self, token: &str) -> Result<BTreeSet<String>> {
        let holder = self.find(token)?;
        if holder.service { Ok(holder.caller.roles.clone()) } else { Err(unknown()) }
    }
}

fn unknown() -> Error {
    Error::unauthenticated("the request carries no token, or one that is not known here")
}

fn malformed(index: usize) -> Error {
    let wanted = "must be the 64 hex digits of the token's SHA-256, not the token itself";
    Error::configuration(format!("token {index}: `sha256` {wanted}"))
}

fn duplicate(index: usize, first: usize) -> Error {
    Error::configuration(format!("token {index} is the same as token {first}; remove one of them"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Kind;

    fn entry(token: &str, roles: &[&str], service: bool) -> TokenEntry {
        TokenEntry {
            sha256: hash_token(token),
            user: format!("user of {token}"),
            project: Some("p1".into()),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            service,
        }
    }

    fn tokens() -> Tokens {
        Tokens::new(vec![
            entry("alice", &["Member"], false),
            entry("root", &["admin"], false),
            entry("nova", &["service"], true),
        ])
        .unwrap()
    }

    fn authenticate(tokens: &Tokens, token: Option<&str>, service_token: Option<&str>) -> Option<Arc<Caller>> {
        let text = |token: Option<&str>| token.map(str::to_owned);
        let credentials =
            Credentials { token: text(token), service_token: text(service_token), ..Credentials::default() };
        let found = tokens.authenticate(&credentials);
        assert!(found.as_ref().err().is_none_or(|error| error.kind == Kind::Unauthenticated));
        found.ok()
    }

    #[test]
    fn a_known_token_gives_its_caller() {
        let caller = authenticate(&tokens(), Some("alice"), None).unwrap();
        assert_eq!(caller.user_id.as_deref(), Some("user of alice"));
        assert_eq!(caller.project_id.as_deref(), Some("p1"));
        assert_eq!(caller.roles.iter().map(String::as_str).collect::<Vec<_>>(), ["member", "reader"]);
        assert!(!caller.is_admin);
        assert!(authenticate(&tokens(), Some("root"), None).unwrap().is_admin);
    }

    #[test]
    fn no_token_an_unknown_one_its_own_hash_and_an_oversized_one_are_refused() {
        let hash = hash_token("alice");
        let long = "x".repeat(MAX_TOKEN_BYTES + 1);
        for token in [None, Some(""), Some("bob"), Some("Alice"), Some(hash.as_str()), Some(long.as_str())] {
            assert_eq!(authenticate(&tokens(), token, None), None, "{token:?}");
        }
    }

    #[test]
    fn a_token_of_the_longest_size_is_still_looked_up() {
        let longest = "x".repeat(MAX_TOKEN_BYTES);
        let tokens = Tokens::new(vec![entry(&longest, &[], false)]).unwrap();
        assert!(authenticate(&tokens, Some(&longest), None).is_some());
    }

    #[test]
    fn a_service_token_adds_its_roles_and_must_be_a_service_s() {
        let caller = authenticate(&tokens(), Some("alice"), Some("nova")).unwrap();
        assert_eq!(caller.service_roles.iter().collect::<Vec<_>>(), ["service"]);
        for service_token in ["root", "unknown"] {
            assert_eq!(authenticate(&tokens(), Some("alice"), Some(service_token)), None, "{service_token}");
        }
        assert_eq!(authenticate(&tokens(), None, Some("nova")), None);
    }

    #[test]
    fn a_bad_list_names_the_entry_by_its_place_only() {
        let mut plain = entry("a", &[], false);
        plain.sha256 = "correct horse battery staple".into();
        let error = Tokens::new(vec![entry("b", &[], false), plain]).unwrap_err();
        assert!(error.to_string().starts_with("token 1: `sha256` must be the 64 hex digits"), "{error}");
        assert!(!error.to_string().contains("horse"));

        let mut upper = entry("a", &[], false);
        upper.sha256 = upper.sha256.to_uppercase();
        let error = Tokens::new(vec![entry("a", &[], false), entry("b", &[], false), upper]).unwrap_err();
        assert_eq!(error.to_string(), "token 2 is the same as token 0; remove one of them");
    }

    #[test]
    fn hashes_match_the_known_vector() {
        assert_eq!(hash_token("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn debug_output_holds_no_hash() {
        let entry = entry("alice", &[], false);
        let text = format!("{entry:?} {:?}", tokens());
        assert!(!text.contains(&entry.sha256[..8]), "{text}");
    }
}
