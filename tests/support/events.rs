//! A client of the event stream: reads one event after the other, as a browser would.

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use sync_core::ids::CaseId;

use crate::district::{TestDevice, TestOffice};

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub name: String,
    /// Its id, where it has one.
    pub id: Option<String>,
    /// Its data.
    pub data: Value,
}

/// An open stream.
pub struct EventReader {
    response: Response,
    text: String,
    /// The id that the client would come again with.
    pub last_id: String,
}

impl EventReader {
    /// Opens a stream by this request, from the id of the last event where there is one.
    pub async fn open(request: RequestBuilder, last_id: Option<&str>) -> Self {
        let request = match last_id {
            Some(id) => request.header("last-event-id", id),
            None => request,
        };
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Self { response, text: String::new(), last_id: last_id.unwrap_or_default().to_owned() }
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The next event; `None` when the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    let line = block.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
                    line.map(str::to_owned)
                };
                let id = field("id");
                if let Some(id) = &id {
                    self.last_id.clone_from(id);
                }
                if let Some(data) = field("data") {
                    let data = serde_json::from_str(&data).unwrap();
                    return Some(Event { name: field("event").unwrap(), id, data });
                }
            }
            let bytes = self.response.chunk().await.ok().flatten()?;
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// The next event's name.
    pub async fn name(&mut self) -> String {
        self.next().await.map(|event| event.name).unwrap_or_default()
    }

    /// The kinds of what is heard until a change of this case, which is not among them.
    pub async fn until(&mut self, case: CaseId) -> Vec<String> {
        let mut kinds = Vec::new();
        loop {
            let event = self.next().await.expect("the stream goes on");
            if event.name == "change" && event.data["what"] == "case" && event.data["id"] == case.to_string()
            {
                return kinds;
            }
            kinds.push(event.data["what"].as_str().unwrap_or(&event.name).to_owned());
        }
    }
}

/// The request that opens a stream.
const EVENTS: &str = "/api/v1/events";

impl TestOffice {
    /// Hears from now on: the stream has said that it is ready.
    pub async fn hear(&self) -> EventReader {
        ready(self.request(Method::GET, EVENTS)).await
    }

    /// Comes again with this id.
    pub async fn hear_again(&self, last_id: &str) -> EventReader {
        EventReader::open(self.request(Method::GET, EVENTS), Some(last_id)).await
    }
}

impl TestDevice {
    /// Hears from now on: the stream has said that it is ready.
    pub async fn hear(&self) -> EventReader {
        ready(self.request(Method::GET, EVENTS)).await
    }
}

async fn ready(request: RequestBuilder) -> EventReader {
    let mut reader = EventReader::open(request, None).await;
    assert_eq!(reader.name().await, "ready");
    reader
}
