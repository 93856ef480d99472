//! What reads from outside, and what must hold of what it takes.

use std::cell::RefCell;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use server::geojson::read_features;
use server::photos::picture::{Picture, ThumbnailSize};
use server::photos::tus;
use server::registers::{Register, ZoneRegister};
use server::tables::read::read_table;
use sync_core::ids::{Incarnation, UserId};
use sync_core::policy::PolicyPack;
use sync_core::store::{DeviceStore, StoreError};
use sync_core::wire::cursor::Cursor;
use sync_core::wire::operation::{Operation, OperationFault, peek_id};
use sync_core::wire::problem::Problem;
use sync_core::wire::pull::PullAnswer;
use sync_core::wire::push::{PushRequest, PushResponse};
use tempfile::TempDir;
use uuid::Uuid;

use crate::corpus;
use crate::mutate::Form;

/// Something that reads.
pub struct Target {
    pub name: &'static str,
    pub form: Form,
    /// How many ordinary inputs one of these costs.
    pub cost: u64,
    pub corpus: fn() -> Vec<Vec<u8>>,
    /// Whether the input was taken; what should not be, otherwise.
    pub read: fn(&[u8]) -> Result<bool, String>,
}

pub const TARGETS: [Target; 12] = [
    Target { name: "operation", form: Form::Json, cost: 1, corpus: corpus::operations, read: operation },
    Target { name: "push", form: Form::Json, cost: 1, corpus: corpus::pushes, read: push },
    Target {
        name: "push_answer",
        form: Form::Json,
        cost: 4,
        corpus: corpus::push_answers,
        read: push_answer,
    },
    Target { name: "pull_page", form: Form::Json, cost: 4, corpus: corpus::pages, read: pull_page },
    Target { name: "problem", form: Form::Json, cost: 1, corpus: corpus::problems, read: problem },
    Target { name: "cursor", form: Form::Text, cost: 1, corpus: corpus::cursors, read: cursor },
    Target { name: "pack", form: Form::Text, cost: 10, corpus: corpus::packs, read: pack },
    Target { name: "picture", form: Form::Bytes, cost: 5, corpus: corpus::pictures, read: picture },
    Target { name: "upload_headers", form: Form::Text, cost: 1, corpus: upload_headers, read: tus_headers },
    Target { name: "csv_table", form: Form::Text, cost: 1, corpus: corpus::csv_tables, read: table },
    Target { name: "xlsx_table", form: Form::Archive, cost: 5, corpus: corpus::xlsx_tables, read: table },
    Target { name: "map", form: Form::Json, cost: 1, corpus: corpus::maps, read: map },
];

/// An operation that is taken is the same after it was written again; one that is not is known by its id if it has one.
fn operation(input: &[u8]) -> Result<bool, String> {
    match Operation::decode(input) {
        Ok(read) => {
            if peek_id(input) != Some(read.header.op_id) {
                return Err("the id that a refusal would name is another one".to_owned());
            }
            let written = match read.encode() {
                // Its own writing may be longer than what came.
                Err(OperationFault::TooLarge { .. }) => return Ok(true),
                written => written.map_err(|fault| fault.to_string())?,
            };
            let again = Operation::decode(&written).and_then(|again| again.encode());
            let again = again.map_err(|fault| fault.to_string())?;
            let value =
                |text: &[u8]| serde_json::from_slice::<Value>(text).map_err(|error| error.to_string());
            if same(&value(&written)?, &value(&again)?) {
                Ok(true)
            } else {
                Err(format!("{read:?} became another"))
            }
        }
        Err(_) => Ok(false),
    }
}

/// Whether two values are the same, but for the last place of a number: one written with more digits than a double has is
/// read to within one unit of it.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Number(one), Value::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() <= one.abs() * 4.0 * f64::EPSILON,
            (one, other) => one == other,
        },
        _ => one == other,
    }
}

fn push(input: &[u8]) -> Result<bool, String> {
    let Ok(request) = serde_json::from_slice::<PushRequest>(input) else { return Ok(false) };
    for raw in &request.operations {
        operation(raw.get().as_bytes())?;
    }
    Ok(true)
}

thread_local! {
    /// A device's store, used by input after input.
    static DEVICE: RefCell<Option<(TempDir, DeviceStore)>> = const { RefCell::new(None) };
}

/// The user of the golden files.
const USER: UserId = UserId(Uuid::from_u128(0xA));

/// Something on a device store, which must not fail by what came.
fn on_device<T>(what: impl FnOnce(&mut DeviceStore) -> Result<T, StoreError>) -> Result<bool, String> {
    DEVICE.with_borrow_mut(|device| {
        let (_, store) = device.get_or_insert_with(|| {
            let folder = TempDir::new().unwrap();
            let incarnation = Incarnation(Uuid::from_u128(0xB));
            let opened =
                DeviceStore::open(folder.path(), USER, incarnation, "2026-11-22T02:00:00Z".parse().unwrap());
            let mut store = opened.unwrap().store;
            for text in corpus::operations() {
                store.work.record(Operation::decode(&text).unwrap()).unwrap();
            }
            (folder, store)
        });
        match what(store) {
            Ok(_) => {}
            Err(StoreError::OtherUser { .. }) => return Ok(false),
            Err(error) => return Err(error.to_string()),
        }
        // What was taken must be readable, whatever it says.
        store.search("马村", None).map_err(|error| error.to_string())?;
        store.master().policies().map(drop).or_else(|error| match error {
            // Packs that contradict each other are said to.
            StoreError::Policies(_) => Ok(()),
            error => Err(error.to_string()),
        })?;
        store.work.counts().map_err(|error| error.to_string())?;
        store.work.operations(100).map_err(|error| error.to_string())?;
        Ok(true)
    })
}

