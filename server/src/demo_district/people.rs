//! People of the demonstration: a user for every role, each with one assignment.

use sync_core::ids::{AssignmentId, GridPath, IdError, UnitId, UserId};
use sync_core::model::assignment::{Assignment, DiscoveryLevel, Role};

use super::DISTRICT;
use super::draw::{self, Draw};
use super::map::{STREETS, Street, VALID_FROM};

/// Somebody who signs in: an inspector by a device, everybody else by name and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The user.
    pub user_id: UserId,
    /// The name to sign in by.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// What the person does, in Chinese.
    pub post: String,
    /// The only assignment.
    pub assignment: Assignment,
    /// Inspectors: the code that enrols a device; good again at every start of the demonstration.
    pub enrolment_code: Option<String>,
}

/// A person to be made.
struct Post {
    username: String,
    post: String,
    role: Role,
    grid: GridPath,
    unit_id: Option<UnitId>,
    level: Option<DiscoveryLevel>,
}

/// The street office whose own self-check (自查) has an inspector.
const SELF_CHECKED: u16 = 6;

/// Everybody: inspectors first, in the order of their street offices.
///
/// # Errors
/// [`IdError`] where a number makes no path.
pub(super) fn sign_ins(draw: &mut Draw) -> Result<Vec<SignIn>, IdError> {
    let mut posts = inspectors()?;
    let district: GridPath = DISTRICT.parse()?;
    let of_district = |username: &str, post: &str, role: Role| Post {
        username: username.to_owned(),
        post: post.to_owned(),
        role,
        grid: district.clone(),
        unit_id: None,
        level: (role == Role::Supervisor).then_some(DiscoveryLevel::District),
    };
    posts.push(of_district("supervisor1", "区环委办监督员", Role::Supervisor));
    posts.push(of_district("supervisor2", "区环委办监督员", Role::Supervisor));
    posts.extend(STREETS.iter().map(|street| Post {
        unit_id: Some(street.unit()),
        ..of_district(
            &format!("liaison.{}", street.latin),
            &format!("{}街道联络员", street.name),
            Role::Liaison,
        )
    }));
    posts.push(of_district("finance1", "区财政局经办", Role::Finance));
    posts.push(of_district("finance2", "区财政局复核", Role::Finance));
    posts.push(of_district("admin", "系统管理员", Role::Administrator));
    Ok((1..).zip(posts).map(|(number, post)| sign_in(draw, number, post)).collect())
}

fn inspectors() -> Result<Vec<Post>, IdError> {
    let inspector = |street: &Street, username: String, post: &str, level| {
        Ok(Post {
            username,
            post: format!("{}街道{post}", street.name),
            role: Role::Inspector,
            grid: street.path()?,
            unit_id: None,
            level: Some(level),
        })
    };
    let of_district = STREETS.iter().map(|street| {
        inspector(
            street,
            format!("inspector{}", street.number),
            "网格员（区级督导）",
            DiscoveryLevel::District,
        )
    });
    let own = STREETS.iter().filter(|street| street.number == SELF_CHECKED).map(|street| {
        inspector(street, "selfcheck1".to_owned(), "网格员（自查）", DiscoveryLevel::SelfCheck)
    });
    of_district.chain(own).collect()
}

fn sign_in(draw: &mut Draw, number: u16, post: Post) -> SignIn {
    let user_id = UserId(draw::id(&format!("user/{}", post.username)));
    SignIn {
        user_id,
        name: draw.person(),
        assignment: Assignment {
            assignment_id: AssignmentId(draw::id(&format!("assignment/{}", post.username))),
            user_id,
            role: post.role,
            grid: post.grid,
            unit_id: post.unit_id,
            level: post.level,
            from: VALID_FROM,
            until: None,
        },
        enrolment_code: (post.role == Role::Inspector).then(|| format!("DEM0C-0DE{number:02}")),
        username: post.username,
        post: post.post,
    }
}
