//! One client's requests, one after the other.

use super::{
    Fault, Shared,
    message::{Body, Head},
};
use std::{
    io::{self, BufReader, Error, Write},
    net::{Shutdown, TcpStream},
    thread,
};

/// Each request gets a connection of its own to the server, so that the server never ends one just when the next request
/// comes, which would be a fault that no test has asked for.
pub(super) fn serve(client: &TcpStream, server: &str, shared: &Shared) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut input = BufReader::new(client);
    while let Some(request) = Head::read(&mut input)? {
        let (fault, lifted) = shared.judge(request.word(0), request.word(1));
        let mut exchange = Exchange { client, input: &mut input, shared, fault, lifted };
        if !exchange.run(&request, server)? || request.closes() {
            break;
        }
    }
    Ok(())
}

struct Exchange<'a, 'c> {
    client: &'c TcpStream,
    input: &'a mut BufReader<&'c TcpStream>,
    shared: &'a Shared,
    fault: Option<Fault>,
    lifted: usize,
}

impl Exchange<'_, '_> {
    /// Whether there may be another request on the same connection.
    fn run(&mut self, request: &Head, server: &str) -> io::Result<bool> {
        match self.fault {
            Some(Fault::Cut) => return Ok(false),
            Some(Fault::Hold) => self.shared.hold(self.lifted),
            Some(Fault::Delay(pause)) => thread::sleep(pause),
            Some(Fault::Answer(status, headers, body)) => {
                request.request_body().pass(self.input, &mut io::sink(), u64::MAX)?;
                let length = body.len();
                let answer = format!("HTTP/1.1 {status} A fault\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
                self.client.write_all(answer.as_bytes())?;
                return Ok(true);
            }
            _ => {}
        }
        let server = TcpStream::connect(server)?;
        server.set_nodelay(true)?;
        request.write(&mut &server)?;
        match self.pass_request(request.request_body(), &server) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            // The server has had enough, and says why; or the client is gone, and the server learns of it.
            Err(_) => server.shutdown(Shutdown::Write)?,
        }
        self.pass_answer(request.word(0), &server)
    }

    /// False when it was cut.
    fn pass_request(&mut self, body: Body, mut server: &TcpStream) -> io::Result<bool> {
        let (most, holds) = match self.fault {
            Some(Fault::CutRequest(most)) => (most, false),
            Some(Fault::HoldRequest(most)) => (most, true),
            _ => (u64::MAX, false),
        };
        let cut = body.pass(self.input, &mut server, most)?.is_some();
        if cut && holds {
            self.shared.hold(self.lifted);
        }
        Ok(!cut)
    }

    fn pass_answer(&mut self, method: &str, server: &TcpStream) -> io::Result<bool> {
        let mut server = BufReader::new(server);
        let mut head = Head::read(&mut server)?.ok_or_else(|| Error::other("no answer"))?;
        while head.word(1).starts_with('1') {
            head.write(&mut self.client)?;
            head = Head::read(&mut server)?.ok_or_else(|| Error::other("no last answer"))?;
        }
        let body = head.answer_body(method);
        let (most, holds) = match self.fault {
            Some(Fault::LoseAnswer) => {
                // Its end tells that the work is done.
                body.pass(&mut server, &mut io::sink(), u64::MAX)?;
                return Ok(false);
            }
            Some(Fault::ETag(other)) => {
                head.replace("ETag", other);
                (u64::MAX, false)
            }
            Some(Fault::CutAnswer(most)) => (most, false),
            Some(Fault::HoldAnswer(most)) => (most, true),
            _ => (u64::MAX, false),
        };
        head.write(&mut self.client)?;
        match body.pass(&mut server, &mut self.client, most)? {
            Some(_) if !holds => return Ok(false),
            Some(rest) => {
                self.shared.hold(self.lifted);
                rest.pass(&mut server, &mut self.client, u64::MAX)?;
            }
            None => {}
        }
        Ok(body != Body::Rest && !head.closes())
    }
}
