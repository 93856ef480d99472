/** How this tablet shows things: language, large type, day and night. Kept in the browser; nothing of anybody's work. */
import { defineStore } from 'pinia'
import { ref, watchEffect } from 'vue'
import { speak, type Language } from '@/messages'

const KEYS = { language: 'lantian.language', large: 'lantian.large', night: 'lantian.night' }

/** What the browser paints around the page, as `--bar` of the themes. */
const BAR = { day: '#0b2f57', night: '#08111b' }

export const usePreferences = defineStore('preferences', () => {
  const language = ref<Language>(localStorage.getItem(KEYS.language) === 'en' ? 'en' : 'zh')
  const large = ref(localStorage.getItem(KEYS.large) === 'yes')
  const night = ref(localStorage.getItem(KEYS.night) === 'yes')

  watchEffect(() => {
    speak(language.value)
    localStorage.setItem(KEYS.language, language.value)
  })
  watchEffect(() => {
    document.documentElement.classList.toggle('large', large.value)
    localStorage.setItem(KEYS.large, large.value ? 'yes' : 'no')
  })
  watchEffect(() => {
    document.documentElement.classList.toggle('night', night.value)
    document.querySelector('meta[name=theme-color]')?.setAttribute('content', night.value ? BAR.night : BAR.day)
    localStorage.setItem(KEYS.night, night.value ? 'yes' : 'no')
  })
  return { language, large, night }
})
