//! Configuration: one table of keys, from which the struct, its defaults and `config --explain` all come.
//!
//! Sources, the later one wins: defaults, the file given by `--config`, `DATABASE_URL`, `LANTIAN_<KEY>`. A key that
//! is not in the table is refused, so that a misspelt one does not pass silently. No secret has a default.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

/// What environment variables begin with.
pub const ENVIRONMENT_PREFIX: &str = "LANTIAN_";

/// A value that must not be printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The value itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name in the file; upper-cased after [`ENVIRONMENT_PREFIX`] in the environment.
    pub name: &'static str,
    /// What it does, in Chinese.
    pub zh: &'static str,
    /// What it does, in English.
    pub en: &'static str,
}

macro_rules! keys {
    ($($name:ident: $type:ty = $default:expr, $zh:literal, $en:literal;)+) => {
        /// The configuration of a server process.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Config {
            $(#[doc = $en] pub $name: $type,)+
        }

        impl Default for Config {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        /// Every key, in the order of the table.
        pub const KEYS: &[Key] = &[$(Key { name: stringify!($name), zh: $zh, en: $en },)+];
    };
}

keys! {
    listen: SocketAddr = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
        "监听地址与端口。", "Address and port to listen on.";
    public_url: Option<String> = None,
        "用户访问的网址（如经反向代理）；以 https 开头时会话 Cookie 只经加密连接发送。",
        "The URL people reach the server by, behind a proxy for instance; with https the session cookie is sent \
         over encrypted connections only.";
    database_url: Option<Secret> = None,
        "PostgreSQL 地址；不填则在 data_dir/pg 启动私有 PostgreSQL。也可用环境变量 DATABASE_URL。",
        "Address of PostgreSQL; without it a private one is started in data_dir/pg. DATABASE_URL sets it too.";
    database_connections: usize = 10,
        "数据库连接池的连接数。", "Connections in the database pool.";
    data_dir: PathBuf = PathBuf::from("var"),
        "私有数据库、照片与未完成上传所在目录。",
        "Directory of the private database, the photos and unfinished uploads.";
    photo_dir: Option<PathBuf> = None,
        "照片目录；默认 data_dir/photos。多个进程须共用同一目录。",
        "Directory of photos; data_dir/photos by default. Several processes must share it.";
    calendar_dir: Option<PathBuf> = None,
        "节假日与办公时间文件目录：其中每个 .toml 为一个年度（格式同随产品提供的文件），office-hours.toml 为办公时间；补充或替换随产品提供的数据。",
        "Directory of holiday years, one a .toml file in the form of those that come with the product, and office-hours.toml; \
         they add to what comes with the product, or replace it.";
    tls_certificate: Option<PathBuf> = None,
        "TLS 证书链（PEM）；与 tls_key 一起填写即启用 HTTPS。",
        "TLS certificate chain (PEM); with tls_key the server speaks HTTPS.";
    tls_key: Option<PathBuf> = None,
        "TLS 私钥（PEM）。", "TLS private key (PEM).";
    token_key: Option<Secret> = None,
        "签发设备访问令牌的密钥：至少 32 字节随机数的 Base64（例如 openssl rand -base64 32）。必填，演示模式除外。",
        "Key that signs device access tokens: base64 of at least 32 random bytes (openssl rand -base64 32). \
         Required, except in the demonstration.";
    token_key_previous: Option<Secret> = None,
        "更换密钥时的旧密钥：仍可验证，不再签发。",
        "The key before, while keys are changed: it verifies still and signs no more.";
    web_root: Option<PathBuf> = None,
        "网页（web/office/dist）所在目录；不填则只提供接口。",
        "Directory of the built web application (web/office/dist); without it only the API is served.";
    tablet_root: Option<PathBuf> = None,
        "平板端（web/tablet/dist）所在目录，在 /tablet/ 下提供；不填则没有平板端。",
        "Directory of the built tablet application (web/tablet/dist), served below /tablet/; without it there is none.";
    tile_layers: Vec<String> = Vec::new(),
        "地图底图瓦片的网址模板，含 {z}、{x}、{y}，先底图后注记（天地图用 _w 图层）；默认没有，页面不访问其他主机。",
        "Templates of map tile addresses with {z}, {x}, {y}, the lowest layer first; none by default: pages then ask no \
         other host for anything.";
    tile_attribution: String = String::new(),
        "底图版权说明，显示在地图上。", "Whose map the tiles are, shown on it.";
    tile_max_zoom: u8 = 18,
        "底图瓦片的最大级别。", "The last zoom level that has tiles.";
    session_hours: u32 = 12,
        "网页登录会话的有效小时数。", "Hours that an office session lasts.";
    trust_forwarded: bool = false,
        "是否采信反向代理的 X-Forwarded-For（取其最后一个地址）；只在服务器前确有代理时开启。",
        "Whether X-Forwarded-For (its last address) is believed; only where a proxy stands before the server.";
    workers: Option<usize> = None,
        "HTTP 工作线程数；默认等于处理器核数。", "HTTP worker threads; one a core by default.";
    image_workers: usize = 1,
        "同时处理的图片数。", "Images that are worked on at the same time.";
    stamp_font: Option<PathBuf> = None,
        "照片水印所用中文字体文件；默认在系统常见位置查找；填空字符串则不制作水印。",
        "Font with Chinese glyphs for the stamps on photos; looked for in the usual places by default. An empty text \
         means that no stamps are made.";
    log: String = "info".to_owned(),
        "日志过滤（tracing 语法），例如 info,server=debug。", "Log filter (tracing syntax), such as info,server=debug.";
    log_format: LogFormat = LogFormat::Text,
        "日志格式：text 或 json。", "Log format: text or json.";
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A source cannot be read or holds what is not a value of its key; the message names both.
    #[error("configuration: {0}")]
    Source(#[from] Box<figment::Error>),
    /// The value is of the right type but makes no sense.
    #[error("configuration key {key}: {reason}")]
    Value {
        /// The key.
        key: &'static str,
        /// What is wrong and what to do.
        reason: &'static str,
    },
}

impl Config {
    /// Reads file and environment.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            figment = figment.merge(Toml::file_exact(file));
        }
        let config: Self = figment
            .merge(Env::raw().only(&["DATABASE_URL"]))
            .merge(Env::prefixed(ENVIRONMENT_PREFIX).ignore(&["config"]))
            .extract()
            .map_err(Box::new)?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let value = |key, reason| Err(ConfigError::Value { key, reason });
        if self.tls_certificate.is_some() != self.tls_key.is_some() {
            return value("tls_certificate", "give tls_certificate and tls_key together");
        }
        if self.database_connections == 0 {
            return value("database_connections", "at least one");
        }
        if self.image_workers == 0 {
            return value("image_workers", "at least one");
        }
        if self.session_hours == 0 {
            return value("session_hours", "at least one hour");
        }
        if self.workers == Some(0) {
            return value("workers", "at least one");
        }
        Ok(())
    }

    /// Where photos are.
    #[must_use]
    pub fn photo_dir(&self) -> PathBuf {
        self.photo_dir.clone().unwrap_or_else(|| self.data_dir.join("photos"))
    }

    /// Whether people reach the server by https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.tls_certificate.is_some()
            || self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}

