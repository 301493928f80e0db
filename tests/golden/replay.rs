//! Sends the requests of a script to a gateway that is configured as the Glance was that answered them.

use crate::{
    folder,
    mask::Masks,
    script::{Script, Step},
};
use casement_tests::{Answer, Builder, Gateway, eventually, skip};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::{fmt::Write, fs};

/// Headers that clients read.
const HEADERS: [&str; 10] = [
    "Accept-Patch",
    "Allow",
    "Content-Length",
    "Content-MD5",
    "Content-Range",
    "Content-Type",
    "Location",
    "OpenStack-image-import-methods",
    "OpenStack-image-store-ids",
    "WWW-Authenticate",
];

/// The gateway's answers, masked; `None` while it does not serve all that the script calls.
pub(crate) fn replay(script: &Script) -> Option<Vec<Value>> {
    let builder = site(&script.site);
    let mut masks = Masks::default();
    masks.keep("root", builder.folder().join("images").to_str().unwrap());
    let gateway = builder.start();
    if let Some(call) = script.needs.iter().find(|call| !is_served(&gateway, call)) {
        skip(&format!("golden::{}", script.name), &format!("{call} is not served yet"));
        return None;
    }
    let answers = script.steps.iter().map(|step| {
        let answer = eventually(step.at(), || {
            let answer = send(&gateway, &masks, step);
            if step.is_awaited(&answer) { Ok(answer) } else { Err(answer.to_string()) }
        });
        for (name, place) in step.kept() {
            let value = answer["body"].pointer(place).and_then(Value::as_str);
            masks.keep(name, value.unwrap_or_else(|| panic!("{}: nothing at {place}: {answer:#}", step.at())));
        }
        masks.mask(answer)
    });
    Some(answers.collect())
}

fn is_served(gateway: &Gateway, call: &str) -> bool {
    let (method, path) = call.split_once(' ').unwrap();
    let mut connection = gateway.raw();
    let token = token("admin");
    connection.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nX-Auth-Token: {token}\r\n\r\n").as_bytes());
    let answer = connection.answer().unwrap();
    answer.status != 404 || answer.message() != "The resource could not be found."
}

fn site(name: &str) -> Builder {
    let builder = Gateway::builder().identity(&identity());
    let open = "[images]\nshow_direct_url = true\nshow_multiple_locations = true\n";
    match name {
        "several" => builder
            .filesystem("fast", None, "description = \"Fast store\"\ndefault = true\nweight = 100")
            .filesystem("cheap", None, "description = \"Cheap store\"")
            .plugin("path = \"casement_http_store\"")
            .store("web", "plugin = \"http\"\ndescription = \"Web store\"")
            .more(open),
        "closed" => builder.filesystem("fast", None, "default = true"),
        _ => panic!("{name}: no such site"),
    }
}

/// A token for every caller of the scripts, who is called like it.
fn identity() -> String {
    let callers: Map<String, Value> =
        serde_json::from_str(&fs::read_to_string(folder().join("callers.json")).unwrap()).unwrap();
    let mut text = "mode = \"tokens\"\n".to_owned();
    for (name, caller) in callers {
        let digest = hex::encode(Sha256::digest(token(&name)));
        let (user, project, roles) = (&caller["user"], &caller["project"], &caller["roles"]);
        writeln!(
            text,
            "[[identity.tokens]]\nsha256 = \"{digest}\"\nuser = {user}\nproject = {project}\nroles = {roles}"
        )
        .unwrap();
    }
    text
}

fn token(caller: &str) -> String {
    format!("token-of-{caller}")
}

fn send(gateway: &Gateway, masks: &Masks, step: &Step) -> Value {
    let mut head =
        format!("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", step.method(), masks.fill(step.path()));
    if step.caller() != "nobody" {
        write!(head, "X-Auth-Token: {}\r\n", token(step.caller())).unwrap();
    }
    let json = step.json().map(|json| masks.fill(&json.to_string()).into_bytes());
    if json.is_some() && !step.headers().any(|(name, _)| name == "Content-Type") {
        head += "Content-Type: application/json\r\n";
    }
    for (name, value) in step.headers() {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    let body = json.or_else(|| step.data()).unwrap_or_default();
    write!(head, "Content-Length: {}\r\n\r\n", body.len()).unwrap();
    let mut connection = gateway.raw();
    connection.send(head.as_bytes());
    // A server that refuses a request need not take its body.
    connection.try_send(&body).ok();
    let answer = connection.answer();
    shape(step, &answer.unwrap_or_else(|| panic!("{}: no answer", step.at())))
}

/// The parts of an answer that are compared.
fn shape(step: &Step, answer: &Answer) -> Value {
    let path = step.path().split('?').next().unwrap();
    let is_data = step.method() == "GET" && path.ends_with("/file") && answer.status < 300;
    let is_compared = |name: &str| match name {
        // The length of other bodies is their own affair, and a type belongs to a body.
        "Content-Length" => is_data,
        "Content-Type" => !answer.body.is_empty(),
        _ => true,
    };
    let headers: Map<String, Value> = HEADERS
        .into_iter()
        .filter(|name| is_compared(name))
        .filter_map(|name| answer.header(name).map(|value| (name.to_owned(), value.into())))
        .collect();
    let is_json =
        headers.get("Content-Type").and_then(Value::as_str).is_some_and(|kind| kind.starts_with("application/json"));
    let body = if is_json { answer.json() } else { answer.text().into() };
    json!({"status": answer.status, "headers": headers, "body": body})
}
