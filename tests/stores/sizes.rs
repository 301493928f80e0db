//! Images of the sizes at which a backend goes from one way of storing to another.

use crate::common::{MIB, REMOTE, quick};
use casement_tests::{Gateway, Medium, Pattern, peer};

#[test]
fn images_around_the_size_of_a_part_come_back_as_they_went_in() {
    for medium in REMOTE {
        let Some((_, _turn)) = peer("stores::images_around_the_size_of_a_part", medium.name()) else { continue };
        let lines = format!("default = true\n{}", quick(medium));
        let gateway = medium.store(Gateway::builder(), "local", &lines).start();
        let member = gateway.member();
        let part = if medium == Medium::S3 { 5 * MIB } else { MIB };
        for len in [0, 1, part - 1, part, part + 1, 2 * part, 2 * part + 1] {
            let data = Pattern::new(len, len);
            for announced in [true, false] {
                let what = format!("{medium:?}: {len} bytes, announced: {announced}");
                let id = member.create_raw(&what);
                let request = member.data_request(&id);
                let answer =
                    if announced { request.stream(len, data.reader()) } else { request.chunked(data.reader()) };
                answer.unwrap().expect(204);
                assert_eq!(member.show(&id)["size"], len, "{what}");
                assert!(member.download(&id).expect(200).body == data.bytes(), "{what}");
                let path = format!("/v2/images/{id}/file");
                if len > part {
                    let range = format!("bytes={}-{}", part - 1, part);
                    let got = member.request("GET", &path).header("Range", &range).send().expect(206);
                    let first = usize::try_from(part - 1).unwrap();
                    assert_eq!(got.body, data.bytes()[first..first + 2], "{what}");
                }
                member.delete(&format!("/v2/images/{id}")).expect(204);
            }
        }
        gateway.assert_settled();
        assert!(gateway.store("local").objects().is_empty(), "{:?}", gateway.store("local").objects());
    }
}
