//! A small HTTP client that can misbehave: what it sends is bytes.

#![allow(dead_code, clippy::unwrap_used)]

use std::{
    io::{self, BufRead, BufReader, IoSlice, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header's value; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The problem's code; empty if it is none.
    pub(crate) fn code(&self) -> String {
        match self.header("content-type") {
            "application/problem+json" => self.json()["code"].as_str().unwrap().to_owned(),
            _ => String::new(),
        }
    }
}

/// A connection that is kept open between requests.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    closed: bool,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream
            .set_write_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        Self {
            stream: BufReader::new(stream),
            closed: false,
        }
    }

    /// True once the server has said that it closes the connection.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Sends a whole request and reads the answer.
    pub(crate) fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: test\r\n");
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() || method == "POST" {
            request += &format!("content-length: {}\r\n", body.len());
        }
        request += "\r\n";
        // Sent as it lies: a copy of a photo would be counted against the service that is measured. At
        // once: a service that refuses by the header alone closes a connection whose body is still to come.
        let parts = [IoSlice::new(request.as_bytes()), IoSlice::new(body)];
        let sent = self.stream.get_mut().write_vectored(&parts)?;
        self.send(&request.as_bytes()[sent.min(request.len())..])?;
        self.send(&body[sent.saturating_sub(request.len())..])?;
        self.answer(method == "HEAD")
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Ends this side of the connection.
    pub(crate) fn end(&mut self) {
        let _ = self.stream.get_mut().shutdown(Shutdown::Write);
    }

    /// Reads an answer.
    pub(crate) fn answer(&mut self, head: bool) -> io::Result<Answer> {
        let status_line = self.line()?;
        let broken = || io::Error::new(io::ErrorKind::InvalidData, status_line.clone());
        let status = status_line
            .split(' ')
            .nth(1)
            .and_then(|s| s.parse().ok())
            .ok_or_else(broken)?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            match line.split_once(':') {
                None => break,
                Some((name, value)) => {
                    headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
                }
            }
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        self.closed |= answer.header("connection") == "close";
        let length: usize = answer.header("content-length").parse().unwrap_or(0);
        if !head {
            answer.body.resize(length, 0);
            self.stream.read_exact(&mut answer.body)?;
        }
        Ok(answer)
    }

    /// Everything until the server ends the connection.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = self.stream.read_to_end(&mut bytes);
        bytes
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }
}

/// One request on a connection of its own.
pub(crate) fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    Client::new(address)
        .ask(method, path, headers, body)
        .unwrap()
}
