use casement_identity::keystone::{ApplicationCredential, InDomain, Login, Ref, Scope, Secret};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

/// The Keystone of `mode = "keystone"`, and who this service is there. What has the name of a key of
/// `[keystone_authtoken]` means the same.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Keystone {
    /// The URL of Keystone, with or without `/v3`.
    #[schemars(example = &"https://keystone.example.org:5000")]
    pub auth_url: Option<String>,

    /// The URL of Keystone as callers without a token are told it. Not set: `auth_url`.
    #[schemars(example = &"https://keystone.example.org:5000")]
    pub www_authenticate_uri: Option<String>,

    /// The user that this service is, by its name in its domain.
    #[schemars(example = &"glance")]
    pub username: Option<String>,

    /// The user by its id, instead of its name and domain.
    #[schemars(example = &"3fa1c5d0b7a94c1e8a3f6f1f6f0f9a11")]
    pub user_id: Option<String>,

    /// The domain of the user. Neither this nor the name set: `default`.
    #[schemars(example = &"default")]
    pub user_domain_id: Option<String>,

    /// The domain of the user by its name.
    #[schemars(example = &"Default")]
    pub user_domain_name: Option<String>,

    /// A file that holds the user's password and nothing else.
    #[schemars(example = &"keystone-password")]
    pub password_file: Option<PathBuf>,

    /// The user's password. Rather than here it stands in a file, or in the environment as
    /// `CASEMENT__IDENTITY__KEYSTONE__PASSWORD`.
    #[serde(skip_serializing)]
    #[schemars(with = "Option<String>", example = &"")]
    pub password: Option<Hidden>,

    /// The project that the user has its roles in, by its name in its domain.
    #[schemars(example = &"service")]
    pub project_name: Option<String>,

    /// The project by its id, instead of its name and domain.
    #[schemars(example = &"7d1c5e5c3a7a4b0f9d5f7f3e2b1a0c9d")]
    pub project_id: Option<String>,

    /// The domain of the project. Neither this nor the name set: `default`.
    #[schemars(example = &"default")]
    pub project_domain_id: Option<String>,

    /// The domain of the project by its name.
    #[schemars(example = &"Default")]
    pub project_domain_name: Option<String>,

    /// "all", instead of a project, when the user has its roles in the system.
    #[schemars(example = &"all")]
    pub system_scope: Option<String>,

    /// An application credential by its id, instead of user, password and project.
    #[schemars(example = &"21dced0fd20347869b93710d2b98aae0")]
    pub application_credential_id: Option<String>,

    /// The application credential by its name and its user.
    #[schemars(example = &"images")]
    pub application_credential_name: Option<String>,

    /// A file that holds the secret of the application credential and nothing else.
    #[schemars(example = &"keystone-secret")]
    pub application_credential_secret_file: Option<PathBuf>,

    /// The secret of the application credential. Rather than here it stands in a file, or in the
    /// environment as `CASEMENT__IDENTITY__KEYSTONE__APPLICATION_CREDENTIAL_SECRET`.
    #[serde(skip_serializing)]
    #[schemars(with = "Option<String>", example = &"")]
    pub application_credential_secret: Option<Hidden>,

    /// Which of Keystone's endpoints in the catalog is asked about tokens. Not set: `auth_url` is.
    #[schemars(example = &"internal")]
    pub interface: Option<Interface>,

    /// The region of that endpoint. Not set: any.
    #[schemars(example = &"RegionOne")]
    pub region: Option<String>,

    /// Certificates in PEM form that Keystone's is held against. Not set: those of the system.
    #[schemars(example = &"/etc/ssl/certs/site-ca.pem")]
    pub cafile: Option<PathBuf>,

    /// How long a token is believed without asking Keystone again. A token that is revoked is good for
    /// this long at most; no token is believed beyond its own end. 0 asks each time.
    #[schemars(range(max = 3600))]
    pub token_cache_seconds: u64,

    /// How long a token that Keystone refuses is refused without asking again.
    #[schemars(range(max = 3600))]
    pub refused_token_cache_seconds: u64,

    /// Tokens that are kept in mind, and as many refused ones.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub token_cache_entries: usize,

    /// A service token with one of these roles may bring a user's token that has run out, as at the
    /// end of a long upload.
    pub service_token_roles: Vec<String>,

    /// Whether a service token without one of those roles counts for nothing.
    pub service_token_roles_required: bool,

    /// How long Keystone may take for one answer.
    #[schemars(range(min = 1, max = 300))]
    pub request_timeout_seconds: u64,

    /// How long a request waits for Keystone, all tries together, before its client is told 503.
    #[schemars(range(min = 1, max = 600))]
    pub timeout_seconds: u64,

    /// How often Keystone is asked when it can't be reached or is in trouble.
    #[schemars(range(min = 1, max = 10))]
    pub tries: u32,

    /// Requests to Keystone at the same time.
    #[schemars(range(min = 1, max = 1000))]
    pub max_requests: usize,
}

