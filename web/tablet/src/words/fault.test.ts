import { describe, expect, it } from 'vitest'
import { CoreError } from '@/core/client'
import { speak, text } from '@/messages'
import { faultSentences, fieldName } from './fault'

const problem = (field?: string) => ({ code: 'text_required', title: '此项必填。', title_en: 'This field must be filled in.', ...(field ? { field } : {}) })

describe('a field that was refused', () => {
  it.each([
    ['site_representative.name', '负责人姓名'],
    ['answers[2].note', '情况说明'],
    ['measurements[0].value', '测量'],
    ['facts.tonnage', '属性'],
    ['grid', '网格'],
  ])('%s is called %s', (path, name) => expect(fieldName(path, text)).toBe(name))

  it('that no screen has keeps its path', () => expect(fieldName('lineage', text)).toBe('lineage'))

  it('stands behind the sentence, in the language of the screens', () => {
    const fault = new CoreError('text_required', [problem('site_representative.name'), problem('place'), problem()])
    expect(faultSentences(fault, text)).toEqual(['此项必填。 (负责人姓名)', '此项必填。 (地点描述)', '此项必填。'])
    speak('en')
    expect(faultSentences(fault, text)[0]).toBe('This field must be filled in. (Name of the representative)')
    speak('zh')
  })
})
