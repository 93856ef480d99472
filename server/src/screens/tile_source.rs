//! The source of map tiles (地图瓦片): none unless configured, because it is another host that sees who looks where.
//!
//! 天地图 is given by its Web Mercator (`_w`) layers, the map and its labels as two layers.

use serde::Serialize;
use utoipa::ToSchema;

use crate::config::Config;

/// What every template of a tile's address must hold.
const PLACEHOLDERS: [&str; 3] = ["{z}", "{x}", "{y}"];

/// Where maps get their background.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TileSource {
    /// Templates of tile addresses with `{z}`, `{x}`, `{y}` (Web Mercator), the lowest layer first.
    pub layers: Vec<String>,
    /// Whose map it is, to be shown on it.
    pub attribution: String,
    /// The last zoom level that has tiles.
    pub max_zoom: u8,
}

/// Why a layer is none.
#[derive(Debug, thiserror::Error)]
pub enum TileFault {
    /// A placeholder is not there.
    #[error("{layer} has no {placeholder}")]
    Placeholder {
        /// The layer.
        layer: String,
        /// What is missing.
        placeholder: &'static str,
    },
    /// It is neither a path on this server nor an address of another.
    #[error("{0} begins neither with / nor with https:// or http:// and a host")]
    Origin(String),
}

impl TileSource {
    /// The configured one.
    ///
    /// # Errors
    /// [`TileFault`] naming the layer.
    pub fn of(config: &Config) -> Result<Option<Self>, TileFault> {
        for layer in &config.tile_layers {
            if let Some(placeholder) = PLACEHOLDERS.into_iter().find(|it| !layer.contains(it)) {
                return Err(TileFault::Placeholder { layer: layer.clone(), placeholder });
            }
            if !layer.starts_with('/') && origin(layer).is_none() {
                return Err(TileFault::Origin(layer.clone()));
            }
        }
        Ok((!config.tile_layers.is_empty()).then(|| Self {
            layers: config.tile_layers.clone(),
            attribution: config.tile_attribution.clone(),
            max_zoom: config.tile_max_zoom,
        }))
    }

    /// The other hosts that pages ask for tiles, each once; none for layers of this server.
    pub(super) fn origins(&self) -> Vec<&str> {
        let mut origins: Vec<&str> = self.layers.iter().filter_map(|layer| origin(layer)).collect();
        origins.sort_unstable();
        origins.dedup();
        origins
    }
}

/// Scheme, host and port of an address.
fn origin(address: &str) -> Option<&str> {
    let (scheme, rest) = address.split_once("://")?;
    let host = rest.split('/').next()?;
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b".-:".contains(&byte);
    let is_host = !host.is_empty() && host.bytes().all(letters);
    let length = scheme.len().saturating_add("://".len()).saturating_add(host.len());
    (["https", "http"].contains(&scheme) && is_host).then(|| address.get(..length)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(layers: &[&str]) -> Result<Option<TileSource>, TileFault> {
        let tile_layers = layers.iter().map(|layer| (*layer).to_owned()).collect();
        TileSource::of(&Config { tile_layers, ..Config::default() })
    }

    #[test]
    fn without_layers_there_is_no_source() {
        assert_eq!(of(&[]).unwrap(), None);
    }

    #[test]
    fn hosts_are_named_once_and_this_server_not_at_all() {
        let source = of(&[
            "https://t0.tianditu.gov.cn/vec_w/wmts?TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=k",
            "https://t0.tianditu.gov.cn/cva_w/wmts?TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=k",
            "/tiles/{z}/{x}/{y}.png",
        ]);
        assert_eq!(source.unwrap().unwrap().origins(), ["https://t0.tianditu.gov.cn"]);
    }

    #[test]
    fn a_layer_that_cannot_be_one_is_refused() {
        assert!(matches!(
            of(&["https://a.cn/{z}/{x}"]),
            Err(TileFault::Placeholder { placeholder: "{y}", .. })
        ));
        for other in
            ["tiles/{z}/{x}/{y}", "ftp://a.cn/{z}/{x}/{y}", "https://a.cn; script-src *//{z}/{x}/{y}"]
        {
            assert!(matches!(of(&[other]), Err(TileFault::Origin(_))), "{other}");
        }
    }
}