fn push_answer(input: &[u8]) -> Result<bool, String> {
    let Ok(answer) = serde_json::from_slice::<PushResponse>(input) else { return Ok(false) };
    on_device(|store| store.work.apply_push_response(&answer))
}

fn pull_page(input: &[u8]) -> Result<bool, String> {
    match serde_json::from_slice::<PullAnswer>(input) {
        Ok(PullAnswer::Page(page)) => on_device(|store| store.apply_page(&page)),
        Ok(PullAnswer::Restart { .. }) => Ok(true),
        Err(_) => Ok(false),
    }
}

fn problem(input: &[u8]) -> Result<bool, String> {
    Ok(serde_json::from_slice::<Problem>(input).is_ok())
}

fn cursor(input: &[u8]) -> Result<bool, String> {
    let Ok(text) = std::str::from_utf8(input) else { return Ok(false) };
    match Cursor::decode(text) {
        Ok(cursor) if cursor.encode() == text => Ok(true),
        Ok(cursor) => Err(format!("{cursor:?} is written otherwise")),
        Err(_) => Ok(false),
    }
}

/// Every fault of a pack names a line that is there.
fn pack(input: &[u8]) -> Result<bool, String> {
    let Ok(source) = std::str::from_utf8(input) else { return Ok(false) };
    match PolicyPack::load(source, "fuzz.toml") {
        Ok(_) => Ok(true),
        Err(errors) => {
            let lines = source.bytes().filter(|byte| *byte == b'\n').count() + 1;
            match errors.0.iter().find(|error| error.at.line == 0 || error.at.line > lines) {
                Some(error) => Err(format!("{error} names no line of {lines}")),
                None if errors.0.is_empty() => Err("refused without a reason".to_owned()),
                None => Ok(false),
            }
        }
    }
}

fn picture(input: &[u8]) -> Result<bool, String> {
    match Picture::open(input) {
        Ok(picture) => {
            picture.thumbnail(ThumbnailSize::List).map(|_| true).map_err(|error| error.to_string())
        }
        Err(refusal) => {
            let _ = refusal.problem();
            Ok(false)
        }
    }
}

fn upload_headers() -> Vec<Vec<u8>> {
    let hash = "Y2E5NzgxMTJjYTFiYmRjYWZhYzIzMWIzOWEyM2RjNGRhNzg2ZWZmODE0N2M0ZTcyYjk4MDc3ODVhZmVlNDhiYg==";
    let head = format!(
        "tus-resumable: 1.0.0\nupload-length: 100\nupload-offset: 0\nupload-metadata: sha256 {hash},name YQ==\n\
         upload-checksum: sha256 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
    );
    vec![head.into()]
}

fn tus_headers(input: &[u8]) -> Result<bool, String> {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n') {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else { continue };
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value.trim_ascii()))
        {
            headers.append(name, value);
        }
    }
    let taken = tus::check_version(&headers).is_ok()
        & tus::upload_length(&headers).is_ok()
        & tus::upload_offset(&headers).is_ok()
        & tus::photo_hash(&headers).is_ok();
    match tus::ChunkChecksum::of(&headers) {
        Ok(Some(checksum)) => Ok(taken & checksum.matches(b"hello")),
        Ok(None) => Ok(taken),
        Err(_) => Ok(false),
    }
}

/// A table is read to its rows, or every fault has its place.
fn table(input: &[u8]) -> Result<bool, String> {
    let register = ZoneRegister::new(&"410804".parse().map_err(|_| "a district".to_owned())?);
    let headings = register.headings();
    match read_table(input, &headings) {
        Ok(table) => {
            let read = table.read_rows(|row| register.read(row, None));
            Ok(!read.rows.is_empty())
        }
        Err(faults) if faults.is_empty() => Err("refused without a reason".to_owned()),
        Err(_) => Ok(false),
    }
}

fn map(input: &[u8]) -> Result<bool, String> {
    if serde_json::from_slice::<Value>(input).is_err() {
        return Ok(false);
    }
    let register = ZoneRegister::new(&"410804".parse().map_err(|_| "a district".to_owned())?);
    let Ok(features) = read_features(input, &register.headings()) else { return Ok(false) };
    let outlines = features.outlines;
    let read = features.table.read_rows(|row| {
        let outline = outlines.get(&row.number()).cloned().unwrap_or(Ok(None));
        register.read(row, Some(outline))
    });
    Ok(!read.rows.is_empty())
}