/// The text of `config --explain`: every key with its environment variable, default and meaning.
#[must_use]
pub fn explain() -> String {
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    KEYS.iter()
        .map(|Key { name, zh, en }| {
            let default = match defaults.get(name) {
                None | Some(serde_json::Value::Null) => "—".to_owned(),
                Some(value) => value.to_string(),
            };
            let variable = name.to_uppercase();
            format!("{name}\n  {ENVIRONMENT_PREFIX}{variable}   = {default}\n  {zh}\n  {en}\n\n")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_explained_in_both_languages() {
        let text = explain();
        for key in KEYS {
            assert!(text.contains(&key.name.to_uppercase()), "{}", key.name);
            assert!(key.zh.ends_with('。') && key.en.ends_with('.'), "{}", key.name);
        }
    }

    #[test]
    fn a_misspelt_key_is_refused_by_name() {
        let figment =
            Figment::from(Serialized::defaults(Config::default())).merge(Toml::string("listne = 1"));
        let error = figment.extract::<Config>().unwrap_err().to_string();
        assert!(error.contains("listne"), "{error}");
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        let config = Config { tls_certificate: Some("cert.pem".into()), ..Config::default() };
        assert!(matches!(config.check(), Err(ConfigError::Value { key: "tls_certificate", .. })));
    }

    #[test]
    fn secrets_do_not_appear_in_logs() {
        let config = Config { token_key: Some(Secret::from("hush".to_owned())), ..Config::default() };
        assert!(!format!("{config:?}").contains("hush"));
    }
}
