import type zh from '../zh/camera'

const camera: typeof zh = {
  title: 'Take a photo',
  shoot: 'Take the photo',
  use: 'Use it',
  again: 'Retake',
  gallery: 'From the gallery',
  galleryMark: 'gallery',
  drawingMark: 'signature',
  galleryWarn: 'Gallery pictures are marked as such.',
  noPlace: 'no place in the picture',
  failed: 'The camera does not open: no permission, or another app has it.',
  resolution: '{width}×{height} pixels, kept as taken, never scaled',
  tooBig: 'The picture is larger than {most} and cannot be kept',
  notPicture: 'Only JPEG, PNG or WebP pictures',
  add: 'Photo',
  view: 'View photo {n}',
  remove: 'Delete this photo',
  removeAsk: 'Take this photo out of the inspection?',
  missing: 'The original is not on this tablet',
  count: '{n} taken',
  done: 'Done',
  before: 'Before',
  after: 'Now',
  noBefore: 'The earlier photo is not on this tablet (another inspector took it)',
  nextBefore: 'Another one ({n} of {of})',
  flip: 'Other camera',
  saving: 'Saving…',
  twice: 'This photo is in the inspection already',
}

export default camera
