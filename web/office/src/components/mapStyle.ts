/** How the district's map is drawn, in a chunk of its own with MapLibre and its worker. Names are drawn with local fonts. */
import { Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl, type StyleSpecification } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import 'maplibre-gl/dist/maplibre-gl.css'
import type { TileSource } from '@/stores/webSettings'

setWorkerUrl(workerUrl)

/** Colours of review states, as `StateTag` has them, strong enough for a dot. */
export const STATE_COLOURS = {
  under_review: '#1b5a9e',
  awaiting_evidence: '#d98a1f',
  returned: '#7a5cc4',
  confirmed: '#2b7f4f',
  dismissed: '#8793a3',
  merged: '#b6c1ce',
} as const

/** Colours of zones. */
export const ZONE_COLOURS = {
  built_up_area: '#5b7ca3',
  no_burn: '#c4622d',
  fireworks_prohibited: '#a8231b',
} as const

export interface MapData {
  grids: GeoJSON.FeatureCollection
  zones: GeoJSON.FeatureCollection
  targets: GeoJSON.FeatureCollection
  cases: GeoJSON.FeatureCollection
  marks: GeoJSON.FeatureCollection
}

const CLUSTER_ZOOM_MAX = 14
const CLUSTER_RADIUS_PIXELS = 40

/** `['match', …]` of a property over a table of colours. */
function colourBy(property: string, table: Record<string, string>, other: string): unknown[] {
  return ['match', ['get', property], ...Object.entries(table).flat(), other]
}

const TILE_PIXELS = 256

/** The background, the lowest layer first; nothing where no source is configured. */
function background(tiles: TileSource | undefined) {
  const layers = (tiles?.layers ?? []).map((template, at) => ({
    name: `tiles-${at}`,
    source: {
      type: 'raster' as const,
      // A source's addresses are absolute; the server may name a path of its own.
      tiles: [template.startsWith('/') ? location.origin + template : template],
      tileSize: TILE_PIXELS,
      maxzoom: tiles?.max_zoom ?? 18,
      attribution: at === 0 ? (tiles?.attribution ?? '') : '',
    },
  }))
  return {
    sources: Object.fromEntries(layers.map(({ name, source }) => [name, source])),
    layers: layers.map(({ name }) => ({ id: name, type: 'raster' as const, source: name })),
  }
}

