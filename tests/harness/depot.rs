use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    thread,
};

/// A web server of files, out of this process, for stores that read from the web.
#[derive(Debug)]
pub struct Depot {
    address: SocketAddr,
    shelf: Arc<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    files: Mutex<BTreeMap<String, Vec<u8>>>,
    /// Whether the second half of every file is kept back, and how many wait for it.
    held: Mutex<(bool, usize)>,
    changed: Condvar,
}

impl Depot {
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let depot = Self { address: listener.local_addr().unwrap(), shelf: Arc::default() };
        let shelf = depot.shelf.clone();
        // Ends with the process: nothing can be told to a thread that accepts.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shelf = shelf.clone();
                thread::spawn(move || shelf.answer(&client));
            }
        });
        depot
    }

    /// Lays a file out, and gives its URL.
    pub fn put(&self, name: &str, data: &[u8]) -> String {
        self.shelf.files.lock().unwrap().insert(format!("/{name}"), data.to_owned());
        format!("http://{}/{name}", self.address)
    }

    /// Keeps the second half of every file back.
    pub fn hold(&self) {
        self.shelf.held.lock().unwrap().0 = true;
    }

    /// Waits until somebody waits for a second half.
    pub fn reached(&self) {
        let held = self.shelf.held.lock().unwrap();
        drop(self.shelf.changed.wait_while(held, |(_, waiting)| *waiting == 0).unwrap());
    }

    pub fn release(&self) {
        self.shelf.held.lock().unwrap().0 = false;
        self.shelf.changed.notify_all();
    }
}

impl Shelf {
    /// One request; whoever hangs up is let go.
    fn answer(&self, mut client: &TcpStream) {
        let mut head = Vec::new();
        for line in BufReader::new(client).lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
            head.push(line);
        }
        let mut words = head.first().map(String::as_str).unwrap_or_default().split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let Some(file) = self.files.lock().unwrap().get(path).cloned() else {
            client.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok();
            return;
        };
        let (status, part, range) = match range_of(&head, file.len()) {
            Some((first, end)) => {
                let range = format!("Content-Range: bytes {first}-{}/{}\r\n", end.max(1) - 1, file.len());
                ("206 Partial Content", &file[first..end], range)
            }
            None => ("200 OK", &file[..], String::new()),
        };
        let length = part.len();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nAccept-Ranges: bytes\r\n{range}Connection: close\r\n\r\n"
        );
        if client.write_all(head.as_bytes()).is_ok() && method == "GET" {
            let (first, second) = part.split_at(length / 2);
            client.write_all(first).ok();
            self.wait();
            client.write_all(second).ok();
        }
    }

    fn wait(&self) {
        let mut held = self.held.lock().unwrap();
        if held.0 {
            held.1 += 1;
            self.changed.notify_all();
            held = self.changed.wait_while(held, |(is_held, _)| *is_held).unwrap();
            held.1 -= 1;
        }
    }
}

fn range_of(head: &[String], len: usize) -> Option<(usize, usize)> {
    let (_, value) =
        head.iter().filter_map(|line| line.split_once(':')).find(|(n, _)| n.eq_ignore_ascii_case("range"))?;
    let (first, last) = value.trim().strip_prefix("bytes=")?.split_once('-')?;
    let end = last.parse::<usize>().map_or(len, |last| last + 1).min(len);
    let first = first.parse::<usize>().ok()?;
    (first <= end).then_some((first, end))
}
