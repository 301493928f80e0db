//! Objects that are files.

use crate::{
    case::{Check, Due, Stop, cases, ensure, refused},
    probe::{Probe, same},
};
use casement_sdk::{Kind, ObjectFile};
use std::io::{Read, Seek};

cases! { "file";
    holds_the_object: [OpenFile] FILE;
    of_nothing_is_none: [OpenFile] FILE;
    stays_whole: [Write, Delete, OpenFile] FILE_STAYS;
}

async fn open(p: &Probe, key: &str) -> Check<ObjectFile> {
    match p.store()?.open_file(key).await {
        Err(error) if error.kind() == Kind::Unsupported => {
            Err(Stop::Skipped("the store has no file for this object".to_owned()))
        }
        answer => answer.or_seen("`open_file`"),
    }
}

fn expect(opened: ObjectFile, data: &[u8]) -> Check {
    let ObjectFile { mut file, size } = opened;
    ensure!(size == data.len() as u64, "`open_file` told {size} bytes, and the object has {}", data.len());
    let mut bytes = Vec::new();
    let read = file.rewind().and_then(|()| file.read_to_end(&mut bytes));
    read.map_err(|error| Stop::Failed(format!("the file cannot be read: {error}")))?;
    same(data, &bytes, "the file")
}

async fn holds_the_object(p: &Probe) -> Check {
    let (key, data) = p.sample(100_003).await?;
    expect(open(p, &key).await?, &data)
}

async fn of_nothing_is_none(p: &Probe) -> Check {
    refused(
        p.store()?.open_file(&p.key("nothing")).await,
        &[Kind::NotFound, Kind::Unsupported],
        "`open_file` of nothing",
    )
    .map(drop)
}

async fn stays_whole(p: &Probe) -> Check {
    let (key, data) = p.put_new("file", 100_003).await?;
    let opened = open(p, &key).await?;
    p.store()?.delete(&key).await.or_seen("deleting an object whose file is open")?;
    expect(opened, &data.bytes())
}
