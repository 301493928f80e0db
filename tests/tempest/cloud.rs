//! What Tempest looks at: a gateway that Keystone's catalog points to, with stores of several kinds.

use crate::origin::Origin;
use casement_tests::{Gateway, Keystone, Pattern};
use serde_json::json;
use std::{
    fmt, fs,
    net::{IpAddr, Ipv4Addr, UdpSocket},
    path::Path,
};

const TEMPEST_CONF: &str = include_str!("tempest.conf");
const IMAGE: &str = "/image";

/// Settings of the gateway; some tests are for the one, some for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Glance's defaults.
    Strict,
    /// Without digests of what is added by its location, and for data that is not of the format that it is said to have.
    Loose,
}

impl Mode {
    pub(crate) const ALL: [Self; 2] = [Self::Strict, Self::Loose];

    fn is_strict(self) -> bool {
        self == Self::Strict
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not = if self.is_strict() { "with" } else { "without" };
        write!(f, "{not} do_secure_hash and require_image_format_match")
    }
}

pub(crate) struct Cloud {
    keystone: &'static Keystone,
    gateway: Gateway,
    origin: Origin,
    mode: Mode,
}

impl Cloud {
    pub(crate) fn start(keystone: &'static Keystone, mode: Mode) -> Self {
        let origin = Origin::start(vec![(IMAGE, Pattern::new(1, 1 << 20).bytes())]);
        let gateway = gateway(keystone, mode);
        let url = format!("http://{}", gateway.address());
        // One gateway is both of the two that a test of Tempest wants.
        for service in ["glance", "glance_remote"] {
            keystone.point(service, &url);
        }
        let cloud = Self { keystone, gateway, origin, mode };
        cloud.add_resource_type();
        cloud
    }

    /// Tempest takes the first resource type that there is, as an operator has loaded some.
    fn add_resource_type(&self) {
        let namespace = json!({
            "namespace": "OS::Compute::Example",
            "visibility": "public",
            "resource_type_associations": [{"name": "OS::Nova::Flavor"}],
        });
        let admin = self.gateway.bearer(&self.keystone.token("admin", "admin"));
        admin.post("/v2/metadefs/namespaces", &namespace).expect(201);
    }

    pub(crate) fn folder(&self) -> &Path {
        self.gateway.site().folder()
    }

    /// What the gateway warned of.
    pub(crate) fn warnings(&self) -> String {
        let log = self.gateway.log().text();
        log.lines().filter(|line| line.contains("WARN") || line.contains("ERROR")).collect::<Vec<_>>().join("\n")
    }

    /// Tempest's settings, for a run in `folder`.
    pub(crate) fn tempest_conf(&self, folder: &Path) -> String {
        let accounts = folder.join("lock");
        fs::create_dir(&accounts).unwrap();
        let values = [
            ("folder", folder.to_str().unwrap()),
            ("auth_url", self.keystone.auth_url()),
            ("region", self.keystone.region()),
            ("password", self.keystone.password()),
            ("image", &self.origin.url(IMAGE)),
            ("strict", if self.mode.is_strict() { "true" } else { "false" }),
        ];
        let mut text = TEMPEST_CONF.to_owned();
        for (name, value) in values {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    }
}

fn gateway(keystone: &Keystone, mode: Mode) -> Gateway {
    let (auth_url, password) = (keystone.auth_url(), keystone.password());
    let identity = format!(
        "mode = \"keystone\"\n[identity.keystone]\nauth_url = \"{auth_url}\"\n\
         username = \"glance\"\npassword = \"{password}\"\nproject_name = \"service\"\n"
    );
    // The origin's, and that of the server which Tempest starts.
    let hosts = format!("allowed_hosts = [\"127.0.0.1\", \"{}\"]\nallowed_ports = []\n", own_address());
    let strict = mode.is_strict();
    let more = format!(
        "[import_filtering]\n{hosts}[images]\nshow_multiple_locations = true\nuse_keystone_limits = true\n\
         do_secure_hash = {strict}\nrequire_image_format_match = {strict}\n"
    );
    // Tempest compares the stores of an image with the sorted list of stores.
    Gateway::builder()
        .identity(&identity)
        .plugin("path = \"casement_http_store\"")
        .filesystem("cheap", None, "weight = 200")
        .filesystem("fast", None, "weight = 100\ndefault = true")
        .store("web", &format!("plugin = \"http\"\nweight = 50\n{hosts}"))
        .more(&more)
        .start()
}

/// By which this machine goes out, asked as Tempest asks, without a packet.
fn own_address() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let found = socket.connect("1.1.1.1:80").and_then(|()| socket.local_addr());
    found.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |address| address.ip())
}
