import { expect, it } from 'vitest'
import { codeIn } from './enrolment'

it.each([
  ['https://lantian.example/tablet/enrol#DEM0C-0DE01', 'DEM0C-0DE01'],
  ['#DEM0C-0DE01', 'DEM0C-0DE01'],
  [' dem0c-0de01 ', 'DEM0C-0DE01'],
  ['https://weixin.example/q/abc', undefined],
  ['', undefined],
  ['<script>', undefined],
])('of %s is %s', (text, code) => expect(codeIn(text)).toBe(code))
