//! Enrolment (入网): spends a code, once for each user of the device.

use std::path::Path;

use sync_core::engine::{HttpRequest, Method};
use sync_core::ids::Incarnation;
use sync_core::wire::auth::{EnrolRequest, Enrolled};

use crate::data_dir::{DataDir, EnrolledUser, Profile};
use crate::error::DeviceError;
use crate::key::DeviceKey;
use crate::transport::{HttpTransport, Transport};

/// Enrols a user of the device in this directory at a server. The key is made with the first one.
///
/// # Errors
/// [`DeviceError::OtherServer`], [`DeviceError::EnrolmentRefused`], [`DeviceError::NotOurServer`],
/// [`DeviceError::Transport`], [`DeviceError::Key`], and those of files.
pub fn enrol(dir: &Path, server: &str, code: &str, device_name: &str) -> Result<EnrolledUser, DeviceError> {
    let server = server.trim_end_matches('/');
    let data = DataDir::make(dir)?;
    let mut profile = match data.profile()? {
        Some(profile) if profile.server == server => profile,
        Some(profile) => return Err(DeviceError::OtherServer(profile.server)),
        None => Profile {
            kept_original_bytes: None,
            server: server.to_owned(),
            device_name: device_name.to_owned(),
            incarnation: Incarnation::fresh(),
            users: Vec::new(),
        },
    };
    let key = DeviceKey::read_or_make(&data.key())?;
    let request = EnrolRequest {
        code: code.trim().to_owned(),
        public_key: key.public(),
        device_name: device_name.to_owned(),
        incarnation: profile.incarnation,
    };
    let enrolled = ask(server, &request)?;
    let user = EnrolledUser {
        user_id: enrolled.user_id,
        name: enrolled.user_name,
        device_id: enrolled.device_id,
        district: enrolled.district,
    };
    profile.users.retain(|known| known.user_id != user.user_id);
    profile.users.push(user.clone());
    data.write_profile(&profile)?;
    Ok(user)
}

fn ask(server: &str, request: &EnrolRequest) -> Result<Enrolled, DeviceError> {
    let body = serde_json::to_vec(request).map_err(sync_core::engine::EngineError::Encode)?;
    let response = HttpTransport::new(server).carry(&HttpRequest {
        method: Method::Post,
        path: "/api/v1/devices/enrol".to_owned(),
        headers: vec![("Content-Type", "application/json".to_owned())],
        body,
    })?;
    if (200..300).contains(&response.status)
        && let Ok(enrolled) = serde_json::from_slice(&response.body)
    {
        return Ok(enrolled);
    }
    Err(match response.problem() {
        Some(problem) => DeviceError::EnrolmentRefused(Box::new(problem)),
        None => DeviceError::NotOurServer(response.status),
    })
}
