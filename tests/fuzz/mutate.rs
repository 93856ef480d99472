//! Bending: of sound inputs, by bytes and by what their form consists of.

use std::io::{Cursor, Read, Write};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value, json};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// What an input is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Bytes, such as a picture.
    Bytes,
    /// Text by lines and words, such as a table or a pack.
    Text,
    /// JSON.
    Json,
    /// A ZIP archive of texts, as an XLSX is.
    Archive,
}

/// Pieces that readers stumble over.
const TOKENS: [&str; 40] = [
    "",
    "\0",
    "\u{feff}",
    "\r",
    "\n\n",
    "\t",
    "\"",
    "\"\"",
    "'",
    "\\",
    "\\ud800",
    "\u{202e}",
    "𠮷",
    "é",
    "，",
    "-0",
    "-1",
    "0",
    "1e999",
    "-1e-999",
    "NaN",
    "Infinity",
    "9007199254740993",
    "18446744073709551616",
    "-9223372036854775809",
    "0x10",
    "1_000",
    "２０２６",
    "2026-02-30",
    "0000-00-00",
    "9999-12-31T23:59:60Z",
    "1970-01-01T00:00:00Z",
    "null",
    "true",
    "[[[[",
    "}}}}",
    "=1+1",
    ";",
    ",,,,",
    "[[items]]",
];

/// Bytes beyond which an input is not made longer.
const LONG: usize = 256 * 1024;

/// A sound input bent some times.
pub fn mutated(corpus: &[Vec<u8>], form: Form, random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut input = corpus[random.random_range(0..corpus.len())].clone();
    for _ in 0..random.random_range(1..=4) {
        if input.len() > LONG {
            break;
        }
        let by_form = random.random_bool(0.7);
        input = match form {
            Form::Json if by_form => bent_json(&input, random).unwrap_or(input),
            Form::Archive if by_form => bent_archive(&input, random).unwrap_or(input),
            Form::Text | Form::Json if by_form || random.random_bool(0.5) => bent_text(input, random),
            _ => bent_bytes(input, corpus, random),
        };
    }
    input
}

/// A place between 0 and `length`, both included.
fn place(length: usize, random: &mut ChaCha8Rng) -> usize {
    random.random_range(0..=length)
}

fn span(length: usize, random: &mut ChaCha8Rng) -> std::ops::Range<usize> {
    let start = place(length, random);
    let most = if random.random_bool(0.8) { 16 } else { length };
    start..(start + random.random_range(0..=most)).min(length)
}

fn bent_bytes(mut input: Vec<u8>, corpus: &[Vec<u8>], random: &mut ChaCha8Rng) -> Vec<u8> {
    if input.is_empty() {
        return vec![random.random()];
    }
    // Most of what a reader decides by stands at the beginning.
    let length = if random.random_bool(0.5) { input.len().min(512) } else { input.len() };
    let at = random.random_range(0..length);
    match random.random_range(0..9) {
        0 => input[at] ^= 1 << random.random_range(0..8),
        1 => input[at] = [0, 1, 0x7f, 0x80, 0xff][random.random_range(0..5)],
        2 => input.truncate(at),
        3 => drop(input.drain(span(length, random))),
        4 => {
            let copied = input[span(length, random)].to_vec();
            input.splice(at..at, copied);
        }
        5 => {
            let other = &corpus[random.random_range(0..corpus.len())];
            let cut = place(other.len(), random);
            input.truncate(at);
            input.extend_from_slice(&other[cut..]);
        }
        6 => {
            let number: u32 = [0, 1, 0xffff, 0x7fff_ffff, u32::MAX][random.random_range(0..5)];
            let bytes = if random.random_bool(0.5) { number.to_be_bytes() } else { number.to_le_bytes() };
            input.splice(at..(at + 4).min(input.len()), bytes);
        }
        7 => {
            let token = TOKENS[random.random_range(0..TOKENS.len())];
            input.splice(at..at, token.bytes());
        }
        _ => input.extend(std::iter::repeat_n(random.random::<u8>(), random.random_range(1..2_000))),
    }
    input
}

