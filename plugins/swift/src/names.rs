//! From a key of the contract to a place in Swift, and the names of what is staged.
//!
//! A key is the name of an object in the container that this store would put it into. Objects that lie elsewhere, because
//! Glance put them there with other settings, have the keys `/<container>/<object>` and, in another account,
//! `//<account>/<container>/<object>`.

use crate::Config;
use casement_sdk::{Error, Kind, Result};

/// Names that begin so are this store's own.
const RESERVED: &str = ".casement-";
/// What is staged has an object of this name in the container of segments, as long as it is not published.
pub(crate) const STAGED: &str = ".casement-staged/";
const SEGMENTS: &str = "_segments";
/// Swift's own limit, less what the names of segments add to it.
const LONGEST_OBJECT: usize = 900;
const LONGEST_CONTAINER: usize = 256 - SEGMENTS.len();
/// The contract's limit.
const LONGEST_TOKEN: usize = 512;

/// Where something is in Swift.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    /// The one that the token is for, where it is not another.
    pub(crate) account: Option<String>,
    pub(crate) container: String,
    pub(crate) object: String,
}

impl Place {
    pub(crate) fn new(container: impl Into<String>, object: impl Into<String>) -> Self {
        Self { account: None, container: container.into(), object: object.into() }
    }

    /// Another object in the same container.
    pub(crate) fn beside(&self, object: impl Into<String>) -> Self {
        Self { object: object.into(), ..self.clone() }
    }

    /// The container that holds the segments of the objects in this one.
    pub(crate) fn segments(&self) -> Self {
        let container = format!("{}{SEGMENTS}", self.container);
        Self { account: self.account.clone(), container, object: String::new() }
    }
}

/// How keys are spread over containers.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    container: String,
    seed: usize,
    multi_tenant: bool,
}

impl Names {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            container: config.container.clone(),
            seed: usize::from(config.multiple_containers_seed),
            multi_tenant: config.multi_tenant,
        }
    }

    /// The only container, where all images are in one.
    pub(crate) fn single(&self) -> Option<&str> {
        (self.seed == 0 && !self.multi_tenant).then_some(&self.container)
    }

    pub(crate) fn is_multi_tenant(&self) -> bool {
        self.multi_tenant
    }

    /// The container that an object of this name is put into.
    pub(crate) fn container_of(&self, object: &str) -> String {
        if self.multi_tenant {
            return format!("{}_{object}", self.container);
        }
        if self.seed == 0 {
            return self.container.clone();
        }
        // Glance counts the hyphens among the first so many characters, and not those that come in for them.
        let object = object.to_lowercase();
        let hyphens = object.chars().take(self.seed).filter(|c| *c == '-').count();
        let shard: String = object.chars().take(self.seed + hyphens).collect();
        format!("{}_{shard}", self.container)
    }

    /// Where an object is written to.
    pub(crate) fn for_writing(&self, key: &str) -> Result<Place> {
        match self.of_project(key) {
            Some(place) => Ok(place),
            None => self.in_own_account(key),
        }
    }

    fn in_own_account(&self, key: &str) -> Result<Place> {
        let objection = match key {
            _ if key.starts_with('/') => Some("begins with a slash"),
            _ if key.starts_with(RESERVED) => Some("is one of the store's own"),
            _ => objection(key),
        };
        let container = self.container_of(key);
        let objection = objection.or(objection_to_container(&container));
        match objection {
            None => Ok(Place::new(container, key)),
            Some(objection) => Err(Error::new(Kind::Misuse, format!("the key `{key}` {objection}"))),
        }
    }

    /// Where a key is written to that tells the account of a project.
    fn of_project(&self, key: &str) -> Option<Place> {
        let place = self.look_up(key).filter(|place| place.account.is_some())?;
        let is_own = place.container == self.container_of(&place.object) && !place.object.starts_with(RESERVED);
        is_own.then_some(place)
    }

    /// Where an object is looked for. Nothing can be found under a key that could never have been written.
    pub(crate) fn for_reading(&self, key: &str) -> Result<Place> {
        self.look_up(key).ok_or_else(|| Error::not_found(key))
    }

    fn look_up(&self, key: &str) -> Option<Place> {
        let Some(elsewhere) = key.strip_prefix('/') else { return self.in_own_account(key).ok() };
        let (account, rest) = match elsewhere.strip_prefix('/') {
            Some(rest) if self.multi_tenant => {
                let (account, rest) = rest.split_once('/')?;
                (Some(account.to_owned()), rest)
            }
            Some(_) => return None,
            None => (None, elsewhere),
        };
        let (container, object) = rest.split_once('/')?;
        let fits = account.as_deref().is_none_or(|account| objection_to_container(account).is_none())
            && objection_to_container(container).is_none()
            && objection(object).is_none();
        fits.then(|| Place { account, container: container.to_owned(), object: object.to_owned() })
    }

    /// The key of the object in this place.
    pub(crate) fn key_of(&self, place: &Place) -> String {
        let Place { account, container, object } = place;
        match account {
            Some(account) => format!("//{account}/{container}/{object}"),
            None if *container == self.container_of(object) && self.in_own_account(object).is_ok() => object.clone(),
            None => format!("/{container}/{object}"),
        }
    }

    /// The container of the images, or the one that the names of theirs begin with.
    pub(crate) fn images(&self) -> Place {
        Place::new(&self.container, "")
    }

    /// Where the marks of all that is staged are.
    pub(crate) fn marks(&self) -> Place {
        self.images().segments()
    }
}

