use casement_tests::Gateway;
use serde_json::json;

/// The head of a qcow2 (version 2) of 1 MiB without a backing file; see QEMU's docs/interop/qcow2.txt.
fn qcow2(backing_file_offset: u64) -> Vec<u8> {
    let mut head = b"QFI\xfb".to_vec();
    head.extend(2u32.to_be_bytes());
    head.extend(backing_file_offset.to_be_bytes());
    head.extend(if backing_file_offset == 0 { 0u32 } else { 11 }.to_be_bytes());
    head.extend(16u32.to_be_bytes());
    head.extend((1u64 << 20).to_be_bytes());
    head.resize(64 << 10, 0);
    head
}

#[test]
fn data_is_taken_when_it_is_of_the_format_that_the_image_says() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"disk_format": "qcow2", "container_format": "bare"}));
    member.upload(&id, &qcow2(0)).expect(204);
    let image = member.show(&id);
    assert_eq!(
        (&image["status"], &image["size"], &image["virtual_size"]),
        (&json!("active"), &json!(65536), &json!(1 << 20))
    );
    let raw = member.create_active("raw", b"0123456789");
    assert_eq!(member.show(&raw)["virtual_size"], 10);
}

#[test]
fn data_of_another_format_or_that_points_elsewhere_is_refused_and_leaves_nothing() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"disk_format": "qcow2", "container_format": "bare"}));
    let lead = "The request media type application/octet-stream is not supported by this server.";
    for (what, data, message) in [
        ("no qcow2", b"not qcow2 data".to_vec(), "Image disk_format qcow2 does not match stream data raw"),
        ("a backing file", qcow2(512), "Image failed safety checks"),
    ] {
        let refused = member.upload(&id, &data).expect(415);
        let text = refused.text();
        assert!(text.contains(lead) && text.contains(message), "{what}: {text}");
        let image = member.show(&id);
        assert_eq!(
            (&image["status"], &image["size"], &image["checksum"]),
            (&json!("queued"), &json!(null), &json!(null))
        );
        gateway.assert_settled();
    }
    assert!(gateway.log().text().contains("qcow2.backing_file"), "the log names the rule");
    member.upload(&id, &qcow2(0)).expect(204);
}

#[test]
fn data_in_a_container_is_not_looked_into() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = member.create(&json!({"disk_format": "qcow2", "container_format": "ovf"}));
    member.upload(&id, b"anything").expect(204);
    assert_eq!(member.show(&id)["virtual_size"], json!(null));
}
