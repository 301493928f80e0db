//! Crashes at random moments, and at random failpoints, under several busy clients.
//! CASEMENT_SEED repeats a run as far as the machine allows.

use crate::{
    client::{Gone, Keeper, Told, Way},
    ledger::{Content, Found, Ledger, State},
    long, points,
};
use casement_tests::{Gateway, Runner};
use std::{
    env,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const CLIENTS: usize = 4;
const STORES: [&str; 2] = ["fast", "slow"];
/// So many images at most, so that a round is as long at the end as at the beginning.
const MOST_IMAGES: usize = 24;

#[test]
fn crashes_at_random_moments_lose_nothing_that_was_acknowledged() {
    let seed = env::var("CASEMENT_SEED").ok().map_or_else(clock, |seed| seed.parse().unwrap());
    println!("CASEMENT_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let ledger = Ledger::default();
    let points: Vec<_> = points::all().into_iter().collect();
    let [fast, slow] = STORES;
    let builder = Gateway::builder().filesystem(fast, None, "default = true").filesystem(slow, None, "");
    let mut gateway = builder.start();
    let mut sum = Found::default();
    for round in 0..rounds() {
        if random.u8(..3) == 0 {
            let order = format!("{}=die@{}", points[random.usize(..points.len())], random.u8(1..=8));
            gateway = Gateway::start_armed(gateway.kill(), &order).unwrap();
        }
        gateway = crash_under_load(gateway, &ledger, &mut random);
        let findings = gateway.unsettled();
        assert!(findings.is_empty(), "seed {seed}, round {round}: {findings:#?}");
        let found = ledger.check(&gateway);
        println!("round {round}: {found:?}");
        sum.kept += found.kept;
        sum.broken_off += found.broken_off;
    }
    assert!(sum.kept > 0, "no upload ever ended before a crash");
    assert!(sum.broken_off > 0, "no crash ever met an upload");
}

fn rounds() -> u32 {
    match (Runner::chosen(), long()) {
        (Runner::Native, false) => 100,
        (Runner::Native, true) => 1000,
        (Runner::Wine, false) => 25,
        (Runner::Wine, true) => 100,
    }
}

fn clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Keeps clients busy, kills the gateway at some moment, sometimes kills what recovers from that, and starts it again.
fn crash_under_load(gateway: Gateway, ledger: &Ledger, random: &mut fastrand::Rng) -> Gateway {
    let crashed = AtomicBool::new(false);
    let moment = moment(random);
    let mut site = thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let (keeper, mut random, crashed) = (Keeper::new(&gateway, ledger), random.fork(), &crashed);
            scope.spawn(move || while !crashed.load(Ordering::Relaxed) && work(&keeper, &mut random).is_ok() {});
        }
        // The moment of the crash is the random input of this test; nothing is waited for.
        thread::sleep(moment);
        let site = gateway.kill();
        crashed.store(true, Ordering::Relaxed);
        site
    });
    while random.u8(..4) == 0 {
        site = Gateway::start_and_kill(site, Duration::from_millis(random.u64(..400)));
    }
    Gateway::start(site)
}

/// Most crashes come soon, so that there can be many; some find large uploads at their end.
fn moment(random: &mut fastrand::Rng) -> Duration {
    let latest = if random.u8(..10) == 0 { 2500 } else { 400 };
    Duration::from_millis(random.u64(..latest))
}

fn content(random: &mut fastrand::Rng) -> Content {
    // Small images meet the commit often, large ones the stream.
    let len = if random.u8(..3) > 0 { random.u64(0..64 * 1024) } else { random.u64(1 << 20..12 << 20) };
    Content { seed: random.u64(..), len }
}

fn way(random: &mut fastrand::Rng) -> Way {
    Way { store: STORES[random.usize(..STORES.len())], says_size: random.bool() }
}

/// Something that clients do.
fn work(keeper: &Keeper<'_>, random: &mut fastrand::Rng) -> Told<()> {
    let full = keeper.ledger.there().len() >= MOST_IMAGES;
    match random.u8(..12) {
        _ if full => end_one(keeper, random),
        0 => keeper.create("raw").map(|id| keeper.ledger.give_back(&id)),
        1 | 2 => upload_again(keeper, random),
        3 | 4 => end_one(keeper, random),
        5 | 6 => replace_one(keeper, random),
        7 => go_away(keeper, random),
        8 => delete_while_uploading(keeper, random),
        _ => upload_one(keeper, random),
    }
}

fn upload_one(keeper: &Keeper<'_>, random: &mut fastrand::Rng) -> Told<()> {
    let id = keeper.create("raw")?;
    keeper.upload(&id, content(random), way(random))?.expect(204);
    keeper.ledger.give_back(&id);
    Ok(())
}

/// Data for an image that an upload was broken off for, or that has had none yet.
fn upload_again(keeper: &Keeper<'_>, random: &mut fastrand::Rng) -> Told<()> {
    let Some(id) = keeper.ledger.take(random, |state| state == State::Queued) else { return Ok(()) };
    keeper.upload(&id, content(random), way(random))?.expect(204);
    keeper.ledger.give_back(&id);
    Ok(())
}

fn end_one(keeper: &Keeper<'_>, random: &mut fastrand::Rng) -> Told<()> {
    let Some(id) = keeper.ledger.take(random, |state| state != State::Gone) else { return Ok(()) };
    keeper.delete(&id)?.expect(204);
    Ok(())
}

/// A new image in the place of another, in whatever store.
fn replace_one(keeper: &Keeper<'_>, random: &mut fastrand::Rng) -> Told<()> {
    end_one(keeper, random)?;
    upload_one(keeper, random)
}

fn go_away(keeper: &Keeper<'_>, random: &mut fastrand::Rng) -> Told<()> {
    let id = keeper.create("raw")?;
    keeper.cut_off(&id, content(random), way(random).store);
    Ok(())
}

/// Whoever is first wins; the image is gone in the end, and its data with it.
fn delete_while_uploading(keeper: &Keeper<'_>, random: &mut fastrand::Rng) -> Told<()> {
    let id = keeper.create("raw")?;
    let (content, way) = (content(random), way(random));
    keeper.ledger.may_be(&id, &[State::Queued, State::Active(content), State::Gone]);
    let (uploaded, deleted) = thread::scope(|scope| {
        let upload = scope.spawn(|| keeper.put(&id, content, way));
        let deleted = keeper.client.request("DELETE", &format!("/v2/images/{id}")).try_send();
        (upload.join().unwrap(), deleted.map_err(|_| Gone))
    });
    if uploaded.as_ref().is_ok_and(|answer| answer.status == 204) {
        keeper.ledger.may_be(&id, &[State::Active(content), State::Gone]);
    }
    deleted?.expect(204);
    keeper.ledger.may_be(&id, &[State::Gone]);
    let status = uploaded?.status;
    assert!(matches!(status, 204 | 404 | 410), "an upload to an image that is being deleted: {status}");
    Ok(())
}