/// Why `object` cannot be the name of an object. Elements of dots alone would lead elsewhere.
fn objection(object: &str) -> Option<&'static str> {
    match object {
        "" => Some("is empty"),
        _ if object.len() > LONGEST_OBJECT => Some("is longer than 900 bytes"),
        _ if object.contains('\0') => Some("has a zero byte"),
        _ if object.split('/').any(|part| matches!(part, "." | "..")) => Some("has an element `.` or `..`"),
        _ => None,
    }
}

fn objection_to_container(container: &str) -> Option<&'static str> {
    match container {
        "" | "." | ".." => Some("has no container"),
        _ if container.len() > LONGEST_CONTAINER => Some("has a container whose name is too long"),
        _ if container.contains(['/', '\0']) => Some("has a container whose name is none"),
        _ => None,
    }
}

/// A staged write: the object that it is to become, and its own name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) place: Place,
    pub(crate) transfer: String,
}

impl Stage {
    pub(crate) fn new(place: Place, transfer: &str) -> Result<Self> {
        let stage = Self { place, transfer: transfer.to_owned() };
        let refuse = |why: &str| Err(Error::new(Kind::Misuse, format!("the write of `{}` {why}", stage.place.object)));
        if !is_transfer(transfer) {
            return refuse("has no name of the form that the contract promises");
        }
        if stage.token().len() > LONGEST_TOKEN {
            return refuse("has a name that is too long");
        }
        Ok(stage)
    }

    /// `<container>/<object>/<transfer>`, and in the account of another `//<account>/<container>/<object>/<transfer>`
    pub(crate) fn token(&self) -> String {
        let Place { account, container, object } = &self.place;
        let account = account.as_ref().map(|account| format!("//{account}/")).unwrap_or_default();
        format!("{account}{container}/{object}/{}", self.transfer)
    }

    pub(crate) fn parse(token: &str) -> Option<Self> {
        let (account, token) = match token.strip_prefix("//").map(|rest| rest.split_once('/')) {
            Some(split) => split.map(|(account, rest)| (Some(account.to_owned()), rest))?,
            None => (None, token),
        };
        let (container, rest) = token.split_once('/')?;
        let (object, transfer) = rest.rsplit_once('/')?;
        let fits = account.as_deref().is_none_or(|account| objection_to_container(account).is_none())
            && objection_to_container(container).is_none()
            && objection(object).is_none()
            && is_transfer(transfer);
        let place = Place { account, ..Place::new(container, object) };
        fits.then(|| Self { place, transfer: transfer.to_owned() })
    }

    /// What the names of its segments and manifests begin with.
    pub(crate) fn prefix(&self) -> String {
        format!("{}/{}/", self.place.object, self.transfer)
    }

    /// Segments are counted from 1, as Glance counts them.
    pub(crate) fn segment(&self, number: u32) -> Place {
        let object = format!("{}{:08}", self.prefix(), number + 1);
        Place { object, ..self.place.segments() }
    }

    /// A manifest of a part of the segments, where there are more of them than one manifest may have.
    pub(crate) fn part(&self, number: usize) -> Place {
        let object = format!("{}part-{:04}", self.prefix(), number + 1);
        Place { object, ..self.place.segments() }
    }

    pub(crate) fn mark(&self, names: &Names) -> Place {
        Place { object: format!("{STAGED}{}", self.token()), ..names.marks() }
    }
}

