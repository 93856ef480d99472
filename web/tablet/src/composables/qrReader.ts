/** The QR reader for browsers without one: WebAssembly that the app's own server serves, fetched when it is needed. */
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader'
import wasm from 'zxing-wasm/reader/zxing_reader.wasm?url'

/** Enough for a code that fills a third of the picture. */
const LOOK_PIXELS = 800

prepareZXingModule({ overrides: { locateFile: (path: string, prefix: string) => (path.endsWith('.wasm') ? wasm : prefix + path) } })

export async function readQrCode(video: HTMLVideoElement): Promise<string | undefined> {
  if (video.videoWidth === 0) return undefined
  const scale = Math.min(1, LOOK_PIXELS / Math.max(video.videoWidth, video.videoHeight))
  const sheet = document.createElement('canvas')
  sheet.width = Math.round(video.videoWidth * scale)
  sheet.height = Math.round(video.videoHeight * scale)
  const pen = sheet.getContext('2d', { willReadFrequently: true })
  if (!pen) return undefined
  pen.drawImage(video, 0, 0, sheet.width, sheet.height)
  const [found] = await readBarcodes(pen.getImageData(0, 0, sheet.width, sheet.height), { formats: ['QRCode'], maxNumberOfSymbols: 1 })
  return found?.text
}
