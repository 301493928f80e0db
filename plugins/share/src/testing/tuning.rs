//! How much a store moves at once.
#![allow(clippy::unwrap_used)]

use super::{Script, faulty, options, put, store};
use casement_sdk::{
    Range,
    blocking::{Backend, Reader},
};

const MIB: usize = 1 << 20;

/// The size of chunk that a store asks for; and how many writes and reads such a chunk takes.
fn moved(script: &Script, chunk_size: Option<u64>, writes_in_flight: Option<u32>) -> (usize, usize, usize) {
    let root = tempfile::tempdir().unwrap();
    let mut options = options(&[root.path()]);
    (options.chunk_size, options.writes_in_flight) = (chunk_size, writes_in_flight);
    let store = store(faulty(script), options).unwrap();
    let chunk_size = store.capabilities().chunk_size as usize;
    let chunk: Vec<u8> = (0..chunk_size).map(|at| (at % 251) as u8).collect();
    let before = script.calls().len();
    put(&store, "id", &[&chunk]).unwrap();
    let writes = script.calls()[before..].iter().filter(|call| **call == "write").count();

    let mut reader = store.read("id", Range::default()).unwrap();
    let before = script.calls().len();
    let mut data = Vec::new();
    while let Some(piece) = reader.next().unwrap() {
        data.extend_from_slice(&piece);
    }
    assert!(data == chunk);
    (chunk_size, writes, script.calls().len() - before)
}

#[test]
fn a_server_gets_and_gives_more_at_once_than_a_disk() {
    assert_eq!(moved(&Script::default(), None, None), (MIB, 1, 1));
    assert_eq!(moved(&Script::default().on_a_share(), None, None), (4 * MIB, 4, 1));
}

#[test]
fn what_is_configured_holds_on_a_disk_and_on_a_server() {
    for script in [Script::default(), Script::default().on_a_share()] {
        assert_eq!(moved(&script, Some(2 * MIB as u64), Some(3)), (2 * MIB, 3, 1));
    }
    assert_eq!(moved(&Script::default(), None, Some(2)), (MIB, 2, 1));
    assert_eq!(moved(&Script::default().on_a_share(), Some(MIB as u64), None), (MIB, 4, 1));
}
