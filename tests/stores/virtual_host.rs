//! A bucket whose name stands in front of its server's (`bucket_url_format = "virtual"`), as Amazon wants it.

use crate::common::large;
use casement_tests::{Bucket, Gateway, Medium, peer, run_by, skip};
use std::{path::Path, process::Command, sync::Arc};

const TEST: &str = "stores::a_bucket_in_front_of_its_server";

/// What a command is to be run by, so that it alone resolves the names of this file.
fn resolving(hosts: &Path) -> Command {
    let mut command = Command::new("unshare");
    let script = r#"mount --bind "$0" /etc/hosts && exec "$@""#;
    command.args(["--mount", "sh", "-c", script]).arg(hosts);
    command
}

#[test]
fn a_bucket_in_front_of_its_server_keeps_images_small_and_large() {
    let Some((s3, _turn)) = peer(TEST, "s3") else { return };
    let server = s3["domain"].as_str().unwrap();
    let bucket = Bucket::create(s3).by_way_of(format!("http://{server}"));
    let lines = "default = true\nbucket_url_format = \"virtual\"\nlarge_object_chunk_size = 5";
    let builder = bucket.store(Gateway::builder(), "local", lines);
    let domain = server.split(':').next().unwrap();
    let hosts = builder.folder().join("hosts");
    // The server's own name stands for nobody: what asks for it without the bucket fails.
    std::fs::write(&hosts, format!("127.0.0.1 {}.{domain}\n", bucket.name())).unwrap();
    match resolving(&hosts).arg("true").output() {
        Ok(tried) if tried.status.success() => {}
        tried => return skip(TEST, &format!("nobody may have an /etc/hosts of its own here: {tried:?}")),
    }

    let text = builder.config();
    let gateway = Gateway::start_as(Arc::new(builder.site(&text)), |command| run_by(resolving(&hosts), &command));
    let member = gateway.member();
    let large = large(Medium::S3);
    for data in [b"0123456789".to_vec(), large.bytes()] {
        let id = member.create_raw("n");
        member.upload(&id, &data).expect(204);
        assert!(member.download(&id).expect(200).body == data);
        member.delete(&format!("/v2/images/{id}")).expect(204);
    }
    gateway.assert_settled();
}
