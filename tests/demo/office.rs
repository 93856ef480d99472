//! The office's side: a person signed in over HTTP, as the web screens will.

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde::Deserialize;
use serde_json::{Value, json};
use server::demo_district::PASSWORD;
use sync_core::ids::{CaseId, DecisionRequestId, InspectionId, ItemCode, PhotoHash, UnitId};
use sync_core::money::Fen;
use sync_core::time::Month;
use sync_core::wire::problem::Problem;

use crate::inspectors::Visit;

/// The kind whose case the supervisor sends back.
const RETURNED_KIND: &str = "stockpile";

/// A signed-in person.
pub struct Office {
    client: Client,
    url: String,
    cookie: String,
    csrf_token: String,
}

/// What signing in answers, as far as the demonstration needs it.
#[derive(Debug, Deserialize)]
struct Session {
    csrf_token: String,
}

/// The server said no: its status and stable code, with everything it said.
#[derive(Debug, thiserror::Error)]
#[error("{url} answered {status}: {text}")]
pub struct Refused {
    url: String,
    /// HTTP status.
    pub status: u16,
    /// The problem's code, if it is one.
    pub code: Option<String>,
    text: String,
}

/// A page of cases.
#[derive(Debug, Deserialize)]
struct List {
    cases: Vec<Listed>,
    next: Option<String>,
}

/// A case of the list, as far as the demonstration looks at it.
#[derive(Debug, Deserialize)]
pub struct Listed {
    /// The case.
    pub case_id: CaseId,
    /// Its version.
    pub version: u32,
    /// Doubts to be settled.
    pub flags: Vec<String>,
    review_state: String,
    pending: Fen,
}

/// What stands in a cell or a line.
#[derive(Debug, Clone, Deserialize)]
pub struct Amounts {
    /// Posted, in fen.
    pub posted: Fen,
    /// Pending, in fen.
    pub pending: Fen,
    /// Cases of which something stands posted.
    pub cases: i64,
}

/// A line by unit.
#[derive(Debug, Deserialize)]
pub struct UnitTotal {
    /// Unit.
    pub unit_id: UnitId,
    /// Its name.
    pub unit_name: String,
    /// Its budget code.
    pub budget_code: String,
    /// Its amounts.
    #[serde(flatten)]
    pub amounts: Amounts,
}

/// A line by item.
#[derive(Debug, Deserialize)]
pub struct ItemTotal {
    /// Item.
    pub item: ItemCode,
    /// Its name.
    pub item_zh: String,
}

/// A cell of unit and item.
#[derive(Debug, Deserialize)]
pub struct Cell {
    /// Unit.
    pub unit_id: UnitId,
    /// Item.
    pub item: ItemCode,
    /// Its amounts.
    #[serde(flatten)]
    pub amounts: Amounts,
}

/// A month's totals.
#[derive(Debug, Deserialize)]
pub struct Totals {
    /// The month.
    pub month: Month,
    /// All of it.
    pub total: Amounts,
    /// By unit.
    pub by_unit: Vec<UnitTotal>,
    /// By item.
    pub by_item: Vec<ItemTotal>,
    /// By unit and item.
    pub unit_item: Vec<Cell>,
}

impl Totals {
    /// Posted in all.
    pub fn posted(&self) -> Fen {
        self.total.posted
    }

    /// Pending in all.
    pub fn pending(&self) -> Fen {
        self.total.pending
    }

    /// Posted by unit and item.
    pub fn cells(&self) -> impl Iterator<Item = ((UnitId, String), Fen)> {
        self.unit_item.iter().map(|cell| ((cell.unit_id, cell.item.to_string()), cell.amounts.posted))
    }
}

