//! From the configuration to the running parts: the one place that knows them all.

use crate::{
    config::{Config, Mode},
    exit::{Exit, Failure, Result},
    identity,
    policy::{self, Policies},
    runtime, schemas,
};
use casement_catalog::{Catalog, Lock};
use casement_http::{Audit, Limiter, Listen};
use casement_identity::{
    Identity,
    keystone::{Limits, Session},
};
use casement_image::{Quotas, list::ListSettings, schema::Schemas};
use casement_service::{Parts, Service, Settings};
use casement_stores::{DigestThreads, Stores};
use std::{mem, net::TcpListener, sync::Arc, time::Duration};
use tokio::{task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

/// Everything but the HTTP face.
pub(crate) struct House {
    pub service: Service,
    pub stores: Stores,
    /// What outlives a configuration.
    lasting: Lasting,
    background: Background,
}

#[derive(Clone)]
struct Lasting {
    catalog: Catalog,
    digests: DigestThreads,
}

/// How long transfers may take to come to their ends once their connections are gone.
const SETTLING: Duration = Duration::from_secs(20);

/// One of several processes that are one service: somebody else has the lock of the database for it.
#[derive(Debug, Clone)]
pub(crate) struct Membership {
    /// Its name as the owner of transfers.
    pub node: String,
    /// No process of the service is there yet.
    pub is_first: bool,
}

/// Opens everything that a request may need, and settles what an earlier process left, so that nothing is
/// accepted that cannot be served. `starting` is told each step.
pub(crate) async fn open(config: &Config, member: Option<&Membership>, starting: impl Fn(&str)) -> Result<House> {
    let rules = Configured::read(config)?;
    starting("opening the database");
    let catalog = match member {
        None => Catalog::open_under(&catalog_options(config), lock(config).await?).await,
        Some(_) => Catalog::open_beside(&catalog_options(config)).await,
    };
    let catalog = catalog.map_err(|err| Failure::new(Exit::Catalog, err))?;
    starting("opening the stores");
    let stores = stores(config.stores_options()).await?;
    let digests = DigestThreads::start().map_err(Failure::of(Exit::Temporary, "threads cannot be started"))?;
    let lasting = Lasting { catalog, digests };
    let session = rules.session.clone();
    let parts = rules.parts(&lasting, &stores);
    let service = match member {
        None => Service::new(parts),
        Some(member) => Service::of_node(parts, member.node.clone()),
    };
    if member.is_none_or(|member| member.is_first) {
        starting("settling what an earlier process left");
        service.recover().await.map_err(Failure::of(Exit::Catalog, "recovery"))?;
    }
    let background = Background::start(&service, &stores, session);
    Ok(House { service, stores, lasting, background })
}

/// From the order to stop to the end of the process, at the most.
pub(crate) fn longest_end(config: &Config) -> Duration {
    Duration::from_secs(config.server.drain_timeout_seconds) + SETTLING + runtime::GRACE
}

impl House {
    /// Goes on by another configuration: all of it, or nothing of it. Requests that have begun end by the one that they
    /// began with.
    pub(crate) async fn reconfigure(&mut self, config: &Config) -> Result<()> {
        let rules = Configured::read(config)?;
        let stores = self.stores.reconfigured(config.stores_options()).await;
        self.stores = stores.map_err(|err| Failure::new(Exit::Config, err))?;
        let session = rules.session.clone();
        self.service = self.service.reconfigured(rules.parts(&self.lasting, &self.stores));
        self.background.turn_to(&self.service, &self.stores, session);
        Ok(())
    }

    /// Lets uploads come to their ends, ends what runs in the background, lets go of the database.
    pub(crate) async fn close(&mut self) {
        if timeout(SETTLING, self.service.drain()).await.is_err() {
            tracing::warn!("some transfers did not end in time; the next start settles them");
        }
        self.background.tasks.shutdown().await;
        self.service.close().await;
    }
}

/// What is read from the configuration and the files that it names, before anything is opened.
struct Configured {
    session: Option<Session>,
    identity: Identity,
    limits: Option<Limits>,
    policies: Policies,
    settings: Settings,
}

impl Configured {
    fn read(config: &Config) -> Result<Self> {
        let session = identity::session(config)?;
        let identity = identity::identity(config, session.clone())?;
        let limits = session.clone().and_then(|session| identity::limits(config, session));
        let policies = policy::read(&config.policy)?;
        for warning in &policies.warnings {
            tracing::warn!("{warning}");
        }
        let settings = settings(config, schemas::read(&config.images)?);
        Ok(Self { session, identity, limits, policies, settings })
    }

    fn parts(self, lasting: &Lasting, stores: &Stores) -> Parts {
        Parts {
            catalog: lasting.catalog.clone(),
            identity: self.identity,
            limits: self.limits,
            rules: self.policies.rules,
            protections: self.policies.protections,
            stores: stores.clone(),
            digests: lasting.digests.clone(),
            settings: self.settings,
        }
    }
}

/// Leases, what was left behind, the health of stores.
struct Background {
    tasks: JoinSet<()>,
    /// Ends those of the configuration in force.
    end: CancellationToken,
}

impl Background {
    fn start(service: &Service, stores: &Stores, session: Option<Session>) -> Self {
        let mut background = Self { tasks: JoinSet::new(), end: CancellationToken::new() };
        background.turn_to(service, stores, session);
        background
    }

    /// Those of the configuration before end when they have done what they are at.
    fn turn_to(&mut self, service: &Service, stores: &Stores, session: Option<Session>) {
        mem::replace(&mut self.end, CancellationToken::new()).cancel();
        while self.tasks.try_join_next().is_some() {}
        let (stores, end) = (stores.clone(), self.end.clone());
        self.tasks.spawn(async move { stores.supervise(&end).await });
        let (service, end) = (service.clone(), self.end.clone());
        self.tasks.spawn(async move { service.maintain(&end).await });
        if let Some(session) = session {
            self.tasks.spawn(async move { identity::try_keystone(&session).await });
        }
    }
}

pub(crate) fn catalog_options(config: &Config) -> casement_catalog::Options {
    casement_catalog::Options { path: config.catalog.path.clone(), readers: config.catalog.readers }
}

/// The lock of the database, for a service. Workers whose supervisor was killed let go of it: on Windows at once, on Linux those
/// that serve, and those that were being started when they are so far, which takes seconds on a busy machine.
pub(crate) async fn lock(config: &Config) -> Result<Lock> {
    const PATIENCE: Duration = Duration::from_secs(10);
    Lock::wait(&config.catalog.path, PATIENCE).await.map_err(|err| Failure::new(Exit::Catalog, err))
}

pub(crate) async fn catalog(config: &Config) -> Result<Catalog> {
    Catalog::open(&catalog_options(config)).await.map_err(|err| Failure::new(Exit::Catalog, err))
}

pub(crate) async fn stores(options: casement_stores::config::Options) -> Result<Stores> {
    Stores::open(options).await.map_err(|err| {
        let exit = if err.is_configuration() { Exit::Config } else { Exit::StoreUnavailable };
        Failure::new(exit, err)
    })
}

/// On the configured addresses, or on the sockets that the service manager has opened, if there are any.
pub(crate) fn bind(
    config: &Config,
    audit: Option<Arc<dyn Audit>>,
    sockets: Vec<TcpListener>,
) -> Result<casement_http::Bound> {
    let options = casement_http::Options { audit, ..http_options(config)? };
    let bound = match sockets.is_empty() {
        true => casement_http::Server::bind(options),
        false => casement_http::Server::take(options, sockets),
    };
    bound.map_err(unfit)
}

/// As [`bind`], for a worker: its supervisor has taken `listen`, and hands on the sockets. It has its share of what the
/// service may have, and `limiter` counts callers for all workers.
pub(crate) fn share(
    config: &Config,
    audit: Option<Arc<dyn Audit>>,
    limiter: Arc<dyn Limiter>,
    listen: Vec<Listen>,
    sockets: Vec<TcpListener>,
) -> Result<casement_http::Bound> {
    let max_connections = config.server.max_connections.div_ceil(config.server.workers);
    let limiter = Some(limiter);
    let options = casement_http::Options { audit, limiter, listen, max_connections, ..http_options(config)? };
    casement_http::Server::take(options, sockets).map_err(unfit)
}

/// What the log is to say of the addresses.
pub(crate) fn tell_listening(config: &Config, addresses: &[Listen]) {
    if let Some(warning) = config.unused_tls() {
        tracing::warn!("{warning}");
    }
    for listen in addresses {
        tracing::info!("listening on {listen}");
        if config.identity.mode == Mode::None && !listen.address.ip().is_loopback() {
            tracing::warn!("identity.mode is \"none\": everybody who reaches {listen} may do everything");
        }
    }
}

/// What cannot be about the HTTP face.
pub(crate) fn unfit(err: casement_http::Error) -> Failure {
    match err {
        casement_http::Error::Option { .. } => Failure::new(Exit::Config, format_args!("[server]: {err}")),
        casement_http::Error::Tls { .. } => Failure::new(Exit::Config, format_args!("[server.tls]: {err}")),
        casement_http::Error::Listen { .. } => Failure::new(Exit::Temporary, err),
    }
}

pub(crate) fn http_options(config: &Config) -> Result<casement_http::Options> {
    let server = &config.server;
    let proxies = casement_identity::networks(&server.trusted_proxies);
    Ok(casement_http::Options {
        listen: config.listen(),
        tls: config.tls(),
        trusted_proxies: proxies.map_err(Failure::of(Exit::Config, "server.trusted_proxies"))?,
        proxy_protocol: server.proxy_protocol,
        caller_limits: config.caller_limits(),
        public_endpoint: server.public_endpoint.clone(),
        www_authenticate_uri: identity::www_authenticate_uri(config),
        max_connections: server.max_connections,
        header_timeout: Duration::from_secs(server.header_timeout_seconds),
        idle_timeout: Duration::from_secs(server.idle_timeout_seconds),
        body_idle_timeout: Duration::from_secs(server.body_idle_timeout_seconds),
        write_timeout: Duration::from_secs(server.write_timeout_seconds),
        min_upload_rate: server.min_upload_bytes_per_second,
        drain_timeout: Duration::from_secs(server.drain_timeout_seconds),
        max_header_bytes: server.max_header_bytes,
        max_json_body: server.max_json_body_bytes,
        cors: config.cors.clone().into(),
        ..casement_http::Options::default()
    })
}

/// Whether the files of the TLS can be used, with warnings; `None` where there is nothing to say of it.
pub(crate) fn check_tls(config: &Config) -> Result<Option<Vec<String>>> {
    let checked = config.tls().map(|tls| tls.check()).transpose().map_err(unfit)?;
    let unused = config.unused_tls().map(|warning| vec![warning.to_owned()]);
    Ok(checked.map(|warnings| [warnings, unused.clone().unwrap_or_default()].concat()).or(unused))
}

fn settings(config: &Config, schemas: Schemas) -> Settings {
    let images = &config.images;
    Settings {
        list: ListSettings { default_limit: images.default_page_size, max_limit: images.max_page_size },
        quotas: Quotas {
            tags: limit(images.tag_quota),
            properties: limit(images.property_quota),
            members: limit(images.member_quota),
            locations: limit(images.location_quota),
        },
        size_cap: images.size_cap_bytes,
        storage_quota: images.storage_quota().filter(|bytes| *bytes > 0),
        strict_size_limit: images.strict_size_limit,
        multihash: images.hashing_algorithm.into(),
        legacy_md5: images.legacy_md5,
        schemas,
        formats: images.format_settings(),
        show_direct_url: images.show_direct_url,
        show_multiple_locations: images.show_multiple_locations,
        uri_filter: (&config.import_filtering).into(),
        do_secure_hash: images.do_secure_hash,
        location_tries: images.http_retries,
        lease: LEASE,
    }
}

/// How long a transfer belongs to a gateway that does not say any more that it lives.
const LEASE: Duration = Duration::from_secs(60);

/// -1 stands for no limit.
fn limit(quota: i64) -> Option<usize> {
    usize::try_from(quota).ok()
}
