//! The PROXY protocol, versions 1 and 2: what a load balancer says of its client before anything else on a connection.
//!
//! The bytes are taken off the connection exactly, so that nothing stands between HTTP and the socket afterwards.

use ppp::{HeaderResult, v1, v2};
use std::{io, net::SocketAddr};
use tokio::{io::AsyncReadExt, net::TcpStream};

/// Both versions are longer, and differ within it.
const START: usize = 12;
const V2_SIGNATURE: [u8; START] = *b"\r\n\r\n\0\r\nQUIT\n";
/// What of a header of version 2 says how long it is.
const V2_FIXED: usize = 16;
/// Addresses take 36 bytes, and balancers add little to them.
const V2_LONGEST: usize = 2048;
/// By the specification.
const V1_LONGEST: usize = 107;

/// Reads the header. `None` where the balancer speaks for itself, as in its health checks.
pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Option<SocketAddr>> {
    let mut header = vec![0; START];
    stream.read_exact(&mut header).await?;
    if header == V2_SIGNATURE {
        read_v2(stream, &mut header).await?
    } else {
        read_v1(stream, &mut header).await?
    }
    match HeaderResult::parse(&header) {
        HeaderResult::V1(Ok(header)) => Ok(match header.addresses {
            v1::Addresses::Tcp4(ends) => Some((ends.source_address, ends.source_port).into()),
            v1::Addresses::Tcp6(ends) => Some((ends.source_address, ends.source_port).into()),
            v1::Addresses::Unknown => None,
        }),
        HeaderResult::V2(Ok(header)) => Ok(match (header.command, header.addresses) {
            (v2::Command::Proxy, v2::Addresses::IPv4(ends)) => Some((ends.source_address, ends.source_port).into()),
            (v2::Command::Proxy, v2::Addresses::IPv6(ends)) => Some((ends.source_address, ends.source_port).into()),
            _ => None,
        }),
        HeaderResult::V1(Err(error)) => Err(malformed(error)),
        HeaderResult::V2(Err(error)) => Err(malformed(error)),
    }
}

async fn read_v2(stream: &mut TcpStream, header: &mut Vec<u8>) -> io::Result<()> {
    header.resize(V2_FIXED, 0);
    stream.read_exact(&mut header[START..]).await?;
    let rest = usize::from(u16::from_be_bytes([header[14], header[15]]));
    if V2_FIXED + rest > V2_LONGEST {
        return Err(malformed("its header is too long"));
    }
    header.resize(V2_FIXED + rest, 0);
    stream.read_exact(&mut header[V2_FIXED..]).await.map(drop)
}

/// Up to the end of the line, and no byte further.
async fn read_v1(stream: &mut TcpStream, header: &mut Vec<u8>) -> io::Result<()> {
    if !header.starts_with(b"PROXY ") {
        return Err(malformed("there is none"));
    }
    while !header.ends_with(b"\n") {
        if header.len() >= V1_LONGEST {
            return Err(malformed("its header is too long"));
        }
        let start = header.len();
        header.resize(V1_LONGEST, 0);
        let ahead = stream.peek(&mut header[start..]).await?;
        if ahead == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = header[start..start + ahead].iter().position(|byte| *byte == b'\n').map_or(ahead, |end| end + 1);
        header.truncate(start + line);
        stream.read_exact(&mut header[start..]).await?;
    }
    Ok(())
}

fn malformed(why: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("PROXY protocol: {why}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::{io::AsyncWriteExt, net::TcpListener};

    /// What is read of these pieces, and of what follows them on the connection.
    async fn received(pieces: &[&[u8]]) -> (io::Result<Option<SocketAddr>>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.set_nodelay(true).unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let send = async {
            for piece in pieces {
                client.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
            client.shutdown().await.unwrap();
        };
        let (result, ()) = tokio::join!(read(&mut stream), send);
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        (result, rest)
    }

    fn v2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&V2_SIGNATURE[..], &[0x20 | command, family], &length, body].concat()
    }

    #[tokio::test]
    async fn both_versions_tell_the_client_and_leave_the_rest_alone() {
        let ipv4 = v2(1, 0x11, &[203, 0, 113, 7, 192, 0, 2, 1, 0xd7, 0x53, 0x24, 0x4c]);
        let with_more = v2(1, 0x11, &[203, 0, 113, 7, 192, 0, 2, 1, 0xd7, 0x53, 0x24, 0x4c, 4, 0, 1, 0]);
        let mut ends = [0; 36];
        ends[..2].copy_from_slice(&[0x20, 0x01]);
        ends[15] = 7;
        ends[32..34].copy_from_slice(&[0xd7, 0x53]);
        let ipv6 = v2(1, 0x21, &ends);
        for (header, client) in [
            (&b"PROXY TCP4 203.0.113.7 192.0.2.1 55123 9292\r\n"[..], Some("203.0.113.7:55123")),
            (b"PROXY TCP6 2001::7 2001::1 55123 9292\r\n", Some("[2001::7]:55123")),
            (b"PROXY UNKNOWN\r\n", None),
            (b"PROXY UNKNOWN whatever it knows\r\n", None),
            (&ipv4, Some("203.0.113.7:55123")),
            (&with_more, Some("203.0.113.7:55123")),
            (&ipv6, Some("[2001::7]:55123")),
            (&v2(0, 0, &[]), None),
        ] {
            let client: Option<SocketAddr> = client.map(|client| client.parse().unwrap());
            let (result, rest) = received(&[header, b"GET / HTTP/1.1\r\n\r\n"]).await;
            assert_eq!((result.unwrap(), &rest[..]), (client, &b"GET / HTTP/1.1\r\n\r\n"[..]), "{header:?}");
            let bytes: Vec<_> = header.chunks(1).collect();
            assert_eq!(received(&bytes).await.0.unwrap(), client, "byte by byte: {header:?}");
        }
    }

    #[tokio::test]
    async fn whatever_else_comes_is_no_header() {
        let endless = [b"PROXY TCP4 ".to_vec(), vec![b'1'; 200]].concat();
        let large = v2(1, 0x11, &[0; 4096]);
        for bytes in [
            &b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"[..],
            b"PROXY TCP4 nobody 192.0.2.1 1 2\r\n",
            b"PROXY TCP4 203.0.113.7 192.0.2.1 55123 9292",
            b"\r\n\r\n\0\r\nQUIT\n",
            b"\r\n\r\n\0\r\nQUIT\n\x11\x11\0\0",
            b"",
            &endless,
            &large,
            &v2(1, 0x11, &[1, 2, 3]),
        ] {
            let (result, _) = received(&[bytes]).await;
            assert!(result.is_err(), "{bytes:?}: {result:?}");
        }
    }
}
