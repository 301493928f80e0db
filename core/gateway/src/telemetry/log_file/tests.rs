#![allow(clippy::unwrap_used)]

use super::*;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

struct Site {
    folder: TempDir,
    complaints: Arc<Mutex<Vec<String>>>,
}

impl Site {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), complaints: Arc::default() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("casement.log")
    }

    fn open(&self, max_size: u64, keep: usize) -> LogFile {
        self.open_at(&self.path(), max_size, keep)
    }

    fn open_at(&self, path: &Path, max_size: u64, keep: usize) -> LogFile {
        let complaints = self.complaints.clone();
        LogFile::open(path.into(), max_size, keep, move |text| complaints.lock().unwrap().push(text.into())).unwrap()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    /// What was put aside, the oldest first.
    fn aside(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| is_aside(&self.path(), name));
        names.sort();
        names.iter().map(|name| fs::read_to_string(self.folder.path().join(name)).unwrap()).collect()
    }

    fn complaints(&self) -> Vec<String> {
        self.complaints.lock().unwrap().clone()
    }
}

fn write(log: &mut LogFile, lines: impl IntoIterator<Item = &'static str>) {
    for line in lines {
        log.write_all(line.as_bytes()).unwrap();
    }
}

#[test]
fn a_file_goes_on_where_the_last_process_ended() {
    let site = Site::new();
    write(&mut site.open(100, 3), ["one\n"]);
    write(&mut site.open(100, 3), ["two\n"]);
    assert_eq!(site.text(), "one\ntwo\n");
    // Its size counts from the start.
    write(&mut site.open(8, 3), ["three\n"]);
    assert_eq!((site.text().as_str(), site.aside()), ("three\n", vec!["one\ntwo\n".to_owned()]));
}

#[test]
fn a_large_file_is_put_aside_between_two_lines_and_only_so_many_are_kept() {
    let site = Site::new();
    let mut log = site.open(10, 2);
    write(&mut log, ["11111\n", "222\n", "33333\n", "44444\n", "a line beyond the limit\n", "6\n"]);
    assert_eq!(site.text(), "6\n");
    assert_eq!(site.aside(), ["44444\n", "a line beyond the limit\n"]);
    assert!(site.complaints().is_empty());
}

#[test]
fn none_is_kept_where_none_is_wanted() {
    let site = Site::new();
    write(&mut site.open(4, 0), ["one\n", "two\n"]);
    assert_eq!((site.text().as_str(), site.aside()), ("two\n", vec![]));
}

#[test]
fn other_files_in_the_folder_are_left_alone() {
    let site = Site::new();
    let others = ["casement-old.log", "casement.log.1", "casement-20261126T091500Z.log", "other.log"];
    for other in others {
        fs::write(site.folder.path().join(other), "x").unwrap();
    }
    write(&mut site.open(4, 0), ["one\n", "two\n", "three\n"]);
    for other in others {
        assert!(site.folder.path().join(other).exists(), "{other}");
    }
}

#[test]
fn a_file_that_somebody_reads_is_put_aside_all_the_same() {
    let site = Site::new();
    let mut log = site.open(4, 3);
    write(&mut log, ["one\n"]);
    let reader = readers(&site.path());
    write(&mut log, ["two\n", "three\n"]);
    drop(reader);
    assert_eq!((site.text().as_str(), site.aside()), ("three\n", vec!["one\n".to_owned(), "two\n".to_owned()]));
    assert!(site.complaints().is_empty(), "{:?}", site.complaints());
}

/// Readers as there are; on Windows one more, which does not share the deletion of the file.
fn readers(path: &Path) -> Vec<File> {
    let mut readers = vec![File::open(path).unwrap()];
    #[cfg(all(windows, test))]
    {
        use std::os::windows::fs::OpenOptionsExt;
        const FILE_SHARE_READ_AND_WRITE: u32 = 1 | 2;
        readers.push(OpenOptions::new().read(true).share_mode(FILE_SHARE_READ_AND_WRITE).open(path).unwrap());
    }
    readers.shrink_to_fit();
    readers
}

#[test]
fn a_file_that_cannot_be_put_aside_goes_on_and_is_tried_again() {
    let site = Site::new();
    let folder = site.folder.path().join("gone");
    fs::create_dir(&folder).unwrap();
    let path = folder.join("casement.log");
    let mut log = site.open_at(&path, 4, 3);
    write(&mut log, ["one\n"]);
    fs::remove_file(&path).unwrap();
    write(&mut log, ["two\n", "three\n"]);
    // Somebody took it away: there was nothing to put aside, and it is made anew.
    assert_eq!(site.complaints().len(), 1, "{:?}", site.complaints());
    assert_eq!(fs::read_to_string(&path).unwrap(), "three\n");
}

#[cfg(all(unix, test))]
#[test]
fn a_full_disk_costs_lines_and_nothing_else_and_is_told_once() {
    let site = Site::new();
    let mut log = site.open_at(Path::new("/dev/full"), 1 << 20, 3);
    write(&mut log, ["one\n", "two\n", "three\n"]);
    let complaints = site.complaints();
    assert_eq!(complaints.len(), 1, "{complaints:?}");
    assert!(complaints[0].contains("/dev/full") && complaints[0].contains("lines are lost"), "{complaints:?}");
    assert_eq!(log.lost, 3);
    // There is room again.
    log.path = site.path();
    log.file = None;
    write(&mut log, ["four\n"]);
    assert_eq!(site.text(), "four\n");
    assert!(site.complaints()[1].ends_with("lines that were lost: 3"), "{:?}", site.complaints());
}
