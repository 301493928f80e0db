//! Clients can't make the figures grow.

use crate::{figures::Figures, watched};
use casement_tests::{Gateway, eventually};
use serde_json::json;

/// Wild requests, other ones each `round`.
fn be_wild(gateway: &Gateway, round: u32) {
    let member = gateway.member();
    for at in 0..20 {
        let wild = format!("{round}-{at}-%0a%22%7B%7D");
        for path in [
            format!("/v2/{wild}"),
            format!("/v2/images/{wild}"),
            format!("/v2/images/{wild}/file"),
            format!("/v2/images/{wild}/{wild}"),
            format!("/v2/schemas/{wild}"),
            format!("/v2/metadefs/namespaces/{wild}/tags/{wild}"),
        ] {
            member.get(&path);
        }
        member.request(&format!("WILD{round}X{at}"), "/v2/images").send();
        member.data_request(&wild).header("X-Image-Meta-Store", &wild.replace('%', "")).body(b"x");
        member.post("/v2/images", &json!({"name": wild, "disk_format": wild}));
        gateway.bearer(&wild.replace('%', "")).get("/v2/images");
    }
}

fn requests(figures: &Figures) -> f64 {
    figures.samples_of("casement_http_requests_total").map(|(_, count)| count).sum()
}

/// After all of `sent` requests were counted.
fn settled(gateway: &Gateway, sent: f64) -> Figures {
    eventually("every request is counted", || {
        let figures = Figures::of(gateway);
        if requests(&figures) == sent { Ok(figures) } else { Err(format!("{} of {sent}", requests(&figures))) }
    })
}

#[test]
fn wild_requests_add_no_series() {
    const EACH: f64 = 20.0 * 10.0;
    let gateway = watched().start();
    be_wild(&gateway, 1);
    let before = settled(&gateway, EACH);
    be_wild(&gateway, 2);
    let after = settled(&gateway, 2.0 * EACH);
    let new: Vec<_> = after.values.keys().filter(|name| !before.values.contains_key(*name)).collect();
    assert!(new.is_empty(), "{new:#?}");
}
