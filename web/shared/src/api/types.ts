/** The schemas of the API by their names. */
import type { components } from './generated'

export type { paths } from './generated'

type Schemas = components['schemas']

/** A schema of the document: `Api<'CaseSummary'>`. */
export type Api<Name extends keyof Schemas> = Schemas[Name]
