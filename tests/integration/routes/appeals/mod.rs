//! Appeals (申诉): a charged unit objects in time, and one decision answers it.

use reqwest::Response;
use tests::problem;

mod decide;
mod file;
mod hold;
mod race;

/// The code that a request was refused with.
async fn code(response: Response) -> String {
    problem(response).await.code.to_string()
}
