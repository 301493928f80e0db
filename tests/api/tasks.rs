use casement_tests::Gateway;
use serde_json::json;

#[test]
fn tasks_are_for_administrators_and_queries_that_make_no_sense_are_refused() {
    let gateway = Gateway::builder().start();
    let admin = gateway.admin();
    let denied = "You are not authorized to complete tasks_api_access action.";
    for path in ["/v2/tasks", "/v2/tasks/zzz"] {
        gateway.member().get(path).refused(path, 403, denied);
    }
    gateway.member().delete("/v2/tasks/zzz").refused("delete", 403, denied);
    let empty = |first: &str| json!({"tasks": [], "first": first, "schema": "/v2/schemas/tasks"});
    assert_eq!(admin.get("/v2/tasks").expect(200).json(), empty("/v2/tasks"));
    assert_eq!(admin.get("/v2/tasks?limit=1").expect(200).json(), empty("/v2/tasks?limit=1"));
    assert_eq!(admin.get("/v2/tasks?limit=0").expect(200).json(), empty("/v2/tasks?limit=0"));
    admin.get("/v2/tasks/zzz").refused("missing", 404, "Could not find task zzz");
    for (query, message) in [
        ("status=zz", "Invalid status value: zz"),
        ("type=zz", "Invalid type value: zz"),
        ("sort_key=zz", "Sort key supplied was not valid."),
        ("sort_dir=up", "Invalid sort direction: up"),
        ("marker=zz", "Invalid marker format"),
        (
            "marker=b44f4a0f-0000-4000-8000-00805f9b34fb",
            "Task with the given id b44f4a0f-0000-4000-8000-00805f9b34fb was not found",
        ),
        ("limit=x", "limit param must be an integer"),
        ("limit=-1", "limit param must be positive"),
    ] {
        admin.get(&format!("/v2/tasks?{query}")).refused(query, 400, message);
    }
    for odd in [
        "status=%00",
        "owner=%27",
        "id=%F0%9F%98%80",
        "created_at=99999999999999999999999",
        "limit=99999999999999999999",
    ] {
        let answer = admin.get(&format!("/v2/tasks?{odd}"));
        assert!(matches!(answer.status, 200 | 400), "{odd} {answer:?}");
    }
}

#[test]
fn tasks_are_neither_made_nor_deleted_by_clients() {
    let gateway = Gateway::builder().start();
    let admin = gateway.admin();
    let import = |from: &str| json!({"type": "import", "input": {"import_from": from}});
    for (body, message) in [
        (json!({"type": "import", "input": {}}), "Invalid location: None"),
        (json!({"type": "import"}), "Task 'input' is required"),
        (json!({"input": {}}), "Task 'type' is required"),
        (json!({"type": "zz", "input": {}}), "Provided object does not match schema 'task': 'zz' is not one of …"),
        (import("http://127.0.0.1/x"), "URI for legacy import task does not pass filtering: http://127.0.0.1/x"),
        (import("http://dummy-img-file.invalid"), "URI for legacy import task does not pass filtering: …"),
        (import("http://10.0.0.1/x"), "Tasks of type import are not offered here: …"),
    ] {
        admin.post("/v2/tasks", &body).refused(&body.to_string(), 400, message);
    }
    gateway.member().post("/v2/tasks", &json!({})).expect(403);
    let answer = admin.delete("/v2/tasks/zzz").expect(405);
    assert_eq!(answer.header("Allow"), Some("GET"));
    assert!(answer.message().contains("not permitted on Glance Tasks"), "{answer:?}");
    assert_eq!(admin.act("PUT", "/v2/tasks").expect(405).header("Allow"), Some("GET, POST"));
    assert_eq!(admin.act("PUT", "/v2/tasks/x").expect(405).header("Allow"), Some("GET, DELETE"));
}

#[test]
fn the_tasks_of_an_image_are_for_whoever_sees_the_image() {
    let gateway = Gateway::builder().start();
    let id = gateway.member().create_raw("n");
    let path = format!("/v2/images/{id}/tasks");
    assert_eq!(gateway.reader().get(&path).expect(200).json(), json!({"tasks": []}));
    let missing = "The resource could not be found.";
    gateway.other().get(&path).refused("other", 404, missing);
    gateway.member().get("/v2/images/nope/tasks").refused("none", 404, missing);
    gateway.member().act("POST", &path).refused("another method", 404, missing);
}
