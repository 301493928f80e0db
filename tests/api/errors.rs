use casement_tests::Gateway;
use serde_json::json;

#[test]
fn the_error_body_is_what_the_accept_header_asks_for() {
    let gateway = Gateway::builder().start();
    let id = "b44f4a0f-0000-4000-8000-00805f9b34fb";
    let message = format!("No image found with ID {id}");
    let plain = format!("404 Not Found\n\n{message}\n\n   ");
    let html = format!(
        "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  {message}<br /><br />\n\n\n\n </body>\n</html>"
    );
    let machine =
        json!({"message": format!("{message}<br /><br />\n\n\n"), "code": "404 Not Found", "title": "Not Found"});
    for (accept, kind, body) in [
        (None, "text/plain; charset=UTF-8", Some(&plain)),
        (Some("text/plain"), "text/plain; charset=UTF-8", Some(&plain)),
        (Some("*/*"), "text/html; charset=UTF-8", Some(&html)),
        (Some("text/html"), "text/html; charset=UTF-8", Some(&html)),
        (Some("application/json"), "application/json", None),
        (Some("application/json, text/plain"), "application/json", None),
    ] {
        let answer = gateway.member().request("GET", &format!("/v2/images/{id}")).accept(accept).send().expect(404);
        assert_eq!(answer.header("Content-Type"), Some(kind), "{accept:?}");
        match body {
            Some(body) => assert_eq!(&answer.text(), body, "{accept:?}"),
            None => assert_eq!(answer.json(), machine, "{accept:?}"),
        }
    }
}

#[test]
fn text_of_a_client_cannot_become_markup() {
    let gateway = Gateway::builder().start();
    let answer = gateway.member().request("GET", "/v2/images/%3Cscript%3E").accept(Some("text/html")).send();
    assert!(answer.status == 404 && !answer.text().contains("<script>"), "{answer:?}");
}

#[test]
fn what_is_not_there_is_not_found() {
    let gateway = Gateway::builder().start();
    for path in ["/v2/nothing", "/v2/images/a/b/c", "/v2/info"] {
        gateway.member().get(path).refused(path, 404, "The resource could not be found.");
    }
    assert_eq!(gateway.member().act("BREW", "/v2/nothing").status, 501);
    assert_eq!(gateway.member().act("BREW", "/v2/images").status, 405);
    let answer = gateway.nobody().request("OPTIONS", "/v2/images").send();
    assert_eq!((answer.status, answer.body.len()), (200, 0), "{answer:?}");
}

#[test]
fn every_answer_has_a_request_id_and_keeps_the_clients() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let id = |answer: casement_tests::Answer| answer.header("x-openstack-request-id").unwrap().to_owned();
    let mut ids =
        [member.get("/v2/images"), member.get("/v2/images/nope"), member.post("/v2/images", &json!([]))].map(id);
    for id in &ids {
        assert!(id.starts_with("req-") && id.len() == 40, "{id}");
    }
    ids.sort_unstable();
    assert!(ids[0] != ids[1] && ids[1] != ids[2]);

    let ask = |id: &str| member.request("GET", "/v2/images").header("X-Openstack-Request-ID", id).send();
    assert_eq!(id(ask("req-from-nova").expect(200)), "req-from-nova");
    assert_eq!(id(ask("from-nova").expect(200)), "req-from-nova");
    ask(&"x".repeat(65)).expect(431);
}

#[test]
fn a_body_where_none_belongs_is_refused() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create(&json!({}));
    for method in ["GET", "DELETE"] {
        let mut raw = gateway.raw();
        let head = raw.head(method, &format!("/v2/images/{id}"), &["Content-Length: 2"]);
        raw.send(&head);
        raw.send(b"{}");
        raw.answer().unwrap().refused(method, 400, "A body is not expected with this request.");
    }
    gateway.member().show(&id);
}
