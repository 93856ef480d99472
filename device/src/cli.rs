//! The command line's shape. What the flags mean is in `commands`; values are read there, so that a wrong one gets
//! a problem code and a sentence.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sync_core::time::Clock;

use crate::commands;

/// The language of what is printed for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// 蓝天检查终端 / Lantian inspection device
#[derive(Debug, Parser)]
#[command(name = "device", version, about = "蓝天检查终端 / Lantian inspection device")]
pub struct Cli {
    /// 数据目录 / data directory
    #[arg(long, global = true, default_value = "lantian-device")]
    pub data: PathBuf,
    /// 用户（编号或姓名，多人入网时必填）/ the user, by id or name, where several are enrolled
    #[arg(long, global = true)]
    pub user: Option<String>,
    /// 输出 JSON / print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// 语言 / language
    #[arg(long, global = true, value_enum, default_value = "zh")]
    pub lang: Lang,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 入网 / enrol a user of this device
    Enrol {
        /// 服务器地址 / the server's address
        #[arg(long)]
        server: String,
        /// 入网码 / the enrolment code
        #[arg(long)]
        code: String,
        /// 终端名称 / what people call the device
        #[arg(long)]
        name: String,
    },
    /// 拉取台账、政策和案件状态 / pull only
    Pull,
    /// 同步：推送、拉取、上传照片 / push, pull and send photos
    Sync,
    /// 核对本机台账与服务器是否一致 / compare the register with the server's
    Compare,
    /// 导出同步日志，每行一个 JSON / export the sync log, one JSON a line
    SyncLog,
    /// 台账 / the register
    Targets {
        /// What to do.
        #[command(subcommand)]
        command: TargetsCommand,
    },
    /// 记录一次检查 / record an inspection
    Inspect {
        /// 存为草稿 / keep it as a draft
        #[arg(long)]
        draft: bool,
        /// What was found.
        #[command(flatten)]
        visit: Box<VisitFlags>,
    },
    /// 草稿 / drafts
    Draft {
        /// What to do.
        #[command(subcommand)]
        command: DraftCommand,
    },
    /// 更正已封存的检查 / correct a sealed inspection
    Amend {
        /// 被更正的检查记录号 / the inspection it replaces
        inspection: String,
        /// What is different.
        #[command(flatten)]
        visit: Box<VisitFlags>,
    },
    /// 一次检查的扣缴与不扣缴 / what an inspection leads to
    Charges {
        /// 检查记录号 / the inspection
        inspection: String,
    },
    /// 本网格待整改、待复核的交办 / what is to be rectified and re-checked in the own grids
    Orders,
    /// 整改反馈 / report that a case is rectified
    Report {
        /// 案件号 / the case
        case: String,
        /// What was done.
        #[command(flatten)]
        record: RecordFlags,
    },
    /// 现场复核 / re-check a case on the spot
    Recheck {
        /// 案件号 / the case
        case: String,
        /// 复核结果 / whether it is in order
        #[arg(long, value_enum)]
        result: CheckResult,
        /// What was seen.
        #[command(flatten)]
        record: RecordFlags,
    },
    /// 火点线索 / fire point leads
    FirePoints,
    /// 火点核查 / verify a fire point lead
    VerifyFire {
        /// 火点线索号 / the lead
        fire_point: String,
        /// 记录火情的检查记录号；未发现火情则不填 / the inspection that records the fire, if there was one
        #[arg(long)]
        inspection: Option<String>,
        /// What was seen.
        #[command(flatten)]
        record: RecordFlags,
    },
    /// 我的检查记录及结果 / own inspections and what became of them
    List,
    /// 待发送与同步状态 / what waits and how fresh the register is
    Status,
    /// 操作日志 / the outbox, newest first
    Log,
}

/// Whether a re-check found it in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckResult {
    /// 合格 / in order
    Pass,
    /// 不合格 / not in order
    Fail,
}

/// What was done or seen on the spot.
#[derive(Debug, Args)]
pub struct RecordFlags {
    /// 情况说明 / in words
    #[arg(long, default_value = "")]
    pub text: String,
    /// 照片文件 / photo file
    #[arg(long = "photo")]
    pub photos: Vec<PathBuf>,
}

/// What to do with the register.
#[derive(Debug, Subcommand)]
pub enum TargetsCommand {
    /// 列出 / list
    List,
    /// 按名称、编号或拼音首字母查找 / search by name, number or pinyin initials
    Search {
        /// 查找内容 / what to look for
        query: String,
        /// 经度：近者在前 / longitude, nearest first
        #[arg(long, allow_hyphen_values = true, requires = "lat")]
        lon: Option<String>,
        /// 纬度 / latitude
        #[arg(long, allow_hyphen_values = true, requires = "lon")]
        lat: Option<String>,
    },
    /// 查看 / show one
    Show {
        /// 对象编号 / its id
        target: String,
    },
    /// 现场登记 / register one on the spot
    Register(Box<TargetFlags>),
}

