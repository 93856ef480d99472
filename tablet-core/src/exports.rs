//! What the worker imports. Everything is JSON text but bytes; a failure is thrown as the JSON of a `CallError`.

use std::panic;
use std::path::Path;

use serde::Serialize;
use sync_core::engine::{HttpResponse, TransportError};
use sync_core::field::{PhotoClaims, check_photo_format};
use sync_core::time::Instant;
use sync_core::wire::problem::Problem;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::error::CallError;
use crate::pool;
use crate::session::{Identity, Opening, Session};

fn thrown(error: impl Into<CallError>) -> JsValue {
    let error = error.into();
    JsValue::from_str(&serde_json::to_string(&error).unwrap_or(error.code))
}

fn text<T: Serialize>(value: &T) -> Result<String, JsValue> {
    serde_json::to_string(value).map_err(thrown)
}

/// An instant of JavaScript's clock: milliseconds since 1970.
fn instant(millis: f64) -> Result<Instant, JsValue> {
    // A clock is within 2^53 whatever it shows.
    format!("{millis:.0}")
        .parse()
        .ok()
        .and_then(|millis| Instant::from_millisecond(millis).ok())
        .ok_or_else(|| thrown(CallError::own("internal", "the clock shows no time")))
}

/// Takes the pool of database files; once a worker.
///
/// # Errors
/// `unsupported` where the browser has no such files or another worker holds them.
#[wasm_bindgen(js_name = takePool)]
pub async fn take_pool() -> Result<(), JsValue> {
    panic::set_hook(Box::new(console_error_panic_hook::hook));
    pool::take().await.map_err(|error| thrown(CallError::own("unsupported", error)))
}

/// Makes room in the pool for what a user may open.
///
/// # Errors
/// `storage_full`, also before the pool is taken.
#[wasm_bindgen(js_name = makeRoom)]
pub async fn make_room() -> Result<(), JsValue> {
    pool::make_room().await.map_err(|error| thrown(CallError::own("storage_full", error)))
}

/// Names of the pool's files, as JSON.
///
/// # Errors
/// `internal` before the pool is taken.
#[wasm_bindgen(js_name = poolNames)]
pub fn pool_names() -> Result<String, JsValue> {
    text(&pool::names().map_err(|error| thrown(CallError::own("internal", error)))?)
}

/// Whether the first bytes are of a picture that is taken.
///
/// # Errors
/// `photo_unsupported_format`, `photo_not_an_image`.
#[wasm_bindgen(js_name = checkPhotoFormat)]
pub fn check_format(first_bytes: &[u8]) -> Result<(), JsValue> {
    check_photo_format(first_bytes).map_err(|kind| thrown(Problem::new(kind)))
}

/// When and where a picture says that it was taken, as JSON.
///
/// # Errors
/// None in practice.
#[wasm_bindgen(js_name = photoClaims)]
pub fn photo_claims(picture: &[u8]) -> Result<String, JsValue> {
    text(&PhotoClaims::read(picture))
}

/// The unlocked user's stores.
#[wasm_bindgen]
pub struct Tablet {
    session: Session,
}

#[wasm_bindgen]
impl Tablet {
    /// Opens a user's stores with the store key of 32 bytes; thoroughly after a call that failed with `damaged`.
    ///
    /// # Errors
    /// Those of opening.
    pub fn open(identity: &str, key: &[u8], thoroughly: bool, now: f64) -> Result<Tablet, JsValue> {
        let identity: Identity = serde_json::from_str(identity).map_err(thrown)?;
        let key = key.try_into().map_err(|_| thrown(CallError::own("internal", "a key has 32 bytes")))?;
        pool::set_key(Some(key));
        let opening = if thoroughly { Opening::Thoroughly } else { Opening::Quickly };
        let session = Session::open(identity, opening, instant(now)?).map_err(thrown)?;
        Ok(Self { session })
    }

    /// Made-up stores in memory to rehearse calls with while nobody is unlocked; to be freed, not closed.
    ///
    /// # Errors
    /// Those of opening.
    pub fn rehearsal(now: f64) -> Result<Tablet, JsValue> {
        let session = Session::rehearsal(Path::new(pool::REHEARSAL), instant(now)?).map_err(thrown)?;
        Ok(Self { session })
    }

