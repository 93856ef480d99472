//! The network: what happens to a request on its way, and to its answer.
//!
//! It loses, repeats, delays and cuts. What it delays arrives later, after requests that were sent after it.

use sync_core::engine::{Answer, HttpRequest, HttpResponse, TransportError};
use sync_core::wire::problem::ProblemKind;

use crate::backend::Backend;
use crate::dice::Dice;
use crate::model::problem;

/// How the network is where a tablet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Everything arrives once and is answered.
    Fine,
    /// Anything may happen.
    Rough,
    /// Nothing arrives.
    Offline,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrives and is answered.
    Answered,
    /// It never leaves.
    Lost,
    /// It arrives; the answer does not.
    AnswerLost,
    /// It arrives twice.
    Twice,
    /// It arrives later, when nobody waits for the answer any more.
    Late,
    /// The connection breaks within its body.
    CutRequest,
    /// The connection breaks within the answer's body.
    CutAnswer,
    /// A captive portal answers in the server's place.
    Portal,
    /// A proxy answers that the server is not there.
    Unavailable,
    /// A proxy that forgot the token: 401.
    Unauthorised,
}

/// How often what happens in rough weather.
const ROUGH: [(u64, Fate); 10] = [
    (560, Fate::Answered),
    (100, Fate::Lost),
    (100, Fate::AnswerLost),
    (60, Fate::Twice),
    (60, Fate::Late),
    (40, Fate::CutRequest),
    (30, Fate::CutAnswer),
    (20, Fate::Portal),
    (20, Fate::Unavailable),
    (10, Fate::Unauthorised),
];

/// The network between the tablets and the server.
#[derive(Debug, Default)]
pub struct Network {
    late: Vec<HttpRequest>,
    /// Faults so far.
    pub faults: u64,
    /// Connections cut within a body.
    pub cuts: u64,
}

impl Network {
    /// Carries a request.
    pub fn carry(
        &mut self,
        weather: Weather,
        dice: &mut Dice,
        backend: &mut dyn Backend,
        request: &HttpRequest,
    ) -> (Fate, Answer) {
        let fate = match weather {
            Weather::Fine => Fate::Answered,
            Weather::Offline => Fate::Lost,
            Weather::Rough => dice.weighted(&ROUGH),
        };
        self.faults += u64::from(fate != Fate::Answered);
        let broken = || Answer::Failed(TransportError::Interrupted("connection reset".to_owned()));
        let answer = match fate {
            Fate::Answered => Answer::Response(backend.answer(request)),
            Fate::Lost => Answer::Failed(TransportError::Unreachable("no network".to_owned())),
            Fate::AnswerLost => {
                backend.answer(request);
                broken()
            }
            Fate::Twice => {
                let first = backend.answer(request);
                let second = backend.answer(request);
                Answer::Response(if dice.happens(500) { first } else { second })
            }
            Fate::Late => {
                self.late.push(request.clone());
                broken()
            }
            Fate::CutRequest => {
                self.cuts += 1;
                if !request.body.is_empty() {
                    backend.receive_part(request, dice.below(request.body.len()));
                }
                broken()
            }
            Fate::CutAnswer => {
                self.cuts += 1;
                let mut response = backend.answer(request);
                if response.body.is_empty() {
                    return (fate, broken());
                }
                response.body.truncate(dice.below(response.body.len()));
                Answer::Response(response)
            }
            Fate::Portal => Answer::Response(HttpResponse {
                status: 200,
                headers: Vec::new(),
                body: b"<html>please sign in to the hotel</html>".to_vec(),
            }),
            Fate::Unavailable => {
                let mut response = problem(ProblemKind::Unavailable);
                response.headers.push(("Retry-After".to_owned(), dice.below(9).to_string()));
                Answer::Response(response)
            }
            Fate::Unauthorised => Answer::Response(problem(ProblemKind::TokenInvalid)),
        };
        (fate, answer)
    }

    /// Delivers one of the delayed requests, any of them; says whether there was one.
    pub fn deliver_late(&mut self, dice: &mut Dice, backend: &mut dyn Backend) -> bool {
        if self.late.is_empty() {
            return false;
        }
        let request = self.late.swap_remove(dice.below(self.late.len()));
        backend.answer(&request);
        true
    }
}
