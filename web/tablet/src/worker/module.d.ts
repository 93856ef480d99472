/**
 * What `tablet-core` exports (tablet-core/src/exports.rs), so that types are checked where the module is not built.
 * Failures are thrown as the JSON of a `CallError`.
 */
declare module '@/core/generated/tablet_core' {
  export default function init(): Promise<unknown>
  export function takePool(): Promise<void>
  export function makeRoom(): Promise<void>
  export function poolNames(): string
  export function checkPhotoFormat(firstBytes: Uint8Array): void
  export function photoClaims(picture: Uint8Array): string
  export class Tablet {
    static open(identity: string, key: Uint8Array, thoroughly: boolean, now: number): Tablet
    static rehearsal(now: number): Tablet
    close(): void
    free(): void
    setAside(): string
    isFresh(): boolean
    renew(incarnation: string): void
    incarnation(): string
    call(call: string, now: number, monotonic: number): string
    beginRound(seed: bigint): void
    nextStep(now: number): string
    takeBody(): Uint8Array
    load(bytes?: Uint8Array): void
    respond(status: number, headers: string, body: Uint8Array, now: number): void
    fail(unreachable: boolean, detail: string, now: number): void
    sign(signature: string, now: number): void
  }
}

/** Synchronous file handles, which the DOM's types lack because only dedicated workers have them. */
interface FileSystemSyncAccessHandle {
  write(bytes: AllowSharedBufferSource, options?: { at?: number }): number
  truncate(size: number): void
  flush(): void
  close(): void
}

interface FileSystemFileHandle {
  createSyncAccessHandle(): Promise<FileSystemSyncAccessHandle>
}
