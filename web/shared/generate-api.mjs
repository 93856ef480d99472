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
// Handlers of several modules share a name; the screens name operations by method and path.
for (const methods of Object.values(document.paths)) {
  for (const operation of Object.values(methods)) delete operation.operationId
}
// Two path parameters name a schema that the document lacks; they are plain words.
for (const name of ['PhotoForm', 'RegisterName']) document.components.schemas[name] ??= { type: 'string' }

// Words that the document writes like Rust's variants; on the wire they are codes.
for (const schema of Object.values(document.components.schemas)) {
  schema.enum = schema.enum?.map((word) =>
    /^[A-Z]/.test(word) ? word.replace(/(?<!^)([A-Z])/g, '_$1').toLowerCase() : word,
  )
  if (!schema.enum) delete schema.enum
}

// Pairs of possible duplicates share the name of their state with proposals.
document.components.schemas.Duplicate.properties.state = {
  type: 'string',
  enum: ['proposed', 'merged', 'kept_apart', 'lapsed'],
}
// Two bodies share a name, and the other one won.
document.paths['/api/v1/proposals/{proposal_id}/rejection'].post.requestBody.content['application/json'].schema = {
  type: 'object',
  required: ['reason'],
  properties: { reason: { type: 'string' } },
}

const types = astToString(await openapiTS(document, { alphabetize: true }))
const text = `// Made by generate-api.mjs from the OpenAPI document. Do not edit.\n\n${types}`
await mkdir(new URL('.', TARGET), { recursive: true })
const before = await readFile(TARGET, 'utf8').catch(() => '')
if (before !== text) await writeFile(TARGET, text)
