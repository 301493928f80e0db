//! Lets a test take a server away for as long as the test holds a connection. It says `kill s3` or `freeze s3`, and is
//! answered `done`; when it shuts its side down, or is gone, the server comes back, and it is answered `runs`.
//!
//! One connection is heard after the other, so that no test takes a server away on which another one has just begun to wait.

use super::{Server, lock};
use crate::Result;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

type Servers = Arc<Mutex<Vec<Server>>>;

pub(super) fn listen(servers: Servers) -> Result<SocketAddr> {
    let cannot = |err: std::io::Error| format!("nobody can be heard: {err}");
    let listener = TcpListener::bind("127.0.0.1:0").map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    // It ends with the process: a server that it has started again would end with it.
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            if let Err(text) = hear(&client, &servers) {
                eprintln!("{text}");
                // Whoever has hung up does not want to know.
                writeln!(&client, "{text}").ok();
            }
        }
    });
    Ok(address)
}

fn hear(mut client: &TcpStream, servers: &Servers) -> Result<()> {
    let mut order = String::new();
    let mut input = BufReader::new(client);
    input.read_line(&mut order).map_err(|err| err.to_string())?;
    let (verb, name) = order.trim().split_once(' ').ok_or_else(|| format!("no order: {order}"))?;
    with(servers, name, |server| match verb {
        "kill" => server.daemon.kill(),
        "freeze" => server.daemon.signal("STOP"),
        _ => Err(format!("no order: {order}")),
    })?;
    // It waits for the end, whoever brings it about.
    writeln!(client, "done").and_then(|()| input.read_to_end(&mut Vec::new())).ok();
    with(servers, name, |server| {
        if verb == "kill" {
            server.daemon.start_again()?;
        } else {
            server.daemon.signal("CONT")?;
        }
        server.wait()
    })?;
    writeln!(client, "runs").ok();
    Ok(())
}

fn with(servers: &Servers, name: &str, act: impl FnOnce(&mut Server) -> Result<()>) -> Result<()> {
    let mut servers = lock(servers);
    let server = servers.iter_mut().find(|server| server.daemon.name() == name);
    act(server.ok_or_else(|| format!("no server {name}"))?)
}
