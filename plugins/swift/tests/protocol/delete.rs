use crate::{
    server::{Reply, Request, Server, bytes},
    support::{MIB, World, data, write},
};
use casement_sdk::{Backend, Kind};

#[tokio::test]
async fn a_large_object_loses_its_manifest_first_under_a_mark() {
    let world = World::on(Server::start(|_, _| None)).await;
    write(&world.store, "a", &data(2 * MIB)).await.unwrap();
    world.held().requests.clear();
    world.store.delete("a").await.unwrap();
    let lines = world.lines();
    let place = |start: &str| lines.iter().position(|line| line.starts_with(start)).unwrap();
    let order = [
        place("HEAD c/a"),
        place("PUT c_segments/.casement-staged/c/a/delete-"),
        place("DELETE c/a"),
        place("DELETE c_segments/a/t-1/"),
        place("DELETE c_segments/.casement-staged/c/a/delete-"),
    ];
    assert!(order.is_sorted(), "{lines:#?}");
    assert_eq!(world.names(), [""; 0]);
}

#[tokio::test]
async fn what_swift_could_not_delete_of_anothers_large_object_can_be_deleted_again() {
    for (report, kind) in [
        (
            r#"{"Response Status": "400 Bad Request", "Errors": [["/c_s/a/1", "503 Service Unavailable"]]}"#,
            Some(Kind::Unavailable),
        ),
        (r#"{"Response Status": "500 Internal Error", "Errors": []}"#, Some(Kind::Unavailable)),
        ("<html>", Some(Kind::Corrupt)),
        (r#"   {"Response Status": "200 OK", "Number Not Found": 2, "Errors": []}"#, None),
    ] {
        let world = World::on(Server::start(move |request: &Request, _| {
            let asked = request.line() == "DELETE c/a" && request.query() == "multipart-manifest=delete";
            asked.then(|| Reply::Raw(bytes("200 OK", &[], report.as_bytes())))
        }))
        .await;
        let headers = [("x-static-large-object".to_owned(), "True".to_owned())];
        world.held().objects.insert("c/a".to_owned(), (headers.into(), b"data".to_vec()));
        assert_eq!(world.store.delete("a").await.err().map(|error| error.kind()), kind);
    }
}

#[tokio::test]
async fn a_delete_of_what_is_not_there_yet_comes_before_a_write_that_is_under_way() {
    let world = World::on(Server::start(|_, _| None)).await;
    assert_eq!(world.store.delete("a").await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(world.lines(), ["HEAD c/a", "DELETE c/a"]);
}
