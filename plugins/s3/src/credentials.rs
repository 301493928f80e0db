//! Where credentials come from.

use crate::{Config, CredentialsFrom, config::bad};
use aws_config::{
    default_provider::credentials::DefaultCredentialsChain,
    environment::EnvironmentVariableCredentialsProvider,
    imds::{self, credentials::ImdsCredentialsProvider},
    profile::ProfileFileCredentialsProvider,
    provider_config::ProviderConfig,
    web_identity_token::{StaticConfiguration, WebIdentityTokenCredentialsProvider},
};
use aws_sdk_s3::config::{Credentials, Region, SharedCredentialsProvider, SharedHttpClient};
use casement_sdk::{Error, Kind, Result, Secret};

/// What the role's owner reads in the log of who took it on.
const SESSION_NAME: &str = "casement";

pub(crate) async fn provider(
    config: &Config,
    region: Region,
    http: SharedHttpClient,
) -> Result<SharedCredentialsProvider> {
    let from = source(config)?;
    let common = ProviderConfig::without_region().with_http_client(http).with_region(Some(region.clone()));
    Ok(match from {
        CredentialsFrom::Static => SharedCredentialsProvider::new(in_configuration(config)?),
        CredentialsFrom::Environment => SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()),
        CredentialsFrom::Profile => {
            let builder = ProfileFileCredentialsProvider::builder().configure(&common);
            let named = match &config.profile {
                Some(name) => builder.profile_name(name),
                None => builder,
            };
            SharedCredentialsProvider::new(named.build())
        }
        CredentialsFrom::WebIdentity => {
            let builder = WebIdentityTokenCredentialsProvider::builder().configure(&common);
            let configured = match web_identity(config)? {
                Some(identity) => builder.static_configuration(identity),
                None => builder,
            };
            SharedCredentialsProvider::new(configured.build())
        }
        CredentialsFrom::InstanceMetadata => {
            let client = metadata_client(config, &common)?;
            SharedCredentialsProvider::new(
                ImdsCredentialsProvider::builder().configure(&common).imds_client(client).build(),
            )
        }
        CredentialsFrom::Default => {
            let client = metadata_client(config, &common)?;
            let chain = DefaultCredentialsChain::builder().configure(common).region(region).imds_client(client);
            let named = match &config.profile {
                Some(name) => chain.profile_name(name),
                None => chain,
            };
            SharedCredentialsProvider::new(named.build().await)
        }
    })
}

/// Refuses keys that would say nothing, because the credentials come from elsewhere.
fn source(config: &Config) -> Result<CredentialsFrom> {
    use CredentialsFrom as From;
    let from = match (config.credentials, &config.access_key) {
        (Some(from), _) => from,
        (None, Some(_)) => From::Static,
        (None, None) => From::Default,
    };
    let secret = config.secret_key_file.is_some() || config.secret_key_env.is_some();
    let token = config.session_token_file.is_some() || config.session_token_env.is_some();
    for (key, is_set, used_by) in [
        ("access_key", config.access_key.is_some(), &[From::Static][..]),
        ("the secret key", secret, &[From::Static]),
        ("the session token", token, &[From::Static]),
        ("profile", config.profile.is_some(), &[From::Profile, From::Default]),
        ("role_arn", config.role_arn.is_some(), &[From::WebIdentity]),
        ("web_identity_token_file", config.web_identity_token_file.is_some(), &[From::WebIdentity]),
        ("metadata_endpoint", config.metadata_endpoint.is_some(), &[From::InstanceMetadata, From::Default]),
    ] {
        if is_set && !used_by.contains(&from) {
            return bad(format!("{key} is set, and the credentials do not come from there: change `credentials`"));
        }
    }
    Ok(from)
}

fn in_configuration(config: &Config) -> Result<Credentials> {
    let secret = Secret::read("secret_key", config.secret_key_file.as_deref(), config.secret_key_env.as_deref())?;
    let token =
        Secret::read("session_token", config.session_token_file.as_deref(), config.session_token_env.as_deref())?;
    match (&config.access_key, secret) {
        (Some(key), Some(secret)) => {
            let token = token.map(|token| token.expose().to_owned());
            Ok(Credentials::new(key.trim(), secret.expose().trim(), token, None, "configuration"))
        }
        (Some(_), None) => {
            bad("access_key is set without its secret: write secret_key_file or secret_key_env".to_owned())
        }
        (None, _) => bad("static credentials need access_key, and secret_key_file or secret_key_env".to_owned()),
    }
}

fn web_identity(config: &Config) -> Result<Option<StaticConfiguration>> {
    match (&config.role_arn, &config.web_identity_token_file) {
        (Some(role), Some(file)) => Ok(Some(StaticConfiguration {
            web_identity_token_file: file.clone(),
            role_arn: role.clone(),
            session_name: SESSION_NAME.to_owned(),
        })),
        (None, None) => Ok(None),
        _ => bad("role_arn and web_identity_token_file go together: write both, or neither".to_owned()),
    }
}

fn metadata_client(config: &Config, common: &ProviderConfig) -> Result<imds::Client> {
    let builder = imds::Client::builder().configure(common);
    let builder = match &config.metadata_endpoint {
        Some(endpoint) => builder.endpoint(endpoint).map_err(|error| {
            Error::new(Kind::Config, format!("metadata_endpoint: {error}: write it as `http://169.254.169.254`"))
        })?,
        None => builder,
    };
    Ok(builder.build())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn config(mut keys: serde_json::Value) -> Config {
        let all = keys.as_object_mut().unwrap();
        all.insert("host".into(), json!("http://a.example"));
        all.insert("bucket".into(), json!("images"));
        serde_json::from_value(keys).unwrap()
    }

    #[test]
    fn an_access_key_says_that_credentials_are_static() {
        assert_eq!(source(&config(json!({"access_key": "a"}))).unwrap(), CredentialsFrom::Static);
        assert_eq!(source(&config(json!({}))).unwrap(), CredentialsFrom::Default);
        assert_eq!(source(&config(json!({"credentials": "web-identity"}))).unwrap(), CredentialsFrom::WebIdentity);
    }

    #[test]
    fn what_would_say_nothing_is_refused() {
        for (keys, named) in [
            (json!({"credentials": "environment", "access_key": "a"}), "access_key"),
            (json!({"secret_key_env": "X"}), "the secret key"),
            (json!({"access_key": "a", "profile": "b"}), "profile"),
            (json!({"credentials": "profile", "role_arn": "b"}), "role_arn"),
        ] {
            let message = source(&config(keys)).unwrap_err().message().to_owned();
            assert!(message.starts_with(named), "{message}");
        }
    }

    #[test]
    fn a_static_key_has_its_secret_in_a_file_or_a_variable_and_shows_neither() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "hush\n").unwrap();
        let keys = config(json!({"access_key": "a", "secret_key_file": file}));
        let found = in_configuration(&keys).unwrap();
        assert_eq!((found.access_key_id(), found.secret_access_key()), ("a", "hush"));
        assert!(!format!("{found:?} {keys:?}").contains("hush"));
        for (keys, named) in [
            (json!({"access_key": "a"}), "secret_key_file or secret_key_env"),
            (json!({"credentials": "static"}), "need access_key"),
            (json!({"access_key": "a", "secret_key_env": "CASEMENT_NOT_SET"}), "CASEMENT_NOT_SET"),
        ] {
            let message = in_configuration(&config(keys)).unwrap_err().message().to_owned();
            assert!(message.contains(named), "{message}");
        }
    }
}
