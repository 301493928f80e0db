//! Metadata definitions: which properties things can have. One file per resource.
//!
//! What a caller may not see is not found; how that is worded depends on the resource, as with Glance.

mod namespaces;
mod objects;
mod properties;
mod resource_types;
mod tags;

use crate::{Error, Kind, Result, Service, Side, access::refuse_read_only};
use casement_catalog::{FoundNamespace, Kind as Catalog};
use casement_image::{Caller, metadef::Namespace};
use casement_policy::Target;

/// How a namespace that is hidden from the caller is told from one that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// Not at all.
    Alike,
    /// By the wording.
    Worded,
}

impl Service {
    async fn namespace(&self, caller: &Caller, name: &str, missing: Missing) -> Result<FoundNamespace> {
        let hidden = || Error::not_found(format!("Namespace {name} not found"));
        match self.catalog().find_namespace(name).await? {
            Some(found) if found.namespace.is_visible_to(caller) => Ok(found),
            None if missing == Missing::Worded => Err(unknown_namespace(name)),
            Some(_) | None => Err(hidden()),
        }
    }

    /// As [`Service::namespace`], for a write.
    async fn namespace_for(
        &self,
        action: &str,
        caller: &Caller,
        name: &str,
        missing: Missing,
    ) -> Result<FoundNamespace> {
        let found = self.namespace(caller, name, missing).await?;
        self.authorize_namespace(action, caller, &found.namespace)?;
        refuse_read_only(caller)?;
        Ok(found)
    }

    fn authorize_namespace(&self, action: &str, caller: &Caller, namespace: &Namespace) -> Result<()> {
        self.authorize_metadef(action, caller, &target(namespace))
    }

    /// Whoever may not even see the namespace learns of nothing but that.
    fn authorize_metadef(&self, action: &str, caller: &Caller, target: &Target<'_>) -> Result<()> {
        let refusal = match self.authorize_target(action, caller, target) {
            Ok(()) => return Ok(()),
            Err(refusal) => refusal,
        };
        if self.authorize_target("get_metadef_namespace", caller, target).is_ok() {
            return Err(refusal);
        }
        Err(Error::not_found("The resource could not be found."))
    }

    fn may(&self, action: &str, caller: &Caller, namespace: &Namespace) -> bool {
        self.authorize_target(action, caller, &target(namespace)).is_ok()
    }
}

fn target(namespace: &Namespace) -> Target<'_> {
    Target { project_id: Some(&namespace.owner), visibility: Some(namespace.visibility.as_str()), ..Target::default() }
}

fn unknown_namespace(name: &str) -> Error {
    Error::not_found(format!("Metadata definition namespace={name} was not found."))
}

/// What the catalog refuses is the client's doing: a name that is taken, a change that came between, too much.
fn refused(error: casement_catalog::Error) -> Error {
    let kind = match error.kind {
        Catalog::Exists | Catalog::Changed => Kind::Conflict,
        Catalog::TooMuch => Kind::LimitExceeded,
        _ => return error.into(),
    };
    Error::new(kind, Side::Client, error.message)
}

/// Says which call it was that could not take a value.
fn in_words(what: &'static str) -> impl Fn(casement_image::Error) -> Error {
    move |refusal| Error::from(casement_image::Error { message: format!("{what}: {}", refusal.message), ..refusal })
}

fn require_unprotected(found: &FoundNamespace, what: &str, name: &str) -> Result<()> {
    if found.namespace.protected {
        return Err(Error::forbidden(format!("Metadata definition {what} {name} is protected and cannot be deleted.")));
    }
    Ok(())
}