    /// Closes the stores and forgets the key.
    pub fn close(self) {
        drop(self.session);
        pool::set_key(None);
    }

    /// Damaged files that opening set aside, as JSON.
    ///
    /// # Errors
    /// None in practice.
    #[wasm_bindgen(js_name = setAside)]
    pub fn set_aside(&self) -> Result<String, JsValue> {
        text(&self.session.set_aside())
    }

    /// Whether the stores hold nothing yet: no register and no work.
    ///
    /// # Errors
    /// Those of the store.
    #[wasm_bindgen(js_name = isFresh)]
    pub fn is_fresh(&self) -> Result<bool, JsValue> {
        self.session.is_fresh().map_err(thrown)
    }

    /// Gives the work database another incarnation: what it was before is lost.
    ///
    /// # Errors
    /// Those of the store.
    pub fn renew(&mut self, incarnation: &str) -> Result<(), JsValue> {
        let incarnation =
            incarnation.parse().map_err(|error| thrown(CallError::own("malformed_request", error)))?;
        self.session.renew_incarnation(incarnation).map_err(thrown)
    }

    /// The work database's incarnation.
    #[must_use]
    pub fn incarnation(&self) -> String {
        self.session.incarnation().to_string()
    }

    /// One call. `monotonic` is milliseconds since the worker's start.
    ///
    /// # Errors
    /// Those of the call.
    pub fn call(&mut self, call: &str, now: f64, monotonic: f64) -> Result<String, JsValue> {
        let call = serde_json::from_str(call).map_err(thrown)?;
        let monotonic = format!("{monotonic:.0}").parse().unwrap_or(0);
        text(&self.session.call(call, instant(now)?, monotonic).map_err(thrown)?)
    }

    /// Begins a round of sync.
    ///
    /// # Errors
    /// `internal` while one runs.
    #[wasm_bindgen(js_name = beginRound)]
    pub fn begin_round(&mut self, seed: u64) -> Result<(), JsValue> {
        self.session.begin_round(seed).map_err(thrown)
    }

    /// The round's next step, as JSON of an `Ask`.
    ///
    /// # Errors
    /// Those of the store; the round is over then.
    #[wasm_bindgen(js_name = nextStep)]
    pub fn next_step(&mut self, now: f64) -> Result<String, JsValue> {
        text(&self.session.next_step(instant(now)?).map_err(thrown)?)
    }

    /// The body of the request asked for last.
    #[wasm_bindgen(js_name = takeBody)]
    pub fn take_body(&mut self) -> Vec<u8> {
        self.session.round().map(|(round, _)| round.take_body()).unwrap_or_default()
    }

    /// Hands in the bytes asked for, or that they cannot be read.
    pub fn load(&mut self, bytes: Option<Vec<u8>>) {
        if let Some((round, _)) = self.session.round() {
            round.load(bytes);
        }
    }

    /// Hands in an answer; `headers` is JSON of pairs.
    ///
    /// # Errors
    /// Those of the store.
    pub fn respond(&mut self, status: u16, headers: &str, body: Vec<u8>, now: f64) -> Result<(), JsValue> {
        let headers = serde_json::from_str(headers).map_err(thrown)?;
        let now = instant(now)?;
        let Some((round, store)) = self.session.round() else { return Err(out_of_turn()) };
        round.respond(store, HttpResponse { status, headers, body }, now).map_err(thrown)
    }

    /// Hands in that no answer came.
    ///
    /// # Errors
    /// Those of the store.
    pub fn fail(&mut self, unreachable: bool, detail: String, now: f64) -> Result<(), JsValue> {
        let now = instant(now)?;
        let error = if unreachable {
            TransportError::Unreachable(detail)
        } else {
            TransportError::Interrupted(detail)
        };
        let Some((round, store)) = self.session.round() else { return Err(out_of_turn()) };
        round.fail(store, error, now).map_err(thrown)
    }

    /// Hands in the signature.
    ///
    /// # Errors
    /// Those of the store.
    pub fn sign(&mut self, signature: String, now: f64) -> Result<(), JsValue> {
        let now = instant(now)?;
        let Some((round, store)) = self.session.round() else { return Err(out_of_turn()) };
        round.sign(store, signature, now).map_err(thrown)
    }
}

fn out_of_turn() -> JsValue {
    thrown(CallError::own("internal", "no round runs"))
}
