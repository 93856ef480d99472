/** Photos of a case for looking at: those of the inspection, and those that came after. */
import type { Api } from '@lantian/shared/api/types'
import { minute } from '@lantian/shared/time'
import type { ViewedPhoto } from '@/components/PhotoViewer.vue'

/** Photos that the server keeps, with this word before the time. */
export function foundPhotos(photos: readonly Api<'CasePhoto'>[], word: string): ViewedPhoto[] {
  return photos.flatMap((photo) =>
    photo.page_url == null
      ? []
      : [
          {
            key: photo.sha256,
            url: photo.page_url,
            stampedUrl: photo.stamped_url ?? undefined,
            originalUrl: photo.original_url ?? undefined,
            caption: `${word} · ${minute(photo.taken_at)}`,
          },
        ],
  )
}

/** A photo of a record, an appeal and the like, of which only the hash is known. */
export function recordPhoto(of: string, sha256: string, caption: string): ViewedPhoto {
  return {
    key: `${of} ${sha256}`,
    url: `/api/v1/photos/${sha256}/page`,
    originalUrl: `/api/v1/photos/${sha256}/original`,
    caption,
  }
}
