//! Where a request comes from: for rate limits and the audit trail.

use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::dev::Payload;
use actix_web::http::header::{USER_AGENT, X_FORWARDED_FOR};
use actix_web::{FromRequest, HttpRequest, web};

use crate::problem::ApiError;
use crate::state::AppState;

/// Characters of a user agent that are kept.
const USER_AGENT_MAX_CHARS: usize = 200;

/// Bits of an IPv6 address that name a customer of a provider; the rest is his to choose.
const IPV6_NETWORK_BITS: u32 = 64;

/// The other end.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its address; behind a trusted proxy the one that the proxy names.
    pub address: IpAddr,
    /// What it calls itself, cut to a readable length.
    pub user_agent: String,
}

impl Client {
    /// The address as far as a rate limit looks: of IPv6 the network only.
    #[must_use]
    pub fn network(&self) -> IpAddr {
        match self.address {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let mask = u128::MAX << (u128::BITS - IPV6_NETWORK_BITS);
                Ipv6Addr::from_bits(address.to_bits() & mask).into()
            }
        }
    }
}

impl FromRequest for Client {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let believes_proxy =
            request.app_data::<web::Data<AppState>>().is_some_and(|state| state.config.trust_forwarded);
        let named = if believes_proxy { nearest_forwarded(request) } else { None };
        let address = named
            .or_else(|| request.peer_addr().map(|peer| peer.ip()))
            .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
        ready(Ok(Self {
            address,
            user_agent: user_agent.unwrap_or_default().chars().take(USER_AGENT_MAX_CHARS).collect(),
        }))
    }
}

/// The last address of `X-Forwarded-For`: the one that the proxy before us saw. Those before it anybody can make up.
fn nearest_forwarded(request: &HttpRequest) -> Option<IpAddr> {
    let header = request.headers().get_all(X_FORWARDED_FOR).last()?;
    header.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_forwarded_addresses_only_the_nearest_is_believed() {
        let request = actix_web::test::TestRequest::default()
            .insert_header(("x-forwarded-for", "198.51.100.7, 192.0.2.1"))
            .to_http_request();
        assert_eq!(nearest_forwarded(&request), Some("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_together() {
        let client = |text: &str| Client { address: text.parse().unwrap(), user_agent: String::new() };
        assert_eq!(client("2001:db8:1:2:3::4").network(), client("2001:db8:1:2:ffff::1").network());
        assert_ne!(client("2001:db8:1:2::1").network(), client("2001:db8:1:3::1").network());
        assert_ne!(client("192.0.2.1").network(), client("192.0.2.2").network());
    }
}
