import { expect, it } from 'vitest'
import { plateIn, withPlate, withoutPlate } from './plate'

it('a plate is the first line of the notes and nothing else changes', () => {
  const notes = withPlate('向北行驶', '豫H·12345')
  expect(notes).toBe('车牌号：豫H·12345\n向北行驶')
  expect(plateIn(notes)).toBe('豫H·12345')
  expect(withoutPlate(notes)).toBe('向北行驶')
})

it('it is replaced, and taken away when it is empty', () => {
  expect(withPlate(withPlate('向北行驶', '豫H·1'), '豫H·2')).toBe('车牌号：豫H·2\n向北行驶')
  expect(withPlate(withPlate('向北行驶', '豫H·1'), '')).toBe('向北行驶')
  expect(withPlate(undefined, '无牌')).toBe('车牌号：无牌')
})

it('notes that only mention a plate have none', () => {
  expect(plateIn('无法看清\n车牌号：豫H·12345')).toBe('')
  expect(plateIn(undefined)).toBe('')
})
