//! A request's body is bounded in time, in bytes after decoding, and in what all of them take together.

use super::world::{LONG, Peer, asking, server, with};
use crate::client::{send, settings};
use std::io::Write;

const START: &str = "POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nx";

#[tokio::test]
async fn who_drips_a_body_is_gone() {
    let server = server(|limits| limits.body_timeout_ms = 100).await;
    let mut peer = Peer::of(&server).await;
    peer.send(START).await;
    assert_eq!(peer.drip(b'x').await.told(), (408, "REQUEST_TIMEOUT".into()));
}

#[tokio::test]
async fn a_body_that_is_not_there_within_the_deadline_is_the_callers_fault() {
    let mut settings = settings();
    (settings.deadline_ms, settings.limits.body_timeout_ms) = (100, LONG);
    let server = with(settings).await;
    let mut peer = Peer::of(&server).await;
    peer.send(START).await;
    assert_eq!(peer.drip(b'x').await.told(), (408, "REQUEST_TIMEOUT".into()));
}

#[tokio::test]
async fn long_bodies_wait_for_their_turn_and_short_ones_do_not() {
    let server = server(|limits| limits.bodies_bytes = 105_000).await;
    let post = |bytes: usize| format!("POST /length HTTP/1.1\r\nhost: x\r\ncontent-length: {bytes}\r\n\r\n");
    let mut first = Peer::of(&server).await;
    first.send(post(100_001)).await.send("x".repeat(100_000)).await;
    // Once the first has all been read, there is no room for another that is as long.
    let refused = loop {
        let mut second = Peer::of(&server).await;
        second.send(post(100_000)).await.send("x".repeat(100_000)).await;
        let reply = second.reply().await;
        if reply.status != 200 {
            break reply;
        }
    };
    assert_eq!(refused.told(), (503, "OVERLOADED".into()));
    assert!(refused.head.contains("retry-after: 1"), "{refused:?}");
    let mut short = Peer::of(&server).await;
    assert_eq!(short.send(post(10_000)).await.send("x".repeat(10_000)).await.reply().await.body, "10000");
    assert_eq!(first.send("x").await.reply().await.body, "100001");
    let mut third = Peer::of(&server).await;
    third.send(post(100_000)).await.send("x".repeat(100_000)).await;
    assert_eq!(third.reply().await.body, "100000", "what is over is not counted");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    // A frame (RFC 8878) of blocks that say one byte and how often it comes: nothing has to be compressed for it.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    let mut blocks = bytes.chunks(128 * 1024).peekable();
    while let Some(block) = blocks.next() {
        let last = u32::from(blocks.peek().is_none());
        let header = last | 1 << 1 | (block.len() as u32) << 3;
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.push(block[0]);
    }
    frame
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    // A stream (RFC 7932) that compresses nothing: meta-blocks of 65,536 bytes as they are.
    let mut bits = Bits::default();
    bits.push(0, 1); // a window of 16 bits
    for block in bytes.chunks(1 << 16) {
        bits.push(0, 1); // not the last
        bits.push(0, 2); // its length has four nibbles
        bits.push(block.len() as u32 - 1, 16);
        bits.push(1, 1); // not compressed
        bits.align();
        bits.bytes.extend_from_slice(block);
    }
    bits.push(0b11, 2); // the last, and empty
    bits.align();
    bits.bytes
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    filled: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        for bit in 0..count {
            if self.filled == 0 {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= ((value >> bit & 1) as u8) << self.filled;
            self.filled = (self.filled + 1) % 8;
        }
    }

    fn align(&mut self) {
        self.filled = 0;
    }
}

#[tokio::test]
async fn a_body_may_be_encoded_and_is_bounded_as_what_it_stands_for() {
    let server = server(|limits| limits.body_bytes = 200_000).await;
    let http = reqwest::Client::new();
    let post = async |encoding: &str, body: Vec<u8>| {
        send(http.post(format!("{}/length", server.url())).header("content-encoding", encoding).body(body))
            .await
    };
    type Encode = fn(&[u8]) -> Vec<u8>;
    let encoders: [(&str, Encode); 4] =
        [("gzip", gzip), ("zstd", zstd), ("br", brotli), ("identity", <[u8]>::to_vec)];
    for (encoding, encode) in encoders {
        let fine = post(encoding, encode(&[b'x'; 190_000])).await;
        assert_eq!((fine.status.as_u16(), fine.text.as_str()), (200, "190000"), "{encoding}");
        let long = post(encoding, encode(&[b'x'; 200_001])).await;
        assert_eq!((long.status.as_u16(), long.code()), (413, "PAYLOAD_TOO_LARGE".into()), "{encoding}");
    }
    // 64 MiB in a few bytes: what is unpacked is counted, and unpacking ends there.
    for (encoding, bomb) in [("gzip", gzip(&vec![0; 64 << 20])), ("zstd", zstd(&vec![0; 64 << 20]))] {
        assert!(bomb.len() < 70_000, "{encoding}: {}", bomb.len());
        let answer = post(encoding, bomb).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (413, "PAYLOAD_TOO_LARGE".into()), "{encoding}");
    }
    for encoding in ["gzip", "zstd", "br"] {
        let answer = post(encoding, b"this is not encoded".to_vec()).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, "BAD_REQUEST".into()), "{encoding}");
        assert!(answer.text.contains("Content-Encoding"), "{}", answer.text);
    }
    for encoding in ["deflate", "gzip, br", "", "GZIP "] {
        let answer = post(encoding, gzip(b"x")).await;
        assert_eq!(answer.status, 415, "{encoding}");
        assert_eq!(answer.code(), "UNSUPPORTED_CONTENT_ENCODING", "{encoding}");
        assert_eq!(answer.headers["accept-encoding"], "gzip, br, zstd");
    }
    let mut peer = Peer::of(&server).await;
    assert_eq!(peer.send(asking("/")).await.reply().await.body, "fine");
}
