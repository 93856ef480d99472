import { describe, expect, it } from 'vitest'
import { everyPage, type PageQuery } from './pages'

describe('every page', () => {
  it('goes on from cursor to cursor until there is none', async () => {
    const asked: PageQuery[] = []
    const answers = [{ rows: [1, 2], next: 'two' }, { rows: [3], next: 'three' }, { rows: [4], next: null }]
    const pages = await everyPage((query) => {
      asked.push(query)
      return Promise.resolve(answers[asked.length - 1] ?? { rows: [], next: null })
    })
    expect(pages.flatMap(({ rows }) => rows)).toEqual([1, 2, 3, 4])
    expect(asked).toEqual([{ limit: '500' }, { limit: '500', cursor: 'two' }, { limit: '500', cursor: 'three' }])
  })

  it('gives the one page of a short list', async () => {
    const only = { rows: ['only'], next: null }
    expect(await everyPage(() => Promise.resolve(only))).toEqual([only])
  })
})