/// Bends text where words begin and end.
fn bent_text(input: Vec<u8>, random: &mut ChaCha8Rng) -> Vec<u8> {
    let Ok(text) = String::from_utf8(input) else { return vec![0xff, 0xfe] };
    // Where words begin and end, and the two ends.
    let mut edges = vec![0];
    for ((at, here), before) in text.char_indices().skip(1).zip(text.chars()) {
        if here.is_alphanumeric() != before.is_alphanumeric() {
            edges.push(at);
        }
    }
    edges.push(text.len());
    edges.dedup();
    if edges.len() < 2 {
        return TOKENS[random.random_range(0..TOKENS.len())].repeat(random.random_range(1..40)).into_bytes();
    }
    let first = random.random_range(0..edges.len() - 1);
    let (start, end) = (edges[first], edges[first + 1]);
    let token = TOKENS[random.random_range(0..TOKENS.len())];
    let (head, after) = text.split_at(end);
    let (before, word) = head.split_at(start);
    let bent = match random.random_range(0..5) {
        0 => format!("{before}{token}{after}"),
        1 => format!("{before}{word}{token}{after}"),
        2 => {
            let most = (LONG / word.len()).clamp(2, 300);
            format!("{before}{}{after}", word.repeat(random.random_range(2..=most)))
        }
        3 => format!("{before}{after}"),
        _ => {
            // Another line in this one's place, or once more.
            let lines: Vec<&str> = text.lines().collect();
            let (one, other) = (random.random_range(0..lines.len()), random.random_range(0..lines.len()));
            let mut lines = lines;
            let line = lines[other];
            if random.random_bool(0.5) {
                lines[one] = line
            } else {
                lines.insert(one, line)
            }
            lines.join("\n")
        }
    };
    bent.into_bytes()
}

/// Bends a value of the document, or its place in it.
fn bent_json(input: &[u8], random: &mut ChaCha8Rng) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(input).ok()?;
    let mut places = Vec::new();
    collect_places(&document, String::new(), &mut places);
    let chosen = places[random.random_range(0..places.len())].clone();
    let donor = document.pointer(&places[random.random_range(0..places.len())])?.clone();
    let target = document.pointer_mut(&chosen)?;
    match random.random_range(0..5) {
        0 => *target = strange(random),
        1 => *target = donor,
        2 => match target {
            Value::Object(fields) => {
                let name = fields.keys().nth(random.random_range(0..fields.len().max(1)))?.clone();
                fields.remove(&name);
            }
            Value::Array(items) if !items.is_empty() => {
                let item = items[random.random_range(0..items.len())].clone();
                items.extend(std::iter::repeat_n(item, random.random_range(1..300)));
            }
            other => *other = Value::Null,
        },
        3 => match target {
            Value::Object(fields) => {
                fields.insert(TOKENS[random.random_range(0..TOKENS.len())].to_owned(), donor);
            }
            Value::String(text) => text.push_str(TOKENS[random.random_range(0..TOKENS.len())]),
            other => *other = strange(random),
        },
        _ => {
            // The same name twice.
            let text = serde_json::to_string(&document).ok()?;
            return Some(
                text.replacen('{', "{\"op_id\":1,\"op_id\":2,", random.random_range(1..3)).into_bytes(),
            );
        }
    }
    serde_json::to_vec(&document).ok()
}

fn collect_places(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect_places(value, format!("{at}/{name}"), places);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate().take(64) {
                collect_places(value, format!("{at}/{index}"), places);
            }
        }
        _ => {}
    }
    places.push(at);
}

fn strange(random: &mut ChaCha8Rng) -> Value {
    match random.random_range(0..12) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1),
        3 => json!(u64::MAX),
        4 => json!(i64::MIN),
        5 => json!(1e300),
        6 => json!(0.1 + f64::from(random.random::<u32>())),
        7 => json!([]),
        8 => Value::Object(Map::new()),
        9 => json!("长".repeat(random.random_range(1..5_000))),
        10 => {
            let depth = random.random_range(1..120);
            (0..depth).fold(json!(1), |inner, _| json!([inner]))
        }
        _ => json!(TOKENS[random.random_range(0..TOKENS.len())]),
    }
}

/// Bends one file in the archive, or the list of files.
fn bent_archive(input: &[u8], random: &mut ChaCha8Rng) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(input)).ok()?;
    let chosen = random.random_range(0..archive.len().max(1));
    let mut bent = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).ok()?;
        let mut content = Vec::new();
        file.read_to_end(&mut content).ok()?;
        let name = file.name().ok()?.into_owned();
        if index == chosen {
            match random.random_range(0..6) {
                0 => continue,
                1 => content = bent_bytes(content, &[input.to_vec()], random),
                _ => content = bent_text(content, random),
            }
        }
        bent.start_file(name, SimpleFileOptions::default()).ok()?;
        bent.write_all(&content).ok()?;
    }
    bent.finish().ok().map(Cursor::into_inner)
}
