//! Twenty crashes at random moments under several busy clients. After each: what was acknowledged is there byte
//! for byte, the rest is queued, and no byte is left over.
//! CASEMENT_SEED repeats a run as far as the machine allows.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use casement_tests::{Client, Gateway, Pattern};
use std::{
    collections::BTreeMap,
    env,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const ROUNDS: u32 = 20;
const CLIENTS: u64 = 4;
const LONGEST_ROUND_MS: u64 = 1500;

/// What a client may rely on for one image.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Promise {
    Created,
    /// The upload of this pattern was begun and not acknowledged.
    Uploading(Content),
    /// The upload was acknowledged.
    Uploaded(Content),
    /// A delete was begun and not acknowledged.
    Deleting(Content),
    Deleted,
}

#[derive(Clone, Copy, PartialEq, Debug)]
struct Content {
    seed: u64,
    len: u64,
}

impl Content {
    fn random(random: &mut fastrand::Rng) -> Self {
        // Small images meet the commit often, large ones the stream.
        let len = if random.bool() { random.u64(0..64 * 1024) } else { random.u64(1 << 20..24 << 20) };
        Self { seed: random.u64(..), len }
    }

    fn pattern(self) -> Pattern {
        Pattern::new(self.seed, self.len)
    }
}

type Ledger = Mutex<BTreeMap<String, Promise>>;

#[test]
fn random_crashes_lose_nothing_that_was_acknowledged() {
    let seed = env::var("CASEMENT_SEED").ok().map_or_else(clock, |seed| seed.parse().unwrap());
    println!("CASEMENT_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let ledger = Ledger::default();
    let mut gateway = Gateway::builder().start();
    let mut interrupted = 0;
    for round in 0..ROUNDS {
        gateway = crash_under_load(gateway, &ledger, &mut random);
        println!("round {round}: {} images known", ledger.lock().unwrap().len());
        interrupted += assert_promises_kept(&gateway, &mut ledger.lock().unwrap());
        let findings = gateway.unsettled();
        assert!(findings.is_empty(), "seed {seed}, round {round}: {findings:#?}");
    }
    let acknowledged =
        ledger.into_inner().unwrap().into_values().filter(|it| matches!(it, Promise::Uploaded(_))).count();
    assert!(acknowledged > 0, "no upload ever ended before a crash");
    assert!(interrupted > 0, "no crash ever met an upload");
}

fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Keeps clients busy, kills the gateway at some moment, and starts it again.
fn crash_under_load(gateway: Gateway, ledger: &Ledger, random: &mut fastrand::Rng) -> Gateway {
    let crashed = AtomicBool::new(false);
    let moment = Duration::from_millis(random.u64(0..LONGEST_ROUND_MS));
    let site = thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let (client, mut random, crashed) = (gateway.member(), random.fork(), &crashed);
            scope.spawn(
                move || {
                    while !crashed.load(Ordering::Relaxed) && work(&client, ledger, &mut random).is_some() {}
                },
            );
        }
        // The moment of the crash is the random input of this test; nothing is waited for.
        thread::sleep(moment);
        let site = gateway.kill();
        crashed.store(true, Ordering::Relaxed);
        site
    });
    Gateway::start(site)
}

/// One image's life, or a part of it; `None` when the gateway is gone.
fn work(client: &Client, ledger: &Ledger, random: &mut fastrand::Rng) -> Option<()> {
    let promise = |id: &str, promise| ledger.lock().unwrap().insert(id.to_owned(), promise);
    let id = create(client)?;
    promise(&id, Promise::Created);
    if random.u8(0..8) == 0 {
        return Some(());
    }
    let content = Content::random(random);
    promise(&id, Promise::Uploading(content));
    let data = content.pattern();
    let answer = client.data_request(&id).stream(content.len, data.reader()).ok()?;
    assert_eq!(answer.status, 204, "{answer:?}");
    promise(&id, Promise::Uploaded(content));
    if random.u8(0..3) == 0 {
        promise(&id, Promise::Deleting(content));
        let answer = client.request("DELETE", &format!("/v2/images/{id}")).try_send().ok()?;
        assert_eq!(answer.status, 204, "{answer:?}");
        promise(&id, Promise::Deleted);
    }
    Some(())
}

fn create(client: &Client) -> Option<String> {
    let body = br#"{"name": "n", "disk_format": "raw", "container_format": "bare"}"#;
    let answer = client.request("POST", "/v2/images").stream(body.len() as u64, &body[..]).ok()?;
    Some(answer.expect(201).json()["id"].as_str().unwrap().to_owned())
}

/// Holds every promise, and writes down what came of those that were in the air. Gives the number of uploads that
/// the crash broke off.
fn assert_promises_kept(gateway: &Gateway, ledger: &mut BTreeMap<String, Promise>) -> usize {
    let mut interrupted = 0;
    let images = gateway.images();
    for (id, promise) in ledger.iter_mut() {
        let status = images.get(id).map(|image| image["status"].as_str().unwrap());
        *promise = match (*promise, status) {
            (Promise::Created, Some("queued")) => Promise::Created,
            (Promise::Uploading(_), Some("queued")) => {
                interrupted += 1;
                Promise::Created
            }
            (Promise::Uploading(content) | Promise::Uploaded(content) | Promise::Deleting(content), Some("active")) => {
                assert_content(gateway, id, content);
                Promise::Uploaded(content)
            }
            (Promise::Deleting(_) | Promise::Deleted, None) => Promise::Deleted,
            (promise, status) => panic!("image {id} is {status:?} after {promise:?}"),
        };
    }
    interrupted
}

fn assert_content(gateway: &Gateway, id: &str, content: Content) {
    let stored = std::fs::read(gateway.store("local").object(id)).unwrap();
    assert!(stored == content.pattern().bytes(), "image {id} has other bytes than {content:?}");
}