impl Default for Keystone {
    fn default() -> Self {
        Self {
            auth_url: None,
            www_authenticate_uri: None,
            username: None,
            user_id: None,
            user_domain_id: None,
            user_domain_name: None,
            password_file: None,
            password: None,
            project_name: None,
            project_id: None,
            project_domain_id: None,
            project_domain_name: None,
            system_scope: None,
            application_credential_id: None,
            application_credential_name: None,
            application_credential_secret_file: None,
            application_credential_secret: None,
            interface: None,
            region: None,
            cafile: None,
            token_cache_seconds: 60,
            refused_token_cache_seconds: 5,
            token_cache_entries: 10_000,
            service_token_roles: vec!["service".into()],
            service_token_roles_required: false,
            request_timeout_seconds: 5,
            timeout_seconds: 15,
            tries: 3,
            max_requests: 32,
        }
    }
}

/// Which of a service's URLs in the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Interface {
    Public,
    Internal,
    Admin,
}

impl Interface {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Admin => "admin",
        }
    }
}

/// Text that is read and never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Hidden(String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

/// A key of `[identity.keystone]`, and what is wrong with it.
#[derive(Debug)]
pub(crate) struct Wrong {
    pub key: &'static str,
    pub text: String,
}

fn wrong(key: &'static str, text: &str) -> Wrong {
    Wrong { key, text: format!("`identity.keystone.{key}` {text}") }
}

impl Keystone {
    pub(super) fn resolve_paths(&mut self, base: &Path) {
        let files = [&mut self.password_file, &mut self.application_credential_secret_file, &mut self.cafile];
        for file in files.into_iter().flatten() {
            *file = base.join(&*file);
        }
    }

    /// Whether it says all there is to know, and nothing twice. Files are not read yet.
    pub(super) fn check(&self) -> Result<(), Wrong> {
        let urls = [("auth_url", &self.auth_url), ("www_authenticate_uri", &self.www_authenticate_uri)];
        for (key, url) in urls {
            // What stands before an `@` would be shown to whoever comes without a token.
            if url.as_deref().is_some_and(|url| !casement_http::is_http_url(url) || url.contains('@')) {
                let wanted = "must be a URL without a user, as in \"https://keystone.example.org:5000\"";
                return Err(wrong(key, wanted));
            }
        }
        if self.auth_url.is_none() {
            return Err(wrong("auth_url", "must be set with `identity.mode = \"keystone\"`"));
        }
        if self.region.is_some() && self.interface.is_none() {
            return Err(wrong("region", "says nothing without `interface`: then Keystone is asked at `auth_url`"));
        }
        self.secret_source()?;
        self.login(Secret::new("")).map(drop)
    }

    /// How this service logs in.
    pub(crate) fn login(&self, secret: Secret) -> Result<Login, Wrong> {
        if let Some(credential) = self.application_credential()? {
            return Ok(Login::ApplicationCredential { credential, secret });
        }
        let user = self.user()?;
        let user = user.ok_or_else(|| wrong("username", "must be set, or an application credential"))?;
        Ok(Login::Password { user, password: secret, scope: self.scope()? })
    }

