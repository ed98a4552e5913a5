//! Rows as syslog messages (RFC 5424).

use std::{
    io::{Error, Read, Write},
    net::{Shutdown, TcpStream, ToSocketAddrs},
    os::unix::net::UnixDatagram,
    time::Duration,
};

use super::{Syslog, sink::Line};

/// Facility 13 (log audit), severity 6 (informational): 13 * 8 + 6.
const PRIORITY: u8 = 110;
/// For connecting, and between two writes or reads.
const DEADLINE: Duration = Duration::from_secs(5);
/// MSGID has at most so many characters (RFC 5424 §6).
const MSGID: usize = 32;

/// Sends all of them, or fails.
pub(super) async fn send(server: &Syslog, lines: &[Line]) -> Result<(), super::sink::NotSent> {
    let host = host();
    let messages: Vec<String> = lines.iter().map(|line| message(line, &host)).collect();
    let server = server.clone();
    // Few messages, and nothing waits for them: a thread that may block is simpler than a connection of tasks.
    let sent = tokio::task::spawn_blocking(move || deliver(&server, &messages)).await;
    Ok(sent.map_err(Error::other)??)
}

fn deliver(server: &Syslog, messages: &[String]) -> Result<(), Error> {
    match server {
        Syslog::Unix(path) => {
            let socket = UnixDatagram::unbound()?;
            socket.set_write_timeout(Some(DEADLINE))?;
            messages.iter().try_for_each(|message| socket.send_to(message.as_bytes(), path).map(|_| ()))
        }
        Syslog::Tcp(address) => {
            let mut stream = connect(address)?;
            stream.write_all(&framed(messages))?;
            stream.shutdown(Shutdown::Write)?;
            until_closed(&mut stream)
        }
        Syslog::Tls { server, name, client } => {
            let name = rustls::pki_types::ServerName::try_from(name.clone()).map_err(Error::other)?;
            let session = rustls::ClientConnection::new(client.clone(), name).map_err(Error::other)?;
            let mut stream = rustls::StreamOwned::new(session, connect(server)?);
            stream.write_all(&framed(messages))?;
            stream.conn.send_close_notify();
            stream.flush()?;
            stream.sock.shutdown(Shutdown::Write)?;
            until_closed(&mut stream)
        }
    }
}

fn connect(address: &str) -> Result<TcpStream, Error> {
    let mut failed = Error::other("the name has no address");
    for address in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, DEADLINE) {
            Ok(stream) => {
                stream.set_write_timeout(Some(DEADLINE))?;
                stream.set_read_timeout(Some(DEADLINE))?;
                return Ok(stream);
            }
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

/// Syslog has no answer: that the server closes too, and does not reset, is the best sign that it has read.
fn until_closed(stream: &mut impl Read) -> Result<(), Error> {
    let mut rest = [0; 64];
    loop {
        match stream.read(&mut rest) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return Err(error),
            // It keeps its side open, or ended TLS without a word: what was written has arrived.
            Err(_) => return Ok(()),
        }
    }
}

/// Each message with its length before it (RFC 6587 §3.4.1, RFC 5425 §4.3).
fn framed(messages: &[String]) -> Vec<u8> {
    messages.iter().flat_map(|message| format!("{} {message}", message.len()).into_bytes()).collect()
}

fn message(line: &Line, host: &str) -> String {
    let kind: String = line.event.chars().filter(char::is_ascii_graphic).take(MSGID).collect();
    let process = std::process::id();
    format!("<{PRIORITY}>1 {} {host} stepgate {process} {kind} - {}", line.at, line.json)
}

/// The machine's name, or `-`.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name.trim().chars().filter(char::is_ascii_graphic).take(255).collect();
    if name.is_empty() { "-".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_the_shape_of_rfc_5424() {
        let line = Line {
            seq: 1,
            id: "i".into(),
            event: "factor-added".into(),
            at: "2023-11-14T22:13:20.123Z".into(),
            json: "{\"a\":1}".into(),
        };
        let said = message(&line, "node-1");
        let process = std::process::id();
        assert_eq!(
            said,
            format!("<110>1 2023-11-14T22:13:20.123Z node-1 stepgate {process} factor-added - {{\"a\":1}}")
        );
        assert_eq!(framed(&["ab".into(), "c".into()]), b"2 ab1 c");
    }
}