impl Office {
    /// Signs a demonstration user in.
    pub fn sign_in(url: &str, username: &str) -> Result<Self> {
        let client = Client::new();
        let response = client
            .post(format!("{url}/api/v1/sessions"))
            .json(&json!({ "username": username, "password": PASSWORD }))
            .send()?;
        let cookie = response.headers().get(SET_COOKIE).context("no session cookie")?.to_str()?;
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let Session { csrf_token } = answer(response)?;
        Ok(Self { client, url: url.to_owned(), cookie, csrf_token })
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url)).header(COOKIE, &self.cookie)
    }

    /// Confirms what the day led to and returns the stockpile; answers with the returned inspection.
    pub fn review(&self, visits: &[Visit], return_reason: &str) -> Result<InspectionId> {
        let mut returned = None;
        for visit in visits {
            for proposed in &visit.shown.cases {
                let case = self.case(proposed.case_id)?;
                ensure!(case.review_state == "under_review", "{}: {}", visit.target_name, case.review_state);
                ensure!(case.flags.is_empty(), "{}: doubts {:?}", visit.target_name, case.flags);
                if visit.script.kind == RETURNED_KIND {
                    self.decide(&case, "return", Some(return_reason))?;
                    returned = Some(visit.inspection_id);
                    println!("   退回 · returned: {}", visit.target_name);
                } else {
                    self.decide(&case, "confirm", None)?;
                    println!(
                        "   认定 · confirmed: {} {} {} 元",
                        visit.target_name, proposed.zh, case.pending
                    );
                }
            }
        }
        returned.context("the day has no stockpile to return")
    }

    /// Confirms the case of a corrected inspection.
    pub fn confirm(&self, returned: InspectionId) -> Result<()> {
        let cases = self.cases("state=under_review")?;
        let [case] = cases.as_slice() else {
            bail!("{} cases under review after the correction of {returned}, expected one", cases.len());
        };
        self.decide(case, "confirm", None)?;
        println!("   认定 · confirmed: {} 元", case.pending);
        Ok(())
    }

    /// Whether the district has any case.
    pub fn has_cases(&self) -> Result<bool> {
        let list: List = answer(self.get("/api/v1/cases?limit=1").send()?)?;
        Ok(!list.cases.is_empty())
    }

    /// Every case that fits the query, the oldest first, page after page.
    pub fn cases(&self, query: &str) -> Result<Vec<Listed>> {
        let mut cases = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/api/v1/cases?{query}&sort=oldest&limit=200{cursor}");
            let list: List = answer(self.get(&path).send()?)?;
            cases.extend(list.cases);
            match list.next {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(cases),
            }
        }
    }

    /// Asks for something.
    pub fn read(&self, path: &str) -> Result<Value> {
        answer(self.get(path).send()?)
    }

    /// Sends a request that makes something.
    pub fn post(&self, path: &str, request: &Value) -> Result<Value> {
        answer(self.write(Method::POST, path).json(request).send()?)
    }

    /// Sends a request that changes something.
    pub fn put(&self, path: &str, request: &Value) -> Result<Value> {
        answer(self.write(Method::PUT, path).json(request).send()?)
    }

    /// Adds a version of a policy pack; answers with its hash.
    pub fn add_pack(&self, source: &str) -> Result<Value> {
        answer(self.write(Method::POST, "/api/v1/packs").body(source.to_owned()).send()?)
    }

    /// Uploads a photo whole and waits for the verdict.
    pub fn upload(&self, jpeg: &[u8]) -> Result<PhotoHash> {
        let hash = PhotoHash::of(jpeg);
        let sent = self
            .write(Method::POST, "/api/v1/photos/uploads")
            .header("tus-resumable", "1.0.0")
            .header("upload-length", jpeg.len())
            .header("upload-metadata", format!("sha256 {}", STANDARD.encode(hash.as_str())))
            .header("content-type", "application/offset+octet-stream")
            .body(jpeg.to_vec())
            .send()?;
        let upload = sent.headers().get(LOCATION).context("no upload")?.to_str()?.to_owned();
        let asked = self.write(Method::HEAD, &upload).header("tus-resumable", "1.0.0").send()?;
        let verdict = asked.headers().get("lantian-photo").and_then(|verdict| verdict.to_str().ok());
        ensure!(verdict == Some("verified"), "the photo is {verdict:?}");
        Ok(hash)
    }

    fn write(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.url));
        request.header(COOKIE, &self.cookie).header("x-csrf-token", &self.csrf_token)
    }

    /// One case.
    pub fn case(&self, case_id: CaseId) -> Result<Listed> {
        answer(self.get(&format!("/api/v1/cases/{case_id}")).send()?)
    }

    /// Decides a case as it was seen.
    pub fn decide(&self, case: &Listed, kind: &str, reason: Option<&str>) -> Result<()> {
        let request = json!({
            "request_id": DecisionRequestId::fresh(),
            "expected_version": case.version,
            "kind": kind,
            "reason": reason,
        });
        self.post(&format!("/api/v1/cases/{}/decisions", case.case_id), &request).map(drop)
    }

    /// The totals of a month.
    pub fn totals(&self, month: Month) -> Result<Totals> {
        answer(self.get(&format!("/api/v1/months/{month}/totals")).send()?)
    }
}

fn answer<T: serde::de::DeserializeOwned>(response: Response) -> Result<T> {
    let (status, url, text) = (response.status(), response.url().clone(), response.text()?);
    if !status.is_success() {
        let problem: Option<Problem> = serde_json::from_str(&text).ok();
        let code = problem.map(|problem| problem.code.to_string());
        return Err(Refused { url: url.to_string(), status: status.as_u16(), code, text }.into());
    }
    serde_json::from_str(&text).with_context(|| format!("{url} answered {text}"))
}
