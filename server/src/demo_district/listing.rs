//! What the terminal shows when the demonstration starts: where it is, and who can sign in.
//!
//! Columns of Latin letters come first, because Chinese characters are twice as wide and would unsettle them.

use super::{DISTRICT, DISTRICT_NAME, DemoDistrict, PASSWORD, SignIn};

/// Shown where a person has no password, or no enrolment code.
const NONE: &str = "—";

pub(super) fn listing(demo: &DemoDistrict, address: &str) -> String {
    let lines: String = demo.sign_ins.iter().map(line).collect();
    format!(
        "\n\
         蓝天演示 Lantian demonstration: {DISTRICT_NAME} {DISTRICT}, {targets} 台账 targets, {grids} 网格 grids\n\
         网址 address: {address}\n\
         办公室用户凭密码登录；网格员在终端上用入网码入网（每次启动后入网码重新有效），在平板上再凭密码登录一次。\n\
         The office signs in by password; inspectors enrol a device by code (good again after every start), and sign in once on a tablet.\n\
         仅供演示，勿录入真实数据。For demonstration only: no real data here.\n\
         \n\
         {head}{lines}",
        targets = demo.targets.len(),
        grids = demo.grids.len(),
        head = columns("user", "role", "password", "code", "grid", "姓名 name · 职责 post"),
    )
}

fn line(person: &SignIn) -> String {
    columns(
        &person.username,
        person.assignment.role.code(),
        PASSWORD,
        person.enrolment_code.as_deref().unwrap_or(NONE),
        person.assignment.grid.as_str(),
        &format!("{} · {}", person.name, person.post),
    )
}

fn columns(user: &str, role: &str, password: &str, code: &str, grid: &str, person: &str) -> String {
    format!("{user:<20} {role:<14} {password:<13} {code:<12} {grid:<11} {person}\n")
}
