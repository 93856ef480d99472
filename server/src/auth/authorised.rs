//! The permission in a handler's signature.

use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use subtle::ConstantTimeEq;
use sync_core::wire::problem::ProblemKind;

use crate::auth::actor::{Actor, Via};
use crate::auth::identify;
use crate::auth::permission::{Entrance, Permission};
use crate::problem::ApiError;
use crate::state::AppState;

/// The cookie of an office session.
pub const SESSION_COOKIE: &str = "lantian_session";

/// The header in which writes send back their session's CSRF token.
pub const CSRF_HEADER: &str = "x-csrf-token";

/// An actor who has the permission `P`; it reads like an [`Actor`].
#[derive(Debug)]
pub struct Authorised<P: Permission> {
    actor: Actor,
    permission: PhantomData<P>,
}

impl<P: Permission> Authorised<P> {
    /// The actor.
    #[must_use]
    pub fn into_actor(self) -> Actor {
        self.actor
    }
}

impl<P: Permission> Deref for Authorised<P> {
    type Target = Actor;

    fn deref(&self) -> &Actor {
        &self.actor
    }
}

/// What a request brings to say who it is.
enum Credentials {
    Bearer(String),
    Cookie { token: String, csrf: Option<String>, writes: bool },
}

impl Credentials {
    fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        if let Some(header) = request.headers().get(AUTHORIZATION) {
            let token = header.to_str().ok().and_then(|value| value.strip_prefix("Bearer "));
            return token
                .map(|token| Self::Bearer(token.to_owned()))
                .ok_or_else(|| ProblemKind::TokenInvalid.into());
        }
        let cookie = request.cookie(SESSION_COOKIE).ok_or(ProblemKind::SignInRequired)?;
        let csrf = request.headers().get(CSRF_HEADER).and_then(|value| value.to_str().ok());
        Ok(Self::Cookie {
            token: cookie.value().to_owned(),
            csrf: csrf.map(str::to_owned),
            writes: !request.method().is_safe(),
        })
    }
}

impl<P: Permission> FromRequest for Authorised<P> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let credentials = Credentials::of(request);
        let state = request.app_data::<web::Data<AppState>>().cloned();
        Box::pin(async move {
            let state = state.ok_or(ProblemKind::InternalError)?;
            let actor = authenticate::<P>(&state, credentials?).await?;
            permit::<P>(&actor)?;
            Ok(Self { actor, permission: PhantomData })
        })
    }
}

async fn authenticate<P: Permission>(state: &AppState, credentials: Credentials) -> Result<Actor, ApiError> {
    let now = state.clock.now();
    match credentials {
        Credentials::Bearer(token) => {
            let claims = state.access_keys.verify(&token, now).map_err(ProblemKind::from)?;
            identify::device(&mut *state.connection().await?, &claims, now, P::REVOKED_DEVICE).await
        }
        Credentials::Cookie { token, csrf, writes } => {
            let mut connection = state.connection().await?;
            let session = identify::session(&mut connection, &token, now).await?;
            let expected = session.csrf_token.as_bytes();
            let matches = csrf.is_some_and(|given| bool::from(given.as_bytes().ct_eq(expected)));
            if writes && !matches {
                return Err(ProblemKind::CsrfMismatch.into());
            }
            Ok(session.actor)
        }
    }
}

fn permit<P: Permission>(actor: &Actor) -> Result<(), ApiError> {
    let entered = match actor.via {
        Via::Device { .. } => Entrance::Device,
        Via::Session { .. } => Entrance::Session,
    };
    let entrance_fits = P::ENTRANCE == Entrance::Any || P::ENTRANCE == entered;
    let role_fits = P::ROLES.is_empty() || P::ROLES.iter().any(|role| actor.has(*role));
    if entrance_fits && role_fits { Ok(()) } else { Err(ProblemKind::RoleForbidden.into()) }
}
