//! Image data that lies on a web server.

use casement_tests::{Builder, Gateway, Pattern, eventually, md5_hex, sha512_hex};
use serde_json::json;
use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

/// A web server with one object at every path. The first answer with data breaks off in the middle.
struct Web {
    port: u16,
    data: Arc<Vec<u8>>,
}

impl Web {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let data = Arc::new(Pattern::new(7, 3_000_001).bytes());
        let served = Arc::clone(&data);
        thread::spawn(move || {
            let mut breaks = true;
            for stream in listener.incoming().flatten() {
                let with_data = serve(stream, &served, breaks);
                breaks &= !with_data;
            }
        });
        Self { port, data }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/image.raw?signature=hunter2", self.port)
    }

    /// A gateway that may read from here, though it is near.
    fn gateway(&self) -> Gateway {
        let here = format!("allowed_hosts = [\"127.0.0.1\"]\nallowed_ports = [{}]", self.port);
        builder(&here).more(&format!("[images]\nshow_multiple_locations = true\n[import_filtering]\n{here}")).start()
    }
}

fn serve(stream: TcpStream, data: &[u8], breaks: bool) -> bool {
    let mut lines = BufReader::new(&stream).lines();
    let first = lines.next().unwrap().unwrap_or_default();
    let head: Vec<_> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let range = head.iter().find_map(|line| line.to_ascii_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
    let (from, to) = range.as_deref().and_then(|range| range.split_once('-')).unwrap_or(("0", ""));
    let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().map_or(data.len(), |to: usize| to + 1));
    let (to, size) = (to.min(data.len()), data.len());
    let body = if first.starts_with("HEAD") { &[] } else { &data[from..to] };
    let sent = if breaks { &body[..body.len() / 2] } else { body };
    let (len, last) = (to - from, to - 1);
    let status = match range {
        Some(_) => format!("206 Partial Content\r\nContent-Range: bytes {from}-{last}/{size}"),
        None => "200 OK".to_owned(),
    };
    let answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\nETag: \"v1\"\r\nContent-Length: {len}\r\n\r\n");
    let mut stream = &stream;
    // A reader that has what it wanted goes away.
    stream.write_all(answer.as_bytes()).and_then(|()| stream.write_all(sent)).ok();
    !body.is_empty()
}

fn builder(keys: &str) -> Builder {
    Gateway::builder()
        .filesystem("local", None, "default = true")
        .plugin("path = \"casement_http_store\"")
        .store("web", &format!("plugin = \"http\"\n{keys}"))
}

#[test]
fn a_store_on_web_servers_is_listed_as_read_only_and_takes_no_data() {
    let gateway = builder("").start();
    let stores = gateway.member().get("/v2/info/stores").expect(200).json();
    let web = stores["stores"].as_array().unwrap().iter().find(|store| store["id"] == "web").unwrap();
    assert_eq!((&web["read-only"], &web["unavailable"]), (&"true".into(), &serde_json::Value::Null), "{stores:#}");
    let id = gateway.member().create_raw("n");
    gateway.member().data_request(&id).header("X-Image-Meta-Store", "web").body(b"data").refused(
        "an upload to the web",
        410,
        "Error in store configuration. Adding images to store is disabled.",
    );
    gateway.assert_settled();
}

#[test]
fn what_lies_on_a_web_server_is_an_image_like_others_and_stays_when_it_is_deleted() {
    let web = Web::start();
    let gateway = web.gateway();
    let member = gateway.member();
    let id = member.create_raw("n");
    let add = json!([{"op": "add", "path": "/locations/-", "value": {"url": web.url(), "metadata": {}}}]);
    let image = member.patch(&id, &add).expect(200).json();
    assert_eq!((&image["status"], &image["size"]), (&json!("active"), &json!(web.data.len())), "{image:#}");
    // The first answer breaks off; nobody notices.
    assert!(member.download(&id).expect(200).body == *web.data);
    let part = member.request("GET", &format!("/v2/images/{id}/file")).header("Range", "bytes=1000000-1999999");
    assert!(part.send().expect(206).body == web.data[1_000_000..2_000_000]);
    member.delete(&format!("/v2/images/{id}")).expect(204);
    gateway.assert_settled();
    let log = gateway.log().text();
    assert!(!log.contains("not settled") && !log.contains("hunter2"), "{log}");
}

#[test]
fn what_lies_on_a_web_server_is_digested_in_the_background() {
    let web = Web::start();
    let gateway = web.gateway();
    let member = gateway.member();
    let id = member.create_raw("n");
    member.post(&format!("/v2/images/{id}/locations"), &json!({"url": web.url()})).expect(202);
    let image = eventually("the image is active and has its digests", || {
        let image = member.get(&format!("/v2/images/{id}")).expect(200).json();
        if image["os_hash_value"].is_string() { Ok(image) } else { Err(image.to_string()) }
    });
    assert_eq!(image["status"], "active");
    assert_eq!(image["os_hash_value"], sha512_hex(web.data.as_slice()));
    assert_eq!(image["checksum"], md5_hex(web.data.as_slice()));
}

#[test]
fn this_machine_is_out_of_reach_unless_an_operator_says_otherwise() {
    let web = Web::start();
    let port = format!("allowed_ports = [{}]", web.port);
    // What may be given as a location and what the store goes to are two rules.
    let open = format!(
        "[images]\nshow_multiple_locations = true\n[import_filtering]\nallowed_hosts = [\"127.0.0.1\"]\n{port}"
    );
    let gateway = builder(&port).more(&open).start();
    let id = gateway.member().create_raw("n");
    let add = json!([{"op": "add", "path": "/locations/-", "value": {"url": web.url(), "metadata": {}}}]);
    let answer = gateway.member().patch(&id, &add);
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(gateway.member().status(&id), "queued");
}