/// A target to register.
#[derive(Debug, Args)]
pub struct TargetFlags {
    /// 类别 / kind
    #[arg(long)]
    pub kind: String,
    /// 名称 / name
    #[arg(long)]
    pub name: String,
    /// 经度（WGS-84）/ longitude
    #[arg(long, allow_hyphen_values = true)]
    pub lon: String,
    /// 纬度（WGS-84）/ latitude
    #[arg(long, allow_hyphen_values = true)]
    pub lat: String,
    /// 网格 / grid
    #[arg(long)]
    pub grid: String,
    /// 责任单位 / responsible unit; the grid's own where absent
    #[arg(long)]
    pub unit: Option<String>,
    /// 台账编号 / register number
    #[arg(long)]
    pub code: Option<String>,
    /// 地址 / address
    #[arg(long, default_value = "")]
    pub address: String,
    /// 监管部门 / supervising department
    #[arg(long)]
    pub department: Option<String>,
    /// 责任人 / responsible person
    #[arg(long)]
    pub person: Option<String>,
    /// 属性：代码=值 / fact: code=value
    #[arg(long = "fact")]
    pub facts: Vec<String>,
}

/// What to do with drafts.
#[derive(Debug, Subcommand)]
pub enum DraftCommand {
    /// 列出 / list
    List,
    /// 新建 / begin one
    New(Box<VisitFlags>),
    /// 查看 / show one
    Show {
        /// 草稿号 / its id
        draft: String,
    },
    /// 修改或补充（检查项、照片等）/ add answers, photos and the rest
    Change {
        /// 草稿号 / its id
        draft: String,
        /// What is new.
        #[command(flatten)]
        visit: Box<VisitFlags>,
    },
    /// 封存提交 / seal and submit
    Seal {
        /// 草稿号 / its id
        draft: String,
    },
    /// 丢弃 / discard
    Discard {
        /// 草稿号 / its id
        draft: String,
    },
}

/// What was found at a visit.
#[derive(Debug, Args)]
pub struct VisitFlags {
    /// 检查内容的 JSON 文件；其他参数优先 / JSON file; the other flags come before it
    #[arg(long)]
    pub file: Option<PathBuf>,
    /// 类别；缺省为对象的类别 / kind; the target's where absent
    #[arg(long)]
    pub kind: Option<String>,
    /// 台账对象 / target
    #[arg(long)]
    pub target: Option<String>,
    /// 网格（地点检查）/ grid of a spot
    #[arg(long)]
    pub grid: Option<String>,
    /// 经度（WGS-84）/ longitude
    #[arg(long, allow_hyphen_values = true, requires = "lat")]
    pub lon: Option<String>,
    /// 纬度（WGS-84）/ latitude
    #[arg(long, allow_hyphen_values = true, requires = "lon")]
    pub lat: Option<String>,
    /// 定位精度，米 / accuracy in metres
    #[arg(long, default_value = "0")]
    pub accuracy: String,
    /// 地点描述 / the place in words
    #[arg(long)]
    pub place: Option<String>,
    /// Answers.
    #[arg(help = "检查项：代码=pass|fail|na[:说明] / answer: question=pass|fail|na[:note]", long = "answer")]
    pub answers: Vec<String>,
    /// 火点数 / number of fire points, of the question that failed
    #[arg(long)]
    pub fire_points: Option<String>,
    /// 测量：代码=数值 / measurement: code=value
    #[arg(long = "measure", allow_hyphen_values = true)]
    pub measurements: Vec<String>,
    /// Photos.
    #[arg(help = "照片：文件[@检查项] / photo: file[@question]", long = "photo")]
    pub photos: Vec<String>,
    /// 备注 / note
    #[arg(long)]
    pub note: Option<String>,
    /// 第二检查人 / second inspector
    #[arg(long)]
    pub second_inspector: Option<String>,
    /// 现场负责人：signed:姓名 | refused:说明 | absent / site representative
    #[arg(long)]
    pub representative: Option<String>,
    /// 发生时间（RFC 3339）/ when it occurred
    #[arg(long)]
    pub occurred_at: Option<String>,
}

/// Runs one command. What it shows goes to `out`, what went wrong to `err`; with `--json` a problem goes to `out` as
/// problem+json. Exit codes: 0 done, 1 failed or a sync that did not get everything done, 2 bad input.
pub fn run(cli: &Cli, clock: Arc<dyn Clock>, out: &mut dyn Write, err: &mut dyn Write) -> ExitCode {
    commands::run(cli, clock, out, err)
}
