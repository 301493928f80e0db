use casement_tests::{Client, Gateway};
use serde_json::{Value, json};
use std::cmp::Ordering;

const KEYS: [&str; 8] = ["name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at"];

/// Images with equal and with absent values in every column that may be absent.
fn fill(member: &Client) {
    for (name, disk, container, data) in [
        (json!("b"), json!("raw"), json!("bare"), Some("0123456789")),
        (json!("b"), json!("qcow2"), json!("bare"), None),
        (json!(null), json!("raw"), json!("ovf"), Some("01234")),
        (json!(null), json!(null), json!(null), None),
        (json!(""), json!("raw"), json!("bare"), Some("")),
        (json!("B"), json!("iso"), json!("bare"), None),
        (json!("é"), json!("raw"), json!(null), None),
        (json!("a"), json!("raw"), json!("bare"), Some("0123456789")),
        (json!("a%20b, \"c\""), json!("vhdx"), json!("ova"), None),
    ] {
        let id = member.create(&json!({"name": name, "disk_format": disk, "container_format": container}));
        if let Some(data) = data {
            member.upload(&id, data.as_bytes()).expect(204);
        }
    }
}

fn ids(images: &[Value]) -> Vec<&str> {
    images.iter().map(|image| image["id"].as_str().unwrap()).collect()
}

/// Absent values sort as empty text and as zero.
fn compare(key: &str, left: &Value, right: &Value) -> Ordering {
    if key == "size" {
        return left[key].as_u64().unwrap_or(0).cmp(&right[key].as_u64().unwrap_or(0));
    }
    left[key].as_str().unwrap_or("").cmp(right[key].as_str().unwrap_or(""))
}

#[test]
fn pages_add_up_to_the_whole_list_for_every_sort_key_in_both_directions() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    fill(&member);
    for key in KEYS {
        for direction in ["asc", "desc"] {
            let sort = format!("sort={key}:{direction}");
            let whole = member.walk(&format!("/v2/images?{sort}&limit=1000"));
            assert_eq!(whole.len(), 9, "{sort}");
            let wrong = if direction == "asc" { Ordering::Greater } else { Ordering::Less };
            for pair in whole.windows(2) {
                assert_ne!(compare(key, &pair[0], &pair[1]), wrong, "{sort}: {pair:#?}");
            }
            for limit in [1, 2, 3, 9] {
                let pages = member.walk(&format!("/v2/images?{sort}&limit={limit}"));
                assert_eq!(ids(&pages), ids(&whole), "{sort} by {limit}");
            }
        }
    }
}

#[test]
fn pages_add_up_with_several_keys_in_either_syntax() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    fill(&member);
    for sort in [
        "sort=container_format:asc,name:desc",
        "sort=disk_format:desc,size:asc,name:asc",
        "sort_key=container_format&sort_key=name&sort_dir=asc",
        "sort_key=status&sort_dir=asc&sort_key=size&sort_dir=desc",
        "sort_dir=asc",
        "status=queued",
    ] {
        let whole = member.walk(&format!("/v2/images?{sort}&limit=1000"));
        let pages = member.walk(&format!("/v2/images?{sort}&limit=2"));
        assert_eq!(ids(&pages), ids(&whole), "{sort}");
    }
}

#[test]
fn a_walk_goes_on_while_images_come_and_go() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let make = |name: &str| member.create(&json!({"name": name}));
    let all = ["b", "d", "f", "h"].map(make);
    let page = member.get("/v2/images?sort=name:asc&limit=2").expect(200).json();
    make("a");
    make("e");
    member.delete(&format!("/v2/images/{}", all[0])).expect(204);
    member.delete(&format!("/v2/images/{}", all[2])).expect(204);
    let rest = member.walk(page["next"].as_str().unwrap());
    let names: Vec<_> = rest.iter().map(|image| image["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["e", "h"]);
}

#[test]
fn a_page_has_twenty_five_images_unless_asked_otherwise() {
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    for n in 0..27 {
        member.create(&json!({"name": format!("n{n}")}));
    }
    let page = member.get("/v2/images").expect(200).json();
    assert_eq!(page["images"].as_array().unwrap().len(), 25);
    assert_eq!(member.walk("/v2/images").len(), 27);
}
