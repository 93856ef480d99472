/** What the server says to everybody before anybody has signed in: map tiles, the demonstration's sign-ins. Asked for once. */
import type { Api } from '@lantian/shared/api/types'
import { defineStore } from 'pinia'
import { answer, api } from '@/api/client'

export type TileSource = Api<'TileSource'>

export const useWebSettings = defineStore('web-settings', () => {
  let asked: Promise<Api<'WebSettings'>> | undefined

  /** A try that failed is made again by whoever asks next. */
  function get(): Promise<Api<'WebSettings'>> {
    asked ??= answer(api.GET('/api/v1/web-settings')).catch((error: unknown) => {
      asked = undefined
      throw error
    })
    return asked
  }

  return { get }
})