function style(data: MapData, tiles: TileSource | undefined): StyleSpecification {
  const below = background(tiles)
  const plain = (features: GeoJSON.FeatureCollection) => ({ type: 'geojson' as const, data: features })
  return {
    version: 8,
    sources: {
      ...below.sources,
      grids: plain(data.grids),
      zones: plain(data.zones),
      targets: plain(data.targets),
      cases: {
        type: 'geojson',
        data: data.cases,
        cluster: true,
        clusterMaxZoom: CLUSTER_ZOOM_MAX,
        clusterRadius: CLUSTER_RADIUS_PIXELS,
      },
      marks: plain(data.marks),
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': '#f7f9fb' } },
      ...below.layers,
      { id: 'grid-fill', type: 'fill', source: 'grids', paint: { 'fill-color': '#dfe9f3', 'fill-opacity': 0.35 } },
      {
        id: 'grid-line',
        type: 'line',
        source: 'grids',
        paint: {
          'line-color': '#8aa0b8',
          'line-width': ['match', ['get', 'depth'], 1, 2.5, 2, 1.6, 0.6],
        },
      },
      {
        id: 'zone-fill',
        type: 'fill',
        source: 'zones',
        paint: { 'fill-color': colourBy('kind', ZONE_COLOURS, '#5b7ca3'), 'fill-opacity': 0.07 },
      },
      {
        id: 'zone-line',
        type: 'line',
        source: 'zones',
        paint: { 'line-color': colourBy('kind', ZONE_COLOURS, '#5b7ca3'), 'line-width': 1.4, 'line-dasharray': [3, 2] },
      },
      {
        id: 'targets',
        type: 'circle',
        source: 'targets',
        minzoom: 10,
        paint: {
          'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, 1.6, 16, 5],
          'circle-color': '#ffffff',
          'circle-stroke-color': '#5d6b7e',
          'circle-stroke-width': 1,
        },
      },
      {
        id: 'grid-name',
        type: 'symbol',
        source: 'grids',
        filter: ['==', ['get', 'depth'], 2],
        layout: { 'text-field': ['get', 'name'], 'text-size': 13, 'text-font': ['Open Sans Regular'] },
        paint: { 'text-color': '#46556a', 'text-halo-color': '#ffffff', 'text-halo-width': 1.5 },
      },
      {
        id: 'grid-name-below',
        type: 'symbol',
        source: 'grids',
        minzoom: 13,
        filter: ['>', ['get', 'depth'], 2],
        layout: { 'text-field': ['get', 'name'], 'text-size': 11, 'text-font': ['Open Sans Regular'] },
        paint: { 'text-color': '#5d6b7e', 'text-halo-color': '#ffffff', 'text-halo-width': 1.2 },
      },
      {
        id: 'target-name',
        type: 'symbol',
        source: 'targets',
        minzoom: 15,
        layout: {
          'text-field': ['get', 'name'],
          'text-size': 11,
          'text-offset': [0, 1],
          'text-anchor': 'top',
          'text-font': ['Open Sans Regular'],
        },
        paint: { 'text-color': '#46556a', 'text-halo-color': '#ffffff', 'text-halo-width': 1.2 },
      },
      {
        id: 'clusters',
        type: 'circle',
        source: 'cases',
        filter: ['has', 'point_count'],
        paint: {
          'circle-color': '#1b5a9e',
          'circle-opacity': 0.88,
          'circle-radius': ['step', ['get', 'point_count'], 13, 10, 17, 50, 22, 500, 28],
          'circle-stroke-color': '#ffffff',
          'circle-stroke-width': 2,
        },
      },
      {
        id: 'cluster-count',
        type: 'symbol',
        source: 'cases',
        filter: ['has', 'point_count'],
        layout: { 'text-field': ['to-string', ['get', 'point_count']], 'text-size': 12, 'text-font': ['Open Sans Regular'], 'text-allow-overlap': true },
        paint: { 'text-color': '#ffffff' },
      },
      {
        id: 'cases',
        type: 'circle',
        source: 'cases',
        filter: ['!', ['has', 'point_count']],
        paint: {
          'circle-radius': 7,
          'circle-color': colourBy('review_state', STATE_COLOURS, '#8793a3'),
          'circle-stroke-color': '#ffffff',
          'circle-stroke-width': 2,
        },
      },
      {
        id: 'marks',
        type: 'circle',
        source: 'marks',
        paint: {
          'circle-radius': ['match', ['get', 'kind'], 'place', 7, 'target', 10, 6],
          'circle-color': ['match', ['get', 'kind'], 'place', '#a8231b', 'target', 'rgba(0,0,0,0)', '#1b5a9e'],
          'circle-stroke-color': ['match', ['get', 'kind'], 'target', '#2b7f4f', '#ffffff'],
          'circle-stroke-width': 2,
        },
      },
      {
        id: 'mark-name',
        type: 'symbol',
        source: 'marks',
        layout: {
          'text-field': ['get', 'label'],
          'text-size': 11,
          'text-offset': ['match', ['get', 'kind'], 'device', ['literal', [0, -1.4]], ['literal', [0, 1.4]]],
          'text-font': ['Open Sans Regular'],
        },
        paint: { 'text-color': '#1c2733', 'text-halo-color': '#ffffff', 'text-halo-width': 1.5 },
      },
    ],
  } as StyleSpecification
}

export function openMap(
  place: HTMLElement,
  bounds: [[number, number], [number, number]] | undefined,
  data: MapData,
  tiles: TileSource | undefined,
  words: Record<string, string>,
): MapLibre {
  const map = new MapLibre({
    container: place,
    style: style(data, tiles),
    locale: words,
    ...(bounds ? { bounds, fitBoundsOptions: { padding: 40, maxZoom: 16 } } : { center: [113.3, 35.27], zoom: 11 }),
    // Whose map it is has to stand on it; without tiles there is nobody to name.
    attributionControl: tiles ? { compact: false } : false,
    dragRotate: false,
    pitchWithRotate: false,
    localIdeographFontFamily: 'Microsoft YaHei, PingFang SC, WenQuanYi Micro Hei, sans-serif',
  })
  map.touchZoomRotate.disableRotation()
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right')
  map.addControl(new ScaleControl({ maxWidth: 100 }), 'bottom-left')
  return map
}