/// Whether `name` has the form that the contract promises of a transfer.
fn is_transfer(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ID: &str = "fdae39a1-bac5-4238-aba4-69bcc726e848";

    fn names(seed: u8, multi_tenant: bool) -> Names {
        Names::new(&Config { multiple_containers_seed: seed, multi_tenant, ..Config::default() })
    }

    #[test]
    fn containers_are_chosen_as_glance_chooses_them() {
        for (seed, container) in [
            (0, "glance"),
            (1, "glance_f"),
            (3, "glance_fda"),
            (8, "glance_fdae39a1"),
            // From here on as its documentation has it.
            (10, "glance_fdae39a1-ba"),
            (32, "glance_fdae39a1-bac5-4238-aba4-69bcc726e848"),
        ] {
            assert_eq!(names(seed, false).container_of(ID), container);
        }
        assert_eq!(names(3, false).container_of("FDAE39A1-BAC5-4238-ABA4-69BCC726E848"), "glance_fda");
        assert_eq!(names(0, true).container_of(ID), format!("glance_{ID}"));
    }

    #[test]
    fn keys_and_places_are_one_to_one() {
        for (names, key, place) in [
            (names(0, false), "a", Place::new("glance", "a")),
            (names(0, false), "a/b", Place::new("glance", "a/b")),
            (names(0, false), "/old/a", Place::new("old", "a")),
            (names(1, false), "/glance/a", Place::new("glance", "a")),
            (names(1, false), "a", Place::new("glance_a", "a")),
            (names(0, true), "a", Place::new("glance_a", "a")),
            (names(0, true), "//AUTH_x/c/a", Place { account: Some("AUTH_x".into()), ..Place::new("c", "a") }),
        ] {
            assert_eq!(names.for_reading(key).unwrap(), place, "{key}");
            assert_eq!(names.key_of(&place), key);
        }
    }

    #[test]
    fn a_key_that_tells_an_account_is_written_to_where_this_store_would_put_it() {
        let names = names(0, true);
        let place = Place { account: Some("AUTH_x".into()), ..Place::new("glance_a", "a") };
        assert_eq!(names.for_writing("//AUTH_x/glance_a/a").unwrap(), place);
        for bad in ["//AUTH_x/glance_b/a", "//AUTH_x/c/a", "//AUTH_x/glance_.casement-x/.casement-x", "//../glance_a/a"]
        {
            assert_eq!(names.for_writing(bad).unwrap_err().kind(), Kind::Misuse, "{bad}");
        }
    }

    #[test]
    fn what_could_lead_elsewhere_is_no_key() {
        let names = names(0, false);
        for bad in ["", ".", "..", "a/../b", "/", "/c", "/c/", "/../a", "//AUTH_x/c/a", "a\0", ".casement-staged/x"] {
            assert_eq!(names.for_reading(bad).unwrap_err().kind(), Kind::NotFound, "{bad:?}");
        }
        for bad in ["", "/c/a", ".casement-x", &"x".repeat(901)] {
            assert_eq!(names.for_writing(bad).unwrap_err().kind(), Kind::Misuse, "{bad:?}");
        }
    }

    #[test]
    fn a_token_names_container_object_and_transfer() {
        let stage = Stage::new(Place::new("glance", "a/b"), "t-1").unwrap();
        assert_eq!(stage.token(), "glance/a/b/t-1");
        assert_eq!(Stage::parse("glance/a/b/t-1"), Some(stage.clone()));
        assert_eq!(stage.segment(0), Place::new("glance_segments", "a/b/t-1/00000001"));
        assert_eq!(stage.mark(&names(2, false)), Place::new("glance_segments", ".casement-staged/glance/a/b/t-1"));
        let elsewhere = Place { account: Some("AUTH_x".into()), ..Place::new("glance_a", "a") };
        let elsewhere = Stage::new(elsewhere, "t-1").unwrap();
        assert_eq!(elsewhere.token(), "//AUTH_x/glance_a/a/t-1");
        assert_eq!(Stage::parse(&elsewhere.token()), Some(elsewhere.clone()));
        assert_eq!(elsewhere.segment(0).account.as_deref(), Some("AUTH_x"));
        let mark = elsewhere.mark(&names(0, true));
        assert_eq!(mark, Place::new("glance_segments", ".casement-staged///AUTH_x/glance_a/a/t-1"));
        let odd = ["//AUTH_x/glance_a/a", "//../glance_a/a/t", "///glance_a/a/t", "//AUTH_x"];
        for bad in ["", "glance", "glance/a", "glance/a/", "/a/t", "glance/../t", "glance/a/t_1"].iter().chain(&odd) {
            assert_eq!(Stage::parse(bad), None, "{bad}");
        }
        assert!(Stage::new(Place::new("glance", "a"), "../b").is_err());
        assert!(Stage::new(Place::new("glance", "x".repeat(504)), "t").is_err());
    }
}
