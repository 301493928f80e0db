//! From the configuration to the running parts: the one place that knows them all.

use crate::{
    config::{Config, Mode},
    exit::{Exit, Failure, Result},
};
use casement_catalog::Catalog;
use casement_identity::{Identity, TokenEntry};
use casement_policy::Rules;
use casement_service::{Parts, Service, Settings};
use casement_stores::Stores;
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// Everything but the HTTP face.
pub(crate) struct House {
    pub service: Arc<Service>,
    catalog: Catalog,
    stores: Stores,
}

/// Opens everything that a request may need, so that nothing is accepted that cannot be served.
pub(crate) async fn open(config: &Config) -> Result<House> {
    let identity = identity(config)?;
    let catalog = catalog(config).await?;
    let stores = stores(config).await?;
    let parts = Parts {
        identity,
        rules: Rules::defaults(),
        catalog: catalog.clone(),
        stores: stores.clone(),
        settings: settings(config),
    };
    let service = Service::new(parts).await.map_err(Failure::of(Exit::Internal, "the service cannot start"))?;
    Ok(House { service: Arc::new(service), catalog, stores })
}

impl House {
    /// Ends what runs in the background, then lets go of stores and database.
    pub(crate) async fn close(self) {
        self.service.close().await;
        self.stores.close().await;
        self.catalog.close().await;
    }
}

pub(crate) fn identity(config: &Config) -> Result<Identity> {
    let identity = &config.identity;
    match identity.mode {
        Mode::None => {
            let everybody = identity.none.clone();
            Ok(Identity::none(Some(everybody.user), Some(everybody.project), Some(everybody.roles)))
        }
        Mode::Tokens => {
            let entries = identity.tokens.iter().map(|token| TokenEntry {
                sha256: token.sha256.clone(),
                user: token.user.clone(),
                project: token.project.clone(),
                roles: token.roles.clone(),
                service: token.service,
            });
            Identity::tokens(entries.collect()).map_err(Failure::of(Exit::Config, "identity.tokens"))
        }
    }
}

pub(crate) async fn catalog(config: &Config) -> Result<Catalog> {
    let catalog = &config.catalog;
    let options = casement_catalog::Options { path: catalog.path.clone(), readers: catalog.readers };
    let what = format!("catalog {}", catalog.path.display());
    Catalog::open(&options).await.map_err(Failure::of(Exit::Catalog, &what))
}

pub(crate) async fn stores(config: &Config) -> Result<Stores> {
    Stores::open(config.stores_options()).await.map_err(|err| {
        let exit = if err.is_configuration() { Exit::Config } else { Exit::StoreUnavailable };
        Failure::new(exit, err)
    })
}

pub(crate) fn bind(config: &Config) -> Result<casement_http::Bound> {
    let server = &config.server;
    let listen: SocketAddr = server.listen.parse().map_err(Failure::of(Exit::Config, "server.listen"))?;
    let options = casement_http::Options {
        public_endpoint: server.public_endpoint.clone(),
        max_connections: server.max_connections,
        header_timeout: Duration::from_secs(server.header_timeout_seconds),
        idle_timeout: Duration::from_secs(server.idle_timeout_seconds),
        body_idle_timeout: Duration::from_secs(server.body_idle_timeout_seconds),
        write_timeout: Duration::from_secs(server.write_timeout_seconds),
        min_upload_rate: server.min_upload_bytes_per_second,
        drain_timeout: Duration::from_secs(server.drain_timeout_seconds),
        max_header_bytes: server.max_header_bytes,
        max_json_body: server.max_json_body_bytes,
        ..casement_http::Options::new(listen)
    };
    casement_http::Server::bind(options).map_err(Failure::of(Exit::Temporary, &format!("cannot listen on {listen}")))
}

fn settings(config: &Config) -> Settings {
    let images = &config.images;
    Settings {
        default_page_size: images.default_page_size,
        max_page_size: images.max_page_size,
        tag_quota: limit(images.tag_quota),
        property_quota: limit(images.property_quota),
        size_cap: images.size_cap_bytes,
        show_direct_url: images.show_direct_url,
        show_multiple_locations: images.show_multiple_locations,
        hashing_algorithm: images.hashing_algorithm.name(),
    }
}

/// -1 stands for no limit.
fn limit(quota: i64) -> Option<usize> {
    usize::try_from(quota).ok()
}
