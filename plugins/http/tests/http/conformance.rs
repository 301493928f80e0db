//! What every backend must do, by the suite that third parties run too: of a store that is only read, on an object that is
//! there.

use crate::support::{DATA, Server, answer, sound};
use casement_conformance::{Selection, Target, Verdict, run};
use casement_http_store::Http;
use casement_sdk::host::Plugin;
use serde_json::json;

#[test]
fn the_store_of_web_servers_conforms() {
    let server = Server::start(|request, _| match request.target.as_str() {
        "/image" => sound(request),
        _ => answer("404 Not Found", &[], b""),
    });
    let config = json!({ "allowed_hosts": ["127.0.0.1"], "allowed_ports": [server.port()] });
    let target = Target::new(Plugin::from_static::<Http>().unwrap()).with_object(server.url("/image"), DATA);
    let report = run(&target.with_config(config.as_object().unwrap().clone()), &Selection::default());
    assert!(report.passed(), "{report}");
    let read = report.outcomes.iter().filter(|outcome| outcome.name.starts_with("read::"));
    assert!(read.filter(|outcome| outcome.verdict == Verdict::Passed).count() > 10, "{:?}", report.outcomes);
}
