//! An image from its record to its end, and the gateway's own ends in between.

use casement_tests::{Gateway, Pattern, eventually_true};
use serde_json::Value;

const MIB: usize = 1 << 20;

fn listed(gateway: &Gateway) -> Vec<Value> {
    gateway.member().walk("/v2/images").iter().map(|image| image["id"].clone()).collect()
}

#[test]
fn an_image_is_created_filled_listed_read_in_parts_and_deleted() {
    let Some(builder) = crate::builder("windows::life::image") else { return };
    let gateway = builder.start();
    let member = gateway.member();
    let data = Pattern::new(1, 5 * MIB as u64 + 17).bytes();
    let id = member.create_raw("n");
    member.data_request(&id).chunked(&data[..]).unwrap().expect(204);
    let image = member.show(&id);
    assert_eq!((image["status"].as_str(), image["size"].as_u64()), (Some("active"), Some(data.len() as u64)));
    assert_eq!(image["checksum"], casement_tests::md5_hex(&data[..]));
    assert_eq!(listed(&gateway), [id.as_str()]);
    assert_eq!(gateway.store("local").objects().into_iter().collect::<Vec<_>>(), [(id.clone(), data.len() as u64)]);

    let path = format!("/v2/images/{id}/file");
    assert!(member.get(&path).expect(200).body == data);
    for (range, part) in
        [("0-0", &data[..1]), ("1048570-1048590", &data[1_048_570..1_048_591]), ("-17", &data[5 * MIB..])]
    {
        let answer = member.request("GET", &path).header("Range", &format!("bytes={range}")).send().expect(206);
        assert!(answer.body == part, "{range}");
    }
    member.request("GET", &path).header("Range", "bytes=9999999-").send().expect(416);

    member.delete(&format!("/v2/images/{id}")).expect(204);
    member.get(&path).expect(404);
    assert!(listed(&gateway).is_empty() && gateway.store("local").objects().is_empty());
    gateway.assert_settled();
}

#[test]
fn a_gateway_that_is_killed_comes_back_with_what_was_acknowledged_and_nothing_else() {
    let Some(builder) = crate::builder("windows::life::killed") else { return };
    let gateway = builder.start();
    let data = Pattern::new(2, 4 * MIB as u64).bytes();
    let kept = gateway.member().create_active("kept", &data);
    let broken = gateway.member().create_raw("broken off");
    let mut raw = gateway.raw();
    raw.begin_upload(&broken, data.len() as u64, &[]);
    raw.send(&data[..3 * MIB]);
    eventually_true("data is staged", || gateway.folder("local").staged_bytes() > 0);

    let gateway = gateway.crash_and_restart();
    let findings = gateway.unsettled();
    assert!(findings.is_empty(), "recovery comes before the first request: {findings:?}");
    assert_eq!(gateway.member().status(&broken), "queued");
    assert!(gateway.member().download(&kept).expect(200).body == data);
    gateway.member().upload(&broken, &data).expect(204);
    assert!(gateway.member().download(&broken).expect(200).body == data);
    gateway.assert_settled();
}
