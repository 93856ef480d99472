/** Who is signed in, and what today's assignments allow to see. The server decides what is allowed to do. */
import type { Api } from '@lantian/shared/api/types'
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { answer, api } from '@/api/client'
import { ApiProblem } from '@/api/problem'

export type Role = Api<'Role'>

export const useSession = defineStore('session', () => {
  const current = ref<Api<'CurrentSession'>>()
  /** The session ended while somebody works: the password is asked for over the screen. */
  const interrupted = ref(false)
  const waiting: (() => void)[] = []

  const roles = computed(() => new Set(current.value?.assignments.map(({ role }) => role)))
  /** The units that a liaison speaks for. */
  const units = computed(() =>
    (current.value?.assignments ?? []).flatMap(({ unit_id }) => (unit_id == null ? [] : [unit_id])),
  )

  function has(...any: Role[]): boolean {
    return any.some((role) => roles.value.has(role))
  }

  /** Whether somebody is signed in already, asked once when the page is opened. */
  async function resume(): Promise<void> {
    try {
      current.value = await answer(api.GET('/api/v1/sessions/current'))
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      current.value = undefined
    }
  }

  async function signIn(username: string, password: string): Promise<void> {
    const before = current.value?.user_id
    const session = await answer(api.POST('/api/v1/sessions', { body: { username, password } }))
    // Somebody else at the same screen: nothing of what the other one saw may stay.
    if (before !== undefined && before !== session.user_id) location.reload()
    current.value = session
    interrupted.value = false
    for (const go of waiting.splice(0)) go()
  }

  async function signOut(): Promise<void> {
    await answer(api.DELETE('/api/v1/sessions/current'))
    current.value = undefined
    location.assign('/sign-in')
  }

  /** For the client: resolves when somebody has signed in again. */
  function signInAgain(): Promise<void> {
    interrupted.value = true
    return new Promise((resolve) => waiting.push(resolve))
  }

  return { current, interrupted, roles, units, has, resume, signIn, signOut, signInAgain }
})
