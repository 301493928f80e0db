//! Files that all workers write to.

use crate::crew::builder;
use casement_tests::{Gateway, eventually};
use serde_json::Value;
use std::{fs, path::Path, sync::Arc, thread};

const CLIENTS: usize = 6;
const REQUESTS: usize = 25;

fn under_requests(gateway: &Gateway) {
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| (0..REQUESTS).for_each(|_| _ = gateway.member().create_raw("n")));
        }
    });
}

/// Every line of the files whose names begin so, as JSON.
fn lines(folder: &Path, prefix: &str) -> Result<Vec<Value>, String> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.file_name().unwrap().to_str().unwrap().starts_with(prefix) {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            lines.push(serde_json::from_str(line).map_err(|error| format!("{}: {error}: {line}", path.display()))?);
        }
    }
    Ok(lines)
}

#[test]
fn the_log_file_has_the_lines_of_all_workers_whole_also_when_it_is_put_aside() {
    let builder = builder(3);
    let folder = builder.folder().join("log");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("casement.log");
    let path = builder.path(&file);
    let builder =
        builder.more(&format!("[log]\nformat = \"json\"\nfile = '{path}'\nmax_size_bytes = 8192\nkeep = 1000"));
    let text = builder.config();
    let (gateway, _errors) = Gateway::start_with_log_file(Arc::new(builder.site(&text)), &file);
    under_requests(&gateway);
    eventually("every request is in the log", || {
        let lines = lines(&folder, "casement")?;
        let created = lines.iter().filter(|line| line["method"] == "POST" && line["status"] == 201);
        let ids: std::collections::BTreeSet<_> = created.map(|line| line["request_id"].to_string()).collect();
        if ids.len() == CLIENTS * REQUESTS { Ok(()) } else { Err(format!("{} of them", ids.len())) }
    });
    assert!(fs::read_dir(&folder).unwrap().count() > 3, "it was put aside");
}

#[test]
fn the_audit_log_has_the_entries_of_all_workers_whole() {
    let builder = builder(3);
    let folder = builder.folder().to_owned();
    let gateway = builder.more("[audit]\nfile = \"audit.jsonl\"").start();
    under_requests(&gateway);
    eventually("every request is in the audit log", || {
        let lines = lines(&folder, "audit.jsonl")?;
        let created = lines.iter().filter(|line| line["action"] == "add_image").count();
        if created == CLIENTS * REQUESTS { Ok(()) } else { Err(format!("{created} of them")) }
    });
}
