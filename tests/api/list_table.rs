//! The grammar of lists, held against the answers of Glance 33. Its links lose repeated parameters; those of the golden
//! answers keep them.

use casement_tests::{Client, Gateway};
use serde_json::Value;
use std::collections::BTreeMap;

const GOLDEN: &str = include_str!("golden/list.json");

/// The images that the answers are about, by name.
fn images(gateway: &Gateway, golden: &Value) -> BTreeMap<String, String> {
    let (member, admin) = (gateway.member(), gateway.admin());
    let mut ids = BTreeMap::new();
    for image in golden["images"].as_array().unwrap() {
        let mut body = image.as_object().unwrap().clone();
        let data = body.remove("data");
        let id = admin.create(&Value::Object(body));
        if let Some(data) = data {
            member.upload(&id, data.as_str().unwrap().as_bytes()).expect(204);
        }
        ids.insert(image["name"].as_str().unwrap().to_owned(), id);
    }
    ids
}

/// What differs, if anything does.
fn difference(member: &Client, case: &Value, ids: &BTreeMap<String, String>) -> Option<String> {
    let named =
        |text: &str| ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(id, &format!("{{{name}}}")));
    let query = case["query"].as_str().unwrap();
    let asked = ids.iter().fold(query.to_owned(), |text, (name, id)| text.replace(&format!("{{{name}}}"), id));
    let answer = member.get(&format!("/v2/images{}", asked.replace(' ', "%20")));
    let got = match answer.status {
        200 => {
            let page = answer.json();
            let names: Vec<&Value> = page["images"].as_array().unwrap().iter().map(|image| &image["name"]).collect();
            let (first, next) = (named(page["first"].as_str().unwrap()), page.get("next").is_some());
            serde_json::json!({"query": query, "status": 200, "names": names, "first": first, "next": next})
        }
        status => serde_json::json!({"query": query, "status": status, "message": named(&answer.message())}),
    };
    (got != *case).then(|| format!("wanted {case}\n   got {got}"))
}

#[test]
fn every_filter_operator_and_order_has_glances_answer() {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let ids = images(&gateway, &golden);
    let cases = golden["answers"].as_array().unwrap();
    assert!(cases.len() > 400, "{}", cases.len());
    let differing: Vec<String> = cases.iter().filter_map(|case| difference(&member, case, &ids)).collect();
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
}

#[test]
fn what_makes_glance_fail_is_answered() {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let hostile = [
        "name=%00",
        "foo=%00",
        "%00=x",
        "tag=%00",
        "name=%F0%9F%98%80",
        "%F0%9F%98%80=x",
        "tag=%F0%9F%98%80",
        "name=%FF",
        "name=in:%22%00%22",
        "marker=%00",
        "sort=%00",
        "id=%27%20OR%201=1--",
        "owner=%27",
        "created_at=%00",
    ];
    let failures = golden["failures"].as_array().unwrap().iter().map(|query| query.as_str().unwrap().to_owned());
    for query in failures.chain(hostile.iter().map(|query| format!("?{query}"))) {
        let answer = member.get(&format!("/v2/images{query}"));
        assert!(matches!(answer.status, 200 | 400), "{query}: {answer:?}");
    }
}

#[test]
fn where_glances_answer_is_an_accident_ours_is_another() {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let gateway = Gateway::builder().start();
    let member = gateway.member();
    let ids = images(&gateway, &golden);
    let names = |query: &str| -> Vec<String> {
        let page = member.get(&format!("/v2/images{query}")).expect(200).json();
        page["images"].as_array().unwrap().iter().map(|image| image["name"].as_str().unwrap().to_owned()).collect()
    };
    let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    // Of what is to be given once, Glance takes all but one for names of properties, and finds nothing.
    assert_eq!(names("?sort=name:asc&sort=size&limit=2&limit=3"), own(&["UPPER", "alpha"]));
    assert_eq!(names("?visibility=public&visibility=private"), own(&["priv"]));
    let (beta, alpha) = (&ids["beta"], &ids["alpha"]);
    assert_eq!(names(&format!("?marker={alpha}&marker={beta}&sort=name:asc&limit=1")), own(&["beta"]));
    // Glance takes each letter for a tag.
    assert_eq!(names("?tags=xy"), own(&[]));
    // Glance compares text with a number.
    for query in ["name_min=5", "created_at_min=5", "owner_max=1", "checksum_min=1"] {
        member.get(&format!("/v2/images?{query}")).expect(400);
    }
}
