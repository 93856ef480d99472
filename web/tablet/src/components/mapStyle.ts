/**
 * How the map of grids and targets is drawn: without tiles, from what is on the tablet, names with the tablet's own font.
 * It is a chunk of its own with MapLibre and its worker.
 */
import { Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl, type StyleSpecification } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url'
import 'maplibre-gl/dist/maplibre-gl.css'

setWorkerUrl(workerUrl)

export interface MapData {
  grids: GeoJSON.FeatureCollection
  zones: GeoJSON.FeatureCollection
  targets: GeoJSON.FeatureCollection
  here: GeoJSON.FeatureCollection
}

const DAY = { ground: '#f5f8fb', fill: '#d7e4f1', line: '#4f6c8b', name: '#22303f', halo: '#ffffff', target: '#0b4682', here: '#8f100a' }
const NIGHT = { ground: '#111c27', fill: '#1e3348', line: '#7d98b3', name: '#e3ebf3', halo: '#0c141d', target: '#a6cdf7', here: '#ffb3ab' }

const FONT = ['Open Sans Regular']

function style(data: MapData, night: boolean): StyleSpecification {
  const colours = night ? NIGHT : DAY
  const source = (features: GeoJSON.FeatureCollection) => ({ type: 'geojson' as const, data: features })
  const name = { 'text-color': colours.name, 'text-halo-color': colours.halo, 'text-halo-width': 1.6 }
  const text = { 'text-field': ['get', 'name'], 'text-font': FONT }
  return {
    version: 8,
    sources: { grids: source(data.grids), zones: source(data.zones), targets: source(data.targets), here: source(data.here) },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': colours.ground } },
      { id: 'grid-fill', type: 'fill', source: 'grids', paint: { 'fill-color': colours.fill, 'fill-opacity': 0.3 } },
      {
        id: 'grid-line',
        type: 'line',
        source: 'grids',
        paint: { 'line-color': colours.line, 'line-width': ['match', ['get', 'depth'], 1, 3, 2, 2, 0.9] },
      },
      {
        id: 'zone-line',
        type: 'line',
        source: 'zones',
        paint: { 'line-color': colours.here, 'line-width': 1.6, 'line-dasharray': [3, 2] },
      },
      {
        id: 'targets',
        type: 'circle',
        source: 'targets',
        paint: {
          'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, 4, 16, 10],
          'circle-color': colours.target,
          'circle-stroke-color': colours.halo,
          'circle-stroke-width': 2,
        },
      },
      {
        id: 'here',
        type: 'circle',
        source: 'here',
        paint: { 'circle-radius': 9, 'circle-color': colours.here, 'circle-stroke-color': colours.halo, 'circle-stroke-width': 3 },
      },
      {
        id: 'grid-name',
        type: 'symbol',
        source: 'grids',
        filter: ['==', ['get', 'depth'], 2],
        layout: { ...text, 'text-size': 16 },
        paint: name,
      },
      {
        id: 'grid-name-below',
        type: 'symbol',
        source: 'grids',
        minzoom: 13,
        filter: ['>', ['get', 'depth'], 2],
        layout: { ...text, 'text-size': 14 },
        paint: name,
      },
      {
        id: 'target-name',
        type: 'symbol',
        source: 'targets',
        minzoom: 13.5,
        layout: { ...text, 'text-size': 14, 'text-offset': [0, 1.1], 'text-anchor': 'top', 'text-max-width': 9 },
        paint: name,
      },
    ],
  } as StyleSpecification
}

export function openMap(
  place: HTMLElement,
  bounds: [[number, number], [number, number]] | undefined,
  data: MapData,
  night: boolean,
): MapLibre {
  const map = new MapLibre({
    container: place,
    style: style(data, night),
    ...(bounds ? { bounds, fitBoundsOptions: { padding: 30, maxZoom: 15 } } : { center: [113.32, 35.27], zoom: 11 }),
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    localIdeographFontFamily: 'Microsoft YaHei, PingFang SC, WenQuanYi Micro Hei, sans-serif',
  })
  map.touchZoomRotate.disableRotation()
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right')
  map.addControl(new ScaleControl({ maxWidth: 120 }), 'bottom-left')
  return map
}
