use casement_tests::Gateway;
use serde_json::{Value, json};

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
        ("a backing file", qcow2(512), "Image failed safety checks: qcow2.backing_file"),
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

/// The footer that makes the data before it a VHD, fixed (2) or differencing (4); see Microsoft's specification of 2006.
fn vhd_footer(kind: u32, size: u64) -> Vec<u8> {
    let mut footer = b"conectix".to_vec();
    footer.resize(512, 0);
    footer[40..48].copy_from_slice(&size.to_be_bytes());
    footer[48..56].copy_from_slice(&size.to_be_bytes());
    footer[60..64].copy_from_slice(&kind.to_be_bytes());
    let sum: u32 = footer.iter().map(|byte| u32::from(*byte)).sum();
    footer[64..68].copy_from_slice(&(!sum).to_be_bytes());
    footer
}

/// A disk whose boot sector has a partition table, empty or with one partition.
fn disk(partitioned: bool) -> Vec<u8> {
    let mut disk = vec![0; 4096];
    disk[446 + 4] = if partitioned { 0x83 } else { 0 };
    disk[510..512].copy_from_slice(&[0x55, 0xAA]);
    disk
}

/// A VMDK of 1 MiB that holds its data itself; see VMware's "Virtual Disk Format 5.0".
fn vmdk(kind: &str) -> Vec<u8> {
    let mut data = b"KDMV\x01\0\0\0".to_vec();
    data.resize(512, 0);
    for (at, value) in [(12, 2048_u64), (28, 1), (36, 1)] {
        data[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }
    data.extend(format!("version=1\ncreateType=\"{kind}\"\nRW 2048 SPARSE \"disk.vmdk\"\n").bytes());
    data.resize(4096, 0);
    data
}

/// Uploads to a new image that claims `format`; the virtual size, or the refusal's status and text.
fn claim(gateway: &Gateway, format: &str, data: &[u8]) -> Result<Value, (u16, String)> {
    let member = gateway.member();
    let id = member.create(&json!({"disk_format": format, "container_format": "bare"}));
    let answer = member.upload(&id, data);
    if answer.status == 204 {
        Ok(member.show(&id)["virtual_size"].clone())
    } else {
        Err((answer.status, answer.text()))
    }
}

#[track_caller]
fn refused(gateway: &Gateway, format: &str, data: &[u8], status: u16, rule: &str) {
    let (found, text) = claim(gateway, format, data).unwrap_err();
    assert!(found == status && text.contains(rule), "{found} {text}");
    gateway.assert_settled();
}

#[test]
fn a_fixed_vhd_is_one_by_its_footer_and_a_differencing_one_is_refused() {
    let gateway = Gateway::builder().start();
    let fixed = [disk(true), vhd_footer(2, 4096)].concat();
    assert_eq!(claim(&gateway, "vhd", &fixed), Ok(json!(4096)));
    assert_eq!(claim(&gateway, "raw", &fixed), Ok(json!(4608)));
    let mut damaged = fixed.clone();
    damaged[4096 + 100] ^= 1;
    refused(&gateway, "vhd", &damaged, 415, "Image disk_format vhd does not match stream data gpt");
    let of_another_size = [disk(true), vhd_footer(2, 4097)].concat();
    refused(&gateway, "vhd", &of_another_size, 415, "Image disk_format vhd does not match stream data gpt");
    let differencing = [vhd_footer(4, 4096), vec![0; 1024], vhd_footer(4, 4096)].concat();
    refused(&gateway, "vhd", &differencing, 415, "vhd.parent");
}

#[test]
fn a_disk_inside_is_as_large_as_the_operator_allows() {
    let absolute = Gateway::builder().more("[images]\nmax_virtual_size_bytes = 1048576").start();
    assert_eq!(claim(&absolute, "qcow2", &qcow2(0)), Ok(json!(1 << 20)));
    let smaller = Gateway::builder().more("[images]\nmax_virtual_size_bytes = 1048575").start();
    refused(&smaller, "qcow2", &qcow2(0), 413, "exceeds the limit of 1048575 bytes: virtual_size.absolute");
    let ratio = Gateway::builder().more("[images]\nmax_virtual_size_ratio = 16").start();
    assert_eq!(claim(&ratio, "qcow2", &qcow2(0)), Ok(json!(1 << 20)));
    let lower = Gateway::builder().more("[images]\nmax_virtual_size_ratio = 15").start();
    refused(&lower, "qcow2", &qcow2(0), 413, "exceeds the limit of 983040 bytes: virtual_size.ratio");
}

#[test]
fn the_operator_says_which_types_of_vmdk_are_taken() {
    let gateway = Gateway::builder().more("[images]\nvmdk_allowed_types = [\"monolithicSparse\"]").start();
    assert_eq!(claim(&gateway, "vmdk", &vmdk("monolithicSparse")), Ok(json!(1 << 20)));
    refused(&gateway, "vmdk", &vmdk("streamOptimized"), 415, "vmdk.type");
    refused(&gateway, "vmdk", &vmdk("monolithicFlat"), 415, "vmdk.descriptor");
    let none = Gateway::builder().more("[images]\nvmdk_allowed_types = []").start();
    refused(&none, "vmdk", &vmdk("monolithicSparse"), 415, "vmdk.type");
}

#[test]
fn the_operator_may_let_empty_partition_tables_pass() {
    refused(&Gateway::builder().start(), "raw", &disk(false), 415, "gpt.mbr");
    let gateway = Gateway::builder().more("[images]\ngpt_safety_checks_nonfatal = [\"mbr\"]").start();
    assert_eq!(claim(&gateway, "raw", &disk(false)), Ok(json!(4096)));
}

#[test]
fn without_the_match_of_formats_only_harmful_data_is_refused() {
    let gateway = Gateway::builder().more("[images]\nrequire_image_format_match = false").start();
    assert_eq!(claim(&gateway, "vmdk", b"no vmdk"), Ok(json!(null)));
    refused(&gateway, "vmdk", &qcow2(512), 415, "qcow2.backing_file");
}

#[test]
fn the_operators_formats_are_those_of_the_schemas_and_of_images() {
    let formats = "[images]\ndisk_formats = [\"raw\", \"gpt\"]\ncontainer_formats = [\"bare\"]";
    let gateway = Gateway::builder().more(formats).start();
    let member = gateway.member();
    let schema = member.get("/v2/schemas/image").expect(200).json();
    assert_eq!(schema["properties"]["disk_format"]["enum"], json!([null, "raw", "gpt"]));
    let schema = member.get("/v2/schemas/images").expect(200).json();
    let image = &schema["properties"]["images"]["items"]["properties"];
    assert_eq!(image["container_format"]["enum"], json!([null, "bare"]));
    assert_eq!(claim(&gateway, "gpt", &disk(true)), Ok(json!(4096)));
    let refused = member.post("/v2/images", &json!({"disk_format": "qcow2"})).expect(400).text();
    assert!(refused.contains("'qcow2' is not one of [None, 'raw', 'gpt']"), "{refused}");
    let id = member.create(&json!({}));
    let change = json!([{"op": "replace", "path": "/container_format", "value": "ova"}]);
    member.patch(&id, &change).expect(400);
}
