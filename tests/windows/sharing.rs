//! Files that somebody has open.

use casement_tests::Pattern;
use std::io::Read;
use ureq::SendBody;

#[test]
fn an_image_is_deleted_while_it_is_downloaded_and_the_download_is_whole() {
    let Some(builder) = crate::builder("windows::sharing::delete") else { return };
    let gateway = builder.start();
    let member = gateway.member();
    // More than the connection and the gateway hold between them.
    let data = Pattern::new(1, 64 << 20);
    let id = member.create_raw("large");
    member.data_request(&id).stream(data.len(), data.reader()).unwrap().expect(204);

    let response = member.request("GET", &format!("/v2/images/{id}/file")).open(SendBody::none()).unwrap();
    let mut body = response.into_body().into_reader();
    let mut first = [0; 1000];
    body.read_exact(&mut first).unwrap();
    assert_eq!(first[..], data.bytes()[..1000]);
    member.delete(&format!("/v2/images/{id}")).expect(204);
    member.get(&format!("/v2/images/{id}")).expect(404);

    let mut rest = Vec::new();
    body.read_to_end(&mut rest).unwrap();
    assert!(rest == data.bytes()[1000..]);
    gateway.assert_settled();
}
