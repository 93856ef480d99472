/**
 * Makes `src/api/generated.ts` from the OpenAPI document, so that a changed field fails the build of the screens.
 *
 * The document is the snapshot that the server's own tests hold it to (tests/integration/openapi.rs): it needs no
 * built server and cannot be stale while the suite is green. The result is not committed.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import openapiTS, { astToString } from 'openapi-typescript'

const SNAPSHOT = new URL(
  '../../tests/integration/snapshots/integration__openapi__openapi.snap',
  import.meta.url,
)
const TARGET = new URL('src/api/generated.ts', import.meta.url)

/** Insta puts a head between two lines of dashes before what was taken. */
function body(snapshot) {
  const end = snapshot.indexOf('\n---\n', 3)
  if (end < 0) throw new Error(`${SNAPSHOT.pathname} has no head of a snapshot`)
  return snapshot.slice(end + 5)
}

const document = JSON.parse(body(await readFile(SNAPSHOT, 'utf8')))
const types = astToString(await openapiTS(document, { alphabetize: true }))
const text = `// Made by generate-api.mjs from the OpenAPI document. Do not edit.\n\n${types}`
await mkdir(new URL('.', TARGET), { recursive: true })
const before = await readFile(TARGET, 'utf8').catch(() => '')
if (before !== text) await writeFile(TARGET, text)