    fn application_credential(&self) -> Result<Option<ApplicationCredential>, Wrong> {
        let (id, name) = (self.application_credential_id.clone(), self.application_credential_name.clone());
        let Some(name) = name else { return Ok(id.map(ApplicationCredential::Id)) };
        if id.is_some() {
            return Err(wrong("application_credential_name", "and `application_credential_id` are both set"));
        }
        let user = self.user()?.ok_or_else(|| wrong("application_credential_name", "needs a `username` too"))?;
        Ok(Some(ApplicationCredential::Name { name, user }))
    }

    fn user(&self) -> Result<Option<InDomain>, Wrong> {
        let domain = domain("user_domain_name", &self.user_domain_id, &self.user_domain_name)?;
        named("user_id", &self.user_id, &self.username, domain)
    }

    fn scope(&self) -> Result<Scope, Wrong> {
        let domain = domain("project_domain_name", &self.project_domain_id, &self.project_domain_name)?;
        let project = named("project_id", &self.project_id, &self.project_name, domain)?;
        match (project, self.system_scope.as_deref()) {
            (Some(project), None) => Ok(Scope::Project(project)),
            (None, Some("all")) => Ok(Scope::System),
            (None, Some(_)) => Err(wrong("system_scope", "can only be \"all\"")),
            (Some(_), Some(_)) => Err(wrong("system_scope", "and a project are both set")),
            (None, None) => Err(wrong("project_name", "must be set, or `system_scope`")),
        }
    }

    /// The password or the secret, from where it stands.
    pub(crate) fn secret(&self) -> Result<Secret, Wrong> {
        let (key, text) = match self.secret_source()? {
            (key, Source::Text(Hidden(text))) => (key, text.clone()),
            (key, Source::File(file)) => {
                let unreadable = |err| wrong(key, &format!("cannot be read: {}: {err}", file.display()));
                (key, fs::read_to_string(file).map_err(unreadable)?)
            }
        };
        match text.trim_end_matches(['\r', '\n']) {
            "" => Err(wrong(key, "is empty")),
            text => Ok(Secret::new(text)),
        }
    }

    fn secret_source(&self) -> Result<(&'static str, Source<'_>), Wrong> {
        let (key, file_key, text, file) = match self.application_credential()? {
            Some(_) => (
                "application_credential_secret",
                "application_credential_secret_file",
                &self.application_credential_secret,
                &self.application_credential_secret_file,
            ),
            None => ("password", "password_file", &self.password, &self.password_file),
        };
        match (text, file) {
            (Some(text), None) => Ok((key, Source::Text(text))),
            (None, Some(file)) => Ok((file_key, Source::File(file))),
            (Some(_), Some(_)) => Err(wrong(key, &format!("and `{file_key}` are both set"))),
            (None, None) => Err(wrong(file_key, &format!("must be set, or `{key}` in the environment"))),
        }
    }
}

enum Source<'a> {
    Text(&'a Hidden),
    File(&'a Path),
}

fn named(
    id_key: &'static str,
    id: &Option<String>,
    name: &Option<String>,
    domain: Ref,
) -> Result<Option<InDomain>, Wrong> {
    match (id, name) {
        (Some(_), Some(_)) => Err(wrong(id_key, "and the name are both set")),
        (Some(id), None) => Ok(Some(InDomain::Id(id.clone()))),
        (None, Some(name)) => Ok(Some(InDomain::Name { name: name.clone(), domain })),
        (None, None) => Ok(None),
    }
}

/// Keystone makes the domain `default` when it is set up, and most sites have no other.
fn domain(key: &'static str, id: &Option<String>, name: &Option<String>) -> Result<Ref, Wrong> {
    match (id, name) {
        (Some(_), Some(_)) => Err(wrong(key, "and the id of the domain are both set")),
        (None, Some(name)) => Ok(Ref::Name(name.clone())),
        (id, None) => Ok(Ref::Id(id.clone().unwrap_or_else(|| "default".into()))),
    }
}
